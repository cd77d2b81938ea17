import { expect, test } from 'vitest';
import { readScenario } from '../../../../experiments/scenario-input.ts';
import { xeonDramPmem } from '../../../../machines/xeon-dram-pmem-2s.ts';
import { policies } from '../../../../policies/index.ts';
import { run } from '../../../../sim/engine.ts';
import type { MachineSpec } from '../../../../sim/machine-spec.ts';
import type { Recording } from '../../../../sim/recording.ts';
import { workloads } from '../../../../workloads/index.ts';

/** As the preset, with so little memory that a run is short. */
const small: MachineSpec = { ...xeonDramPmem, name: 'small', memoryGiB: { value: [1, 1.25, 5, 4], source: 'assumed' } };

const fast: MachineSpec = { ...small, name: 'fast', nodeCpus: [12, 12, 1, 1] };

/** Two threads on node 0 that draw on 1 GiB each; node 0 has 1 GiB, and half of what they touch is on node 2. An eighth is hot. */
function hotSet(policy: string, words: object = {}): Recording {
  const guest = { name: 'g', kind: 'bare', vcpus: 2, cpus: '0-1', memory: '3GiB', workload: 'hot-set:size=1GiB' };
  const setting = { machine: 'small', policy, boot: 0, 'host-noise': 0, block: '64KiB', duration: '20s', guests: [guest], ...words };
  const text = JSON.stringify(setting, (_, value: unknown) => (typeof value === 'number' ? String(value) : value));
  return run(readScenario({ flags: {}, file: { name: 'hot-set', text } }, { machines: [small, fast], policies, workloads }));
}

/** Share of the lines that come from slow memory of the own socket. */
const slowShare = ({ total: { accessesByHop: hops } }: Recording): number =>
  hops.sameSocket / (hops.local + hops.sameSocket + hops.oneHop + hops.twoHop);

// A block of 64 KiB is touched some 2500 times a second if it is hot, and 40 times if it is not: once in 0.4 ms, or in 25.
const HOT = 'tiering:hot-threshold=4ms,auto-threshold=off,scan-size=16MiB,scan-delay=100ms';

test('a hot set that lay half on slow memory comes up, and the rate limit makes it wait', { timeout: 120_000 }, () => {
  const base = hotSet('kvm-eevdf');
  const hot = hotSet(HOT);
  const limited = hotSet(`${HOT},rate-limit=2MB/s`);
  expect(slowShare(base)).toBeCloseTo(0.5, 2);
  expect(slowShare(hot)).toBeLessThan(0.25); // of the whole run; 0.05 is what the cold half of the blocks draws
  expect(hot.total.throughput.value).toBeGreaterThan(1.4 * base.total.throughput.value);
  expect(slowShare(limited)).toBeGreaterThan(0.45);
  expect(slowShare(limited)).toBeLessThan(0.49);
  // Half of the moves are promotions, but for the room that is made first. In each second, and the one begun, no more than 2 MB are.
  const promotedBytes = ({ total }: Recording): number => (total.pageMoves / 2) * 65_536;
  expect(promotedBytes(limited)).toBeLessThan(2e6 * (limited.total.elapsedNs / 1e9 + 1));
  expect(promotedBytes(hot)).toBeGreaterThan(5 * promotedBytes(limited));
});

test('where no node is slow it is what kvm-eevdf is', { timeout: 60_000 }, () => {
  const words = { machine: 'fast', duration: '3s' };
  const [base, tiering] = ['kvm-eevdf', 'tiering'].map((policy) => hotSet(policy, words).total);
  expect([tiering!.pageMoves, tiering!.hintFaults]).toEqual([0, 0]);
  expect(tiering!.throughput.value / base!.throughput.value).toBeCloseTo(1, 3); // it is asked at each tick, for 50 ns
});
