import { expect, test } from 'vitest';
import { lopsided } from '../../../../machines/lopsided.ts';
import { opteron6164 } from '../../../../machines/opteron-6164-4s.ts';
import { run } from '../../../../sim/engine.ts';
import { buildMachine } from '../../../../sim/machine.ts';
import { defaultOptions } from '../../../../sim/options.ts';
import type { Scenario } from '../../../../sim/scenario.ts';
import { type CpuId, KiB, MiB, ms, seconds } from '../../../../sim/units.ts';
import { guest, policy, scenario, workload } from '../../../sim/scenario-fixture.ts';

const entry = policy('autonuma');
/** Scans that follow one another closely, of little memory each. */
const policyOptions = {
  ...defaultOptions(entry.options),
  'scan-delay': ms(7),
  'scan-min': ms(100),
  'scan-max': ms(900),
  'scan-size': MiB(16),
};

/** Guests that come, go, share and sleep, with more vCPUs than CPUs at times, while CPUs go off line and come back. */
function crowded(change: Partial<Scenario>): Scenario {
  const load = { set: { size: MiB(24), lines: 8 }, memoryBytes: MiB(128), vcpus: 3 };
  return scenario({
    policy: entry,
    policyOptions,
    guests: [
      guest(workload('hot-set'), { ...load, name: 'a' }),
      guest(workload('stream'), { name: 'b', vcpus: 2, memoryBytes: MiB(384), arrivesNs: ms(300), departsNs: ms(1700) }),
      guest(workload('hot-set'), { ...load, name: 'c', departsNs: ms(2150) }),
      guest(workload('metis-like'), { name: 'd', vcpus: 4, memoryBytes: MiB(256), arrivesNs: ms(450) }),
      guest(workload('think'), { name: 'e', vcpus: 2, memoryBytes: MiB(64) }),
      guest(workload('hot-set'), { ...load, name: 'f', arrivesNs: ms(2300), cpus: [1, 2] }),
    ],
    hotplug: [
      { cpu: 1 as CpuId, atNs: ms(611), isOnline: false },
      { cpu: 1 as CpuId, atNs: ms(1403), isOnline: true },
    ],
    hostNoise: 1,
    ties: 'seeded',
    contention: 'max-min',
    durationNs: seconds(3),
    ...change,
  });
}

test.each([
  ['lopsided', { machine: buildMachine(lopsided) }],
  ['the Opteron, blocks of 2 MiB', { machine: buildMachine(opteron6164), blockBytes: MiB(2) }],
  ['the Opteron, small pages in huge mappings', { machine: buildMachine(opteron6164), blockBytes: KiB(64), mappingBytes: MiB(2) }],
] as const)('keeps all rules on %s, twice alike', (_, change) => {
  const [first, second] = [run(crowded(change)), run(crowded(change))];
  expect([first.status, first.message, second.hash]).toEqual(['ok', null, first.hash]);
  expect(Math.min(...first.guests.filter(({ name }) => name !== 'e').map(({ hintFaults }) => hintFaults))).toBeGreaterThan(0);
  expect(first.total.pageMoves).toBeGreaterThan(10);
});
