import { describe, expect, test } from 'vitest';
import { run } from '../../sim/engine.ts';
import { compose, type Daemon, FLOATING, type Policy } from '../../sim/policy-api.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { type CpuId, ms, type NodeId, type VcpuId } from '../../sim/units.ts';
import { randomScenario } from './random-scenario-fixture.ts';
import { asEntry, computes, FREE_COSTS, guest, onNodes, pinnedCpus, program, ran } from './scenario-fixture.ts';

/** Computes for ever. */
const burns = program((_task, phase) => computes(phase, 1e6), { unit: 'phases/s' });

/** Nodes of `lopsided` have CPUs 0-2, 3 and 4-5. */
const placed = (change: Partial<Policy>, more: Partial<Scenario> = {}): Recording =>
  ran({
    policy: asEntry(() => compose('test', { cpu: pinnedCpus([3, 4]), memory: onNodes(() => 1), ...change })),
    guests: [
      guest(burns, { vcpus: 2 }),
      guest(burns, { name: 'late', arrivesNs: ms(5) }),
      guest(burns, { name: 'never', arrivesNs: ms(99) }),
    ],
    costs: FREE_COSTS,
    limitNs: ms(20),
    tellsPlaces: true,
    ...more,
  });

describe('a guest that was placed', () => {
  const place = {
    name: 'test',
    place: () => ({ ...FLOATING, hardCpus: [[3 as CpuId], null], softNodes: [2 as NodeId], memoryNodes: [1 as NodeId, 0 as NodeId] }),
  };
  const { guests, memory } = placed({ placement: place }).places!;

  test('has the masks and the nodes that its placement says, in their order', () => {
    expect(guests[0]).toMatchObject({
      placedNs: 0,
      memoryNodes: [1, 0],
      vnodeNodes: null,
      vcpus: [
        { hardCpus: [3], softCpus: [4, 5], hardCpusAtEnd: [3] },
        { hardCpus: null, softCpus: [4, 5], softCpusAtEnd: [4, 5] },
      ],
    });
    expect(memory).toEqual({ name: onNodes(() => 1).name, backs: 'at-build', fallback: onNodes(() => 1).fallback, movesPages: false });
  });

  test('is told of when it came, and not if it never did', () => {
    expect(guests.map(({ placedNs }) => placedNs)).toEqual([0, ms(5), null]);
    expect(guests[2]).toMatchObject({ memoryNodes: [], vcpus: [{ hardCpus: null, ranNs: [] }] });
  });
});

test('CPU time is told by CPU, the present stretch included', () => {
  // vCPUs 0 and 1 take turns on CPU 3 with a slice of 1 ms, 10 of 20 ms each; vCPU 2 has CPU 4 to itself.
  const policy = asEntry(() => compose('test', { cpu: pinnedCpus([3, 3, 4], ms(1)), memory: onNodes(() => 1) }));
  const { places, busyNs } = placed({}, { policy, guests: [guest(burns, { vcpus: 3 })] });
  expect(places!.guests[0]!.vcpus.map(({ ranNs }) => ranNs)).toEqual([
    [{ cpu: 3, ns: ms(10) }],
    [{ cpu: 3, ns: ms(10) }],
    [{ cpu: 4, ns: ms(20) }],
  ]);
  expect(busyNs).toBe(ms(40));
});

test('masks that a daemon changes are told as they were and as they are at the end', () => {
  const daemon: Daemon = { name: 'holder', periodNs: ms(3), step: (_k, act) => act.setAffinity(0 as VcpuId, [3 as CpuId]) };
  const recording = placed({ cpu: pinnedCpus([3]), daemons: [daemon] }, { guests: [guest(burns)] });
  expect(recording.places!.guests[0]!.vcpus[0]).toMatchObject({ hardCpus: null, hardCpusAtEnd: [3] });
});

test('a run is the same to the byte, whether its places are told or not, and busy time is all theirs (20 random scenarios)', () => {
  for (let seed = 0; seed < 20; seed++) {
    const drawn: Scenario = { ...randomScenario(7000 + seed), checks: 'cheap' };
    const { places, ...rest } = run({ ...drawn, tellsPlaces: true });
    expect(JSON.stringify(rest), `seed ${seed}`).toBe(JSON.stringify(run(drawn)));
    const ns = places!.guests.flatMap(({ vcpus }) => vcpus.flatMap(({ ranNs }) => ranNs)).reduce((sum, { ns: each }) => sum + each, 0);
    if (rest.hostNoiseNs + rest.dom0Ns + rest.moverNs === 0) expect(ns, `seed ${seed}`).toBe(rest.busyNs);
    else expect(ns, `seed ${seed}`).toBeLessThan(rest.busyNs);
  }
});
