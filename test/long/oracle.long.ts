import { describe, expect, test } from 'vitest';
import { BOUNDS, gapBetween, isWithin } from '../../bench/oracle/agreement.ts';
import { simulateFluid } from '../../bench/oracle/fluid.ts';
import { drawNetwork, LOADS } from '../../bench/oracle/network.ts';
import { simulateRequests } from '../../bench/oracle/requests.ts';

/** The 200 networks of the table in docs/model.md, which `npm run oracle` prints. */
const SEEDS = 50;

describe('fluid speeds agree with single requests, without a rise below saturation,', () => {
  test.each(LOADS.map((load, loadClass) => [load, BOUNDS[loadClass]!, loadClass] as const))(
    'at load %s to %d of throughput and of mean latency',
    (_, bound, loadClass) => {
      const beyond = Array.from({ length: SEEDS }, (__, seed) => {
        const network = drawNetwork(seed, loadClass);
        const gap = gapBetween(simulateFluid(network), simulateRequests(network));
        return isWithin(gap, bound) ? [] : [`seed ${seed}: ${JSON.stringify(gap)}`];
      });
      expect(beyond.flat()).toEqual([]);
    },
  );
});
