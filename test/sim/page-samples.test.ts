import { describe, expect, test } from 'vitest';
import type { MemoryPolicy, PageSample } from '../../sim/policy-api.ts';
import { KiB, ms } from '../../sim/units.ts';
import type { Heat } from '../../sim/workload-api.ts';
import { loads, played, sweeps, works } from './moves-fixture.ts';
import { FREE_COSTS, guest } from './scenario-fixture.ts';

const BLOCKS = 128;
const SMALL = KiB(64);
const bytes = BLOCKS * SMALL;

/** A vCPU on CPU 4 (node 2) that draws on 128 blocks of 64 KiB of nodes 0 and 2 in turn, and the samples of it. */
function sampled(
  heat: Heat | null,
  periodLines: number,
  seed = '1',
  change: Partial<MemoryPolicy> = {},
): { samples: PageSample[]; result: ReturnType<typeof played> } {
  const samples: PageSample[] = [];
  const result = played(
    {
      cpus: [4],
      nodeOf: (_guest, block) => (block % 2) * 2,
      memory: { samples: { periodLines }, onSample: (_k, sample) => void samples.push({ ...sample }), ...change },
    },
    [
      guest(
        works(bytes, (phase) => loads(phase, { linesInFlight: 4, writeShare: 0.25 }), { heat: [heat] }),
        { memoryBytes: bytes },
      ),
    ],
    { durationNs: ms(200) + 1, blockBytes: SMALL, seed, costs: { ...FREE_COSTS, sampleNs: 900, hookNs: 50, helperNs: 0 } },
  );
  return { samples, result };
}

const sumOf = ({ result }: ReturnType<typeof sampled>): number =>
  Object.values(result.guests[0]!.accessesByHop).reduce((sum, lines) => sum + lines, 0);

describe('samples of accesses', () => {
  test.each([1499, 4001])('are one in %d lines, each paid for', (periodLines) => {
    const taken = sampled(null, periodLines);
    const { guests, status } = taken.result;
    expect(status).toBe('ok');
    // the last batch is at 200 ms, a nanosecond before the end; what does not fill a period is carried over
    expect(Math.abs(taken.samples.length - sumOf(taken) / periodLines)).toBeLessThanOrEqual(1);
    expect(guests[0]!.samples).toBe(taken.samples.length);
    // those of the last batch are not paid for any more: 19 of 20 batches, give or take a sample
    const batch = taken.samples.length / 20;
    expect(Math.abs(guests[0]!.causes.sampling / (900 + 50) - 19 * batch)).toBeLessThanOrEqual(2);
  });

  test('say where and who, and a quarter are writes', () => {
    const { samples } = sampled(null, 997);
    const writes = samples.filter(({ isWrite }) => isWrite).length;
    expect(Math.abs(writes / samples.length - 0.25)).toBeLessThan(4 * Math.sqrt(0.1875 / samples.length));
    for (const { guest: id, vcpu, block, node, cpu, cpuNode } of samples)
      expect([id, vcpu, node, cpu, cpuNode]).toEqual([0, 0, (block % 2) * 2, 4, 2]);
  });

  // Chi-square: of blocks alike 127 degrees of freedom, of a hot eighth against the rest 1; the values that one in 10,000 exceeds.
  test('fall on blocks alike where heat is even', () => {
    const { samples } = sampled(null, 499, '3');
    const counts = new Array<number>(BLOCKS).fill(0);
    for (const { block } of samples) counts[block]!++;
    const wanted = samples.length / BLOCKS;
    expect(wanted).toBeGreaterThan(20);
    const chi2 = counts.reduce((sum, count) => sum + (count - wanted) ** 2 / wanted, 0);
    expect(chi2, 'seed 3').toBeLessThan(193);
    expect(chi2, 'seed 3').toBeGreaterThan(76);
  });

  test.each([
    ['a hot 64th of them', { kind: 'hot', blockShare: 1 / 64, accessShare: 0.9, driftNs: 0 }, 2, 0.9],
    ['a hot eighth of them', { kind: 'hot', blockShare: 1 / 8, accessShare: 0.6, driftNs: 0 }, 16, 0.6],
    ['the first of a zipf order', { kind: 'zipf', exponent: 1, driftNs: 0 }, 2, 1 / 4.7439], // the 64th harmonic number
  ] as const)('fall on %s as often as it is drawn on', (_, heat, hot, share) => {
    const { samples } = sampled(heat, 499, '5');
    const counts = new Array<number>(BLOCKS).fill(0);
    for (const { block } of samples) counts[block]!++;
    const top = counts.sort((a, b) => b - a).slice(0, hot).reduce((sum, count) => sum + count, 0); // prettier-ignore
    const wanted = samples.length * share;
    const chi2 = (top - wanted) ** 2 / wanted + (top - wanted) ** 2 / (samples.length - wanted);
    expect(chi2, 'seed 5').toBeLessThan(15.1);
  });

  test('of a sweep fall on all of its region', () => {
    const samples: number[] = [];
    const { total } = played(
      { memory: { samples: { periodLines: 2503 }, onSample: (_k, { block }) => void samples.push(block) } },
      [
        guest(
          works(bytes, (phase) => sweeps(phase, bytes, 1e6)),
          { memoryBytes: bytes },
        ),
      ],
      { durationNs: ms(100) + 1, blockBytes: SMALL },
    );
    expect(Math.abs(samples.length - total.accessesByHop.local / 2503)).toBeLessThanOrEqual(1);
    expect(new Set(samples).size).toBeGreaterThan(120);
  });

  test('of more than a buffer holds are lost, and counted as what they are', () => {
    // 4 lines in flight of 70 to 175 ns: some 30 lines a microsecond, 256 samples of 10 ms at most
    const taken = sampled(null, 100);
    expect(taken.samples.length).toBe(20 * 256);
    expect(sumOf(taken) / 100).toBeGreaterThan(1.5 * taken.samples.length);
  });

  test('are the same again, and drawn whatever the policy', () => {
    const first = sampled(null, 997).samples.map(({ block }) => block);
    expect(sampled(null, 997).samples.map(({ block }) => block)).toEqual(first);
    expect(sampled(null, 997, '2').samples.map(({ block }) => block)).not.toEqual(first);
  });
});
