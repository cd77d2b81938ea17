import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readTimehist } from '../../../formats/trace-in/timehist.ts';
import { asText, fixture } from '../readers.ts';
import { sample, skipNote } from '../samples.ts';

function refusal(text: string): string {
  try {
    readTimehist(text);
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
  throw new Error('accepted');
}

describe('perf sched timehist', () => {
  test('is stretches on a CPU in whole ns; wake-ups and idle CPUs are passed over', () => {
    const { stretches, threads, originSeconds } = readTimehist(asText(fixture('two-threads.timehist.txt')));
    expect(originSeconds).toBe(77);
    expect(stretches).toEqual([
      { endNs: 700_000, cpu: 0, tid: 201, waitNs: 0, delayNs: 30_000, runNs: 500_000 },
      { endNs: 900_000, cpu: 1, tid: 202, waitNs: 0, delayNs: 0, runNs: 610_000 },
      { endNs: 1_800_000, cpu: 0, tid: 201, waitNs: 430_000, delayNs: 110_000, runNs: 670_000 },
      { endNs: 2_050_000, cpu: 1, tid: 202, waitNs: 150_000, delayNs: 0, runNs: 1_000_000 },
      { endNs: 3_000_000, cpu: 0, tid: 201, waitNs: 900_000, delayNs: 20_000, runNs: 300_000 },
    ]);
    expect([...threads.values()].map(({ tid, comm, pid }) => [tid, comm, pid])).toEqual([[201, 'alpha', 200], [202, 'b c[2', 200]]); // prettier-ignore
  });

  test('a thread that is its process has one number; what stands below the table is passed over', () => {
    const { threads } = readTimehist('  5.000001 [0000]  sole[9]   0.000  0.000  1.000 \nRuntime summary\n anything\n');
    expect(threads.get(9)).toEqual({ tid: 9, comm: 'sole', pid: 9, prio: null, isKernel: false });
  });

  test.each([
    ['  5.000001 [0000]  a[9]   0.000  0.000 \n', 'line 1, column 20: "a[9]   0.000  0.000", want TASK[TID/PID] WAIT DELAY RUN'],
    ['  5.000001 [0000]  a[9]   0.000  x  1.000 \n', 'line 1, column 34: sch delay = "x", want ms such as 1.234'],
    ['\nfoo\n', 'line 2, column 1: want TIME [CPU] TASK[TID/PID] WAIT DELAY RUN'],
    ['\n', 'line 1, column 1: no row with a thread that ran, want some'],
  ])('is refused with place and reason: %s', (text, message) => {
    expect(refusal(text)).toBe(message);
  });

  test('is the same with the picture of -V, which may hold what looks like a name, and with columns behind the run time', () => {
    const head = '  time    cpu  0123456789abcdef01  task name    wait time  sch delay   run time  pre-mig time\n';
    const { stretches, threads } = readTimehist(
      `${head}                               [tid/pid]       (msec)     (msec)     (msec)     (msec)\n` +
        `  5.000100 [0016]  ${' '.repeat(16)}s   ab c[9/7]   1.250  0.030  0.070  0.020  S  next: x[3]\n` +
        `  5.000200 [0002]    m${' '.repeat(17)}  ab c[9/7]${' '.repeat(40)}migrated: x[3] cpu 1 => 0\n`,
    );
    expect(stretches).toEqual([{ endNs: 100_000, cpu: 16, tid: 9, waitNs: 1_250_000, delayNs: 30_000, runNs: 70_000 }]);
    expect([...threads.values()]).toEqual([{ tid: 9, comm: 'ab c', pid: 7, prio: null, isKernel: false }]);
  });

  test('leaves out threads that are ending, which have no number, and says how many rows that were', () => {
    const { stretches, remarks } = readTimehist(
      '  5.1 [0001]  a[9/7]  0.000  0.000  1.000\n  5.2 [0001]  :-1[-1/7]   1.250  0.030  0.070 \n',
    );
    expect([stretches.length, remarks[1]]).toEqual([1, '1 rows are of threads that were ending, which perf has no number of: left out']);
  });

  test('tells the priority it has from now on, with --prio', () => {
    const { threads } = readTimehist(
      '  time  cpu  task name  prio  wait time\n' +
        '  5.1 [0001]  a[9]   125      0.000  0.000  1.000\n  5.2 [0001]  a[9]   125->131  0.000  0.000  1.000\n  5.2 [0001]  d[4]   -1  0.000  0.000  1.000\n  5.3 [0001]  e[5]   140  0.000  0.000  2.000\n',
    );
    expect([9, 4, 5].map((tid) => threads.get(tid)!.prio)).toEqual([131, null, null]); // none of SCHED_DEADLINE, and none that cannot be
  });

  const real = sample('perf/two-cpus.timehist.txt');
  test.skipIf(real === null)(`a real one is read${skipNote(real)}`, () => {
    const { stretches, threads } = readTimehist(readFileSync(real!, 'utf8'));
    expect([stretches.length, [...threads.keys()].sort()]).toEqual([37, [28434, 28435, 28436, 28437]]);
  });
});
