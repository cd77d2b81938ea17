import { expect, test } from 'vitest';
import { ms } from '../../../sim/units.ts';
import { runFile } from './run-file-fixture.ts';

const POLICY = { policy: 'kvm-eevdf:hz=1000' };
const onCpu0 = { loop: -1, cpus: [0] };

test('threads that ask for long slices have long turns, which end at the tick after', () => {
  const meanRunMs = (sliceUs: number | null): number => {
    const hog = { ...onCpu0, instance: 2, run: 10_000, ...(sliceUs !== null && { 'dl-runtime': sliceUs }) };
    const { threads } = runFile({ tasks: { hog }, global: { duration: 2 } }, POLICY);
    return threads.reduce((sum, { runNs, contextSwitches }) => sum + runNs / contextSwitches / ms(1), 0) / 2;
  };
  expect(meanRunMs(null)).toBeCloseTo(2, 0); //   1.4 ms, to the tick
  expect(meanRunMs(12_500)).toBeCloseTo(13, 0);
  expect(meanRunMs(1_000_000)).toBeGreaterThan(88); // Linux gives no more than 100 ms, and half of that to one that is new
  expect(meanRunMs(1_000_000)).toBeLessThan(102);
});

test('one that asks for a short slice does not wait for the end of a long one', () => {
  const meanWaitMs = (sliceUs: number): number => {
    const tick = { ...onCpu0, run: 200, timer: { ref: 'tick', period: 9700 }, 'dl-runtime': sliceUs };
    const hog = { ...onCpu0, instance: 2, run: 10_000, 'dl-runtime': 50_000 };
    const { threads } = runFile({ tasks: { hog, tick }, global: { duration: 2 } }, POLICY);
    return threads[2]!.wakeWaitNs / threads[2]!.wakes / ms(1);
  };
  // PREEMPT_SHORT; without it a wake would wait for the running hog to have had its share, 7 ms in the mean
  expect(meanWaitMs(100)).toBeLessThan(0.05);
  expect(meanWaitMs(50_000)).toBeGreaterThan(0.4);
});
