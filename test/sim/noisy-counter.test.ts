import { expect, test } from 'vitest';
import { NoisyCounter } from '../../sim/noisy-counter.ts';

test('what was counted since the last reading is off by up to 2 %, and the whole by no more', () => {
  const truth = Float64Array.from([0, 1e9, 0]);
  const draws = [0.25, 0.5, 1, 0, 0.75];
  const counter = new NoisyCounter(truth, () => draws.shift()!);
  expect(counter.read(1)).toBe(1e9 * 0.99); // 0.25: -1 %
  expect(counter.read(1)).toBe(1e9 * 0.99); // nothing was counted meanwhile
  truth[1] = 1e9 + 100;
  expect(counter.read(1)).toBe(1e9 * 0.99 + 102); // 1: +2 % of the 100, though the whole is large
  truth[0] = 1000;
  expect(counter.read(0)).toBe(980); // a counter of its own
  expect(counter.read(2)).toBe(0);
});
