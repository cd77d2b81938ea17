import { expect, test } from 'vitest';
import { opteron6164 } from '../../../machines/opteron-6164-4s.ts';
import { asymsched, ASYMSCHED_OPTIONS } from '../../../policies/daemons/asymsched.ts';
import { linuxCpu } from '../../../policies/linux-cpu.ts';
import { run } from '../../../sim/engine.ts';
import { buildMachine } from '../../../sim/machine.ts';
import type { Daemon, PlacementPolicy } from '../../../sim/policy-api.ts';
import type { Recording } from '../../../sim/recording.ts';
import { type GuestId, MiB, type NodeId, ms, seconds, type VcpuId } from '../../../sim/units.ts';
import { asEntry, guest, onNodes, scenario, workload } from '../../sim/scenario-fixture.ts';

const VCPUS = 12;
const MEMORY_BYTES = MiB(96);
/** Two hops apart: 2.0 GB/s each way, where nodes of a package have 5.3. */
const FAR_APART = [0, 3] as NodeId[];

/** What a guest's nodes are near the end: those its vCPUs may run on, and those its memory is on. */
interface Seen {
  cpus: number[];
  memory: number[];
}

/** Who held the guest lets go of it, 10 ms before the first look of asymsched, which leaves guests alone that others hold. */
function releaser(): Daemon {
  let isDone = false;
  return {
    name: 'release',
    periodNs: ms(990),
    step(_k, act) {
      for (let vcpu = 0; vcpu < VCPUS && !isDone; vcpu++) act.setAffinity(vcpu as VcpuId, null);
      isDone = true;
    },
  };
}

/** A guest that loads at random from memory on both of the nodes it is held on. */
function ran(daemons: readonly Daemon[]): { recording: Recording; seen: Seen } {
  const seen: Seen = { cpus: [], memory: [] };
  const look: Daemon = {
    name: 'look',
    periodNs: ms(2900),
    step(k) {
      const nodes = Array.from({ length: k.nodeCount }, (_, node) => node as NodeId);
      seen.cpus = nodes.map((node) => Array.from({ length: VCPUS }, (_, vcpu) => vcpu as VcpuId).filter((vcpu) => k.allowsNode(vcpu, node)).length); // prettier-ignore
      seen.memory = nodes.map((node) => k.guestNodeBytes(0 as GuestId, node) / MiB(1));
    },
  };
  const placement: PlacementPolicy = {
    name: 'far-apart',
    place: () => ({ hardNodes: FAR_APART, softNodes: null, memoryNodes: FAR_APART }),
  };
  const memory = onNodes((_guest, block) => FAR_APART[block % 2]!);
  const policy = asEntry(() => ({ name: 'test', placement, cpu: linuxCpu(), memory, daemons: [...daemons, look] }));
  const machine = buildMachine(opteron6164);
  const loads = guest(workload('hot-set'), { vcpus: VCPUS, memoryBytes: MEMORY_BYTES, set: { heat: 'uniform', lines: 4 } });
  const recording = run(scenario({ machine, policy, guests: [loads], durationNs: seconds(3), checks: 'cheap' }));
  return { recording, seen };
}

test('asymsched moves a guest from two nodes far apart to two of a package, with half its memory, and it gets more done', () => {
  const held = ran([]);
  const moved = ran([releaser(), asymsched(ASYMSCHED_OPTIONS)]);
  const leftAlone = ran([asymsched(ASYMSCHED_OPTIONS)]);
  // 48 of 96 MiB at 0.3 s a GB are 15 ms, less than 5 % of the first second. 0-1 and 2-3 are as good and have as much to move: the first
  expect([held.seen.cpus, held.seen.memory]).toEqual([[12, 0, 0, 12, 0, 0, 0, 0], [48, 0, 0, 48, 0, 0, 0, 0]]); // prettier-ignore
  expect([moved.seen.cpus, moved.seen.memory]).toEqual([[6, 6, 0, 0, 0, 0, 0, 0], [48, 48, 0, 0, 0, 0, 0, 0]]); // prettier-ignore
  expect([leftAlone.seen.cpus, leftAlone.seen.memory]).toEqual([held.seen.cpus, held.seen.memory]);
  // the pair is 2.6 times as wide, and two of the three seconds are run there
  const gain = moved.recording.total.throughput.value / held.recording.total.throughput.value;
  expect(gain).toBeGreaterThan(1.8);
});
