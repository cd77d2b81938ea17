import { expect, test } from 'vitest';
import { hostNoise } from '../../sim/host-noise.ts';
import { ms } from '../../sim/units.ts';

/** Share of a CPU that bursts take. */
const loadOf = (cpus: number): number => hostNoise(cpus, 1).reduce((sum, { runNs, waitNs }) => sum + runNs / (runNs + waitNs), 0);

test('the background load of a CPU is the same on a machine too small for a thread of each kind', () => {
  // 48 CPUs: 12 of 0.15 in 10.15 ms and 3 of 8 in 158 ms; 2 CPUs: one of 0.15 in 20.15 ms and one of 8 in 1208 ms
  expect(loadOf(48) / 48).toBeCloseTo((12 * (0.15 / 10.15) + 3 * (8 / 158)) / 48, 12);
  expect(loadOf(2) / 2).toBeCloseTo((0.15 / 20.15 + 8 / 1208) / 2, 12);
  expect(hostNoise(2, 4)[0]!.waitNs).toBe(ms(5));
});
