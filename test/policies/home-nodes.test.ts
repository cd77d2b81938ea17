import { describe, expect, test } from 'vitest';
import { amd8x4 } from '../../machines/amd-8x4-2009.ts';
import { buildMachine } from '../../sim/machine.ts';
import { defaultOptions, type OptionValues } from '../../sim/options.ts';
import { compose, type Daemon, type Kernel } from '../../sim/policy-api.ts';
import type { Recording } from '../../sim/recording.ts';
import type { GuestSpec, Scenario } from '../../sim/scenario.ts';
import { GiB, type GuestId, MiB, ms, type NodeId, seconds, type VcpuId } from '../../sim/units.ts';
import { guest, policy, ran, workload } from '../sim/scenario-fixture.ts';

/** What was true of a guest when it was last looked at. */
interface Seen {
  /** [vCPU of the guest] nodes it may use. */
  readonly nodes: number[][];
  /** [node] its memory there, in MiB. */
  readonly mib: number[];
}

/** A run under a policy, and what each guest had at the last look before its end. */
function watched(name: string, options: OptionValues, change: Partial<Scenario> & { guests: GuestSpec[] }): [Recording, Seen[]] {
  const entry = policy(name);
  const seen: Seen[] = [];
  const watcher: Daemon = {
    name: 'watcher',
    periodNs: ms(50),
    step(k: Kernel) {
      const nodes = Array.from({ length: k.nodeCount }, (_, node) => node as NodeId);
      for (let id = 0 as GuestId; id < k.guestCount; id++) {
        if (k.isHostNoise(id) || !k.isHere(id)) continue;
        const vcpus = Array.from({ length: k.guestVcpuCount(id) }, (_, i) => (k.guestFirstVcpu(id) + i) as VcpuId);
        seen[id] = {
          nodes: vcpus.map((vcpu) => nodes.filter((node) => k.allowsNode(vcpu, node))),
          mib: nodes.map((node) => k.guestNodeBytes(id, node) / MiB(1)),
        };
      }
    },
  };
  const make = (): ReturnType<typeof entry.make> => {
    const made = entry.make({ ...defaultOptions(entry.options), ...options });
    return compose(made.name, made, { daemons: [...(made.daemons ?? []), watcher] });
  };
  const recording = ran({ policy: { ...entry, make }, blockBytes: MiB(2), contention: 'max-min', checks: 'cheap', ...change });
  return [recording, seen];
}

const busy = (change: Partial<GuestSpec>): GuestSpec => guest(workload('stream'), { bootShare: 1, memoryBytes: GiB(0.5), ...change });

describe('numad on a lopsided host', () => {
  const guests = ['a', 'b', 'c'].map((name) => busy({ name }));
  const short = { 'interval-min': ms(200), 'interval-max': ms(400) };

  test('ends with guests held on nodes and their memory there', () => {
    const [recording, seen] = watched('numad', short, { guests, durationNs: seconds(4), hostNoise: 1 });
    expect(recording.status).toBe('ok');
    for (const { nodes, mib } of seen) {
      const held = nodes[0]!;
      expect(held.length).toBeLessThan(3);
      expect(held.reduce((sum, node) => sum + mib[node]!, 0)).toBeGreaterThanOrEqual(0.9 * mib.reduce((sum, one) => sum + one, 0));
    }
  });
});

describe('esx', () => {
  const machine = buildMachine(amd8x4);

  /** One more guest than nodes, each of a node's size; the first and the last, which share a node, are busy and the others are not. */
  const crowd = (change: Partial<GuestSpec> = {}): GuestSpec[] =>
    Array.from({ length: 9 }, (_, i) => {
      const spec = { name: `g${i}`, vcpus: 4, memoryBytes: MiB(128), bootShare: 1, ...(i === 8 ? change : {}) };
      return i % 8 === 0
        ? guest(workload('compute'), spec)
        : guest(workload('think'), { ...spec, set: { think: seconds(1), service: ms(1) } });
    });

  const cpuTime = ({ guests }: Recording, guest: number): number => guests[guest]!.userNs / guests[guest]!.elapsedNs;

  test('moves a home away from a crowded node and the memory after it, so that both guests have their CPUs', () => {
    const [recording, seen] = watched('esx', {}, { machine, guests: crowd(), durationNs: seconds(6) });
    expect(recording.status).toBe('ok');
    const [home] = seen[0]!.nodes[0]!;
    expect(home).not.toBe(0);
    expect(seen[0]!.nodes).toEqual(Array(4).fill([home]));
    expect(seen[0]!.mib[home!]).toBe(128);
    seen.slice(1).forEach(({ nodes, mib }, i) => {
      expect(nodes).toEqual(Array(4).fill([(i + 1) % 8]));
      expect(mib[(i + 1) % 8]).toBe(128);
    });
    // half of 4 CPUs each for 2.1 of 6 s, then all of them: 3.3 less what the others and the host take
    const [alone] = watched('esx', { period: seconds(20) }, { machine, guests: crowd(), durationNs: seconds(6) });
    for (const guest of [0, 8]) {
      expect(cpuTime(alone, guest)).toBeCloseTo(2, 1);
      expect(cpuTime(recording, guest)).toBeGreaterThan(3.2);
    }
  });

  test('sends memory after a home no faster than its rate', () => {
    const [recording, seen] = watched('esx', { rate: 16 }, { machine, guests: crowd(), durationNs: seconds(6) });
    expect(seen[0]!.nodes[0]).not.toEqual([0]);
    // from 2.1 s on, and what was saved up in a second before
    const movedBytes = recording.total.pageMoves * MiB(2);
    const mostBytes = 16e6 * (recording.simulatedNs / seconds(1) - 2.1 + 1);
    expect(movedBytes).toBeLessThanOrEqual(mostBytes);
    expect(movedBytes).toBeGreaterThan(mostBytes - 2 * MiB(2));
  });

  test('leaves a guest alone that a user has held on CPUs of two nodes', () => {
    const [recording, seen] = watched('esx', {}, { machine, guests: crowd({ cpus: [2, 3, 4, 5] }), durationNs: seconds(6) });
    expect(recording.status).toBe('ok');
    expect(seen[8]!.nodes).toEqual(Array(4).fill([0, 1]));
    expect(seen[8]!.mib.slice(2)).toEqual(Array(6).fill(0));
    // guest 0 lacks 2 of the 4 CPUs of node 0 while that is so
    expect(seen[0]!.nodes[0]).not.toEqual([0]);
  });
});

describe.each([
  ['numad', { 'interval-min': ms(100), 'interval-max': ms(300) }],
  ['esx', { period: ms(100) }],
])('%s', (name, options) => {
  test('bears guests that come and go, CPUs that come and go, and more memory than there is on a node', () => {
    const guests = [
      busy({ name: 'stays', vcpus: 3, memoryBytes: GiB(3.5), bootShare: 0.3 }), // node 1 has 3 GiB
      busy({ name: 'goes', vcpus: 2, departsNs: ms(1900) }),
      busy({ name: 'comes', vcpus: 2, arrivesNs: ms(700) }),
      busy({ name: 'visits', vcpus: 5, vnodes: 2, arrivesNs: ms(500), departsNs: ms(2100) }),
    ];
    const hotplug = [
      { atNs: ms(800), cpu: 4, isOnline: false },
      { atNs: ms(810), cpu: 5, isOnline: false }, // all of node 2
      { atNs: ms(1500), cpu: 4, isOnline: true },
    ];
    const [recording] = watched(name, options, { guests, hotplug, durationNs: seconds(2), hostNoise: 1, checks: 'all' });
    expect(recording.status, recording.message ?? '').toBe('ok');
    for (const { userNs } of recording.guests) expect(userNs).toBeGreaterThan(0);
  });
});
