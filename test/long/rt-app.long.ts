import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hasRtApp, rtAppNote, runRtApp } from '../formats/rt-app-real.ts';
import { sample, skipNote } from '../formats/samples.ts';
import { runFile } from '../experiments/rt-app/run-file-fixture.ts';

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
    'threads that meet under a name that is no task',
    {
      beat: { loop: -1, run: 400, resume: 'door', timer: grid('beat', 40_000) },
      first: { loop: -1, suspend: 'door', run: 200 },
      second: { loop: -1, suspend: 'door', run: 300 },
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

/** Of rt-app's own examples those that are about CPUs alone; the third has no end of its own in time, but in loops. */
const SAMPLES = ['example1', 'example2', 'example3'] as const;

/** As Debian's rt-app 1.0 takes them: its `ftrace` is true or false, and without `global` it writes no logs. The twelve threads of the third run a tenth, for a busy machine to keep up. */
function forDebian(text: string): string {
  const plain = text.replace(/"ftrace"\s*:\s*"[^"]*"/, '"ftrace": false').replace(/"calibration"\s*:\s*"CPU0"/, '"calibration": 20');
  const { duration, ...rest } = global;
  return plain.includes('"global"')
    ? plain
    : plain.replace(/\}\s*$/, `, "global": ${JSON.stringify({ ...rest, duration: 3 * duration, log_basename: 'rt-app' })}}`);
}

/** Rows of each thread's log, by the log's name: [in the real run, simulated]. */
function counted(text: string): Map<string, readonly [number, number]> {
  const { logs } = runRtApp(text, 25_000);
  const told = runFile(text);
  const base = /"log_basename"\s*:\s*"([^"]+)"/.exec(text)?.[1] ?? 'rt-app';
  const simulated = new Map(told.threads.map(({ name }, thread) => [`${base}-${name}.log`, told.rows[thread]!.length]));
  expect([...logs.keys()].sort()).toEqual([...simulated.keys()].sort());
  return new Map([...simulated].map(([name, rows]) => [name, [logs.get(name)!.rows.length, rows] as const]));
}

describe.skipIf(!hasRtApp)(`rt-app itself and a simulated one${rtAppNote}`, () => {
  for (const name of SAMPLES) {
    const path = sample(`rt-app/${name}.json`);
    test.skipIf(path === null)(`${name} goes round equally often${skipNote(path)}`, { timeout: 60_000, retry: 2 }, () => {
      for (const [log, [real, simulated]] of counted(
        forDebian(readFileSync(path!, 'utf8').replace(/("run"\s*:\s*)(3|27)000/g, '$1$200')),
      )) {
        expect(simulated, log).toBeGreaterThan(15);
        // the third counts its loops, so none may be missing; a busy machine takes some of the others'
        if (name === 'example3') expect(real, log).toBe(simulated);
        else expect(real / simulated, `${log}: ${real} rows, simulated ${simulated}`).toBeGreaterThan(0.6);
        expect(real, log).toBeLessThanOrEqual(simulated + 2);
      }
    });
  }

  test.each(FILES)('go round equally often: %s', { timeout: 20_000, retry: 2 }, (_, tasks) => {
    const text = JSON.stringify({ tasks, global });
    for (const [log, [real, simulated]] of counted(text)) {
      expect(simulated, log).toBeGreaterThan(20);
      expect(Math.abs(real - simulated), `${log}: ${real} rows, simulated ${simulated}`).toBeLessThanOrEqual(2 + simulated / 10);
    }
  });
});
