import { describe, expect, test } from 'vitest';
import { hasRtApp, rtAppNote, runRtApp } from '../../formats/rt-app-real.ts';
import { runFile } from './run-file.ts';

/**
 * CPU-only files, run by rt-app itself on this machine and simulated: timers that catch up with what they miss say how often each thread
 * goes round, so that the numbers of rows agree although this machine is another one, and busy. A tenth of the rows and two more may be
 * missing, for what is under way at the end, or never woken in time.
 */
const global = { duration: 2, calibration: 20, default_policy: 'SCHED_OTHER', logdir: './', log_basename: 'r', gnuplot: false };
/** A timer that catches up with what it has missed. */
const grid = (ref: string, period: number): object => ({ ref, period, mode: 'absolute' });

const FILES: readonly (readonly [name: string, tasks: object])[] = [
  [
    'periodic tasks of different periods, with instances and a delay',
    {
      fast: { instance: 2, loop: -1, run: 300, timer: grid('unique', 20_000) },
      slow: { delay: 100_000, loop: -1, run: 2000, timer: grid('unique', 50_000) },
    },
  ],
  [
    'a thread that is resumed by a periodic one',
    {
      beat: { loop: -1, run: 400, resume: 'woken', timer: grid('beat', 40_000) },
      woken: { loop: -1, suspend: 'woken', run: 200 },
    },
  ],
  [
    'phases that take turns',
    {
      turns: {
        loop: -1,
        phases: {
          light: { loop: 4, run: 100, timer: grid('uniques', 30_000) },
          heavy: { loop: 2, run: 900, timer: grid('uniques', 60_000) },
        },
      },
    },
  ],
];

describe.skipIf(!hasRtApp)(`rt-app itself and a simulated one${rtAppNote}`, () => {
  test.each(FILES)('go round equally often: %s', { timeout: 20_000, retry: 2 }, (_, tasks) => {
    const text = JSON.stringify({ tasks, global });
    const real = runRtApp(text, 10_000);
    const told = runFile(text);
    const names = told.threads.map(({ name }) => `r-${name}.log`);
    expect([...real.logs.keys()].sort()).toEqual([...names].sort());
    names.forEach((name, thread) => {
      const counted = real.logs.get(name)!.rows.length;
      const simulated = told.rows[thread]!.length;
      expect(simulated, name).toBeGreaterThan(20);
      expect(Math.abs(counted - simulated), `${name}: ${counted} rows, simulated ${simulated}`).toBeLessThanOrEqual(2 + simulated / 10);
    });
  });
});
