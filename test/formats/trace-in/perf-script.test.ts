import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPerfScript } from '../../../formats/trace-in/perf-script.ts';
import { asText, fixture } from '../readers.ts';
import { sample, skipNote } from '../samples.ts';

const HEAD = '     rt app-7 3    17/18  [002]     5.000001: ';
const one = (line: string): ReturnType<typeof readPerfScript> => readPerfScript(`${HEAD}${line}\n`);

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
  throw new Error('accepted');
}

describe('perf script', () => {
  test('tells who ran where: threads by tid, names with spaces and dashes, process, priority, times in whole ns', () => {
    const { events, threads, originSeconds } = one(
      'sched:sched_switch: prev_comm=a prev_pid=9 b prev_pid=18 prev_prio=117 prev_state=R+ ==> next_comm=x==> y next_pid=33 next_prio=131',
    );
    expect(events).toEqual([{ kind: 'switch', timeNs: 1000, cpu: 2, byTid: 18, fromTid: 18, isRunnable: true, toTid: 33 }]);
    expect(originSeconds).toBe(5);
    expect([...threads.values()]).toEqual([
      { tid: 18, comm: 'a prev_pid=9 b', pid: 17, prio: 117, isKernel: false },
      { tid: 33, comm: 'x==> y', pid: null, prio: 131, isKernel: false },
    ]);
    expect(readPerfScript('rt app-7 3 18 [002] 5.1: sched:sched_process_exit: comm=rt app-7 3 pid=18 prio=120').threads.get(18)!.comm).toBe(
      'rt app-7 3',
    );
  });

  test.each([
    ['R', true], ['R+', true], ['S', false], ['D|K', false], ['I', false], ['S+', true], ['X', false],
    ['0', true], ['1', false], ['0x2', false], ['256', true], ['4096', true], ['1026', false], ['128', false],
  ] as const)('a thread switched out in state %s may run: %s', (state, isRunnable) => {
    const { events } = one(`sched:sched_switch: prev_comm=a prev_pid=18 prev_prio=120 prev_state=${state} ==> next_comm=b next_pid=5 next_prio=120`);
    expect(events[0]).toMatchObject({ isRunnable });
  }); // prettier-ignore

  test('knows the other events of the scheduler, and counts those it passes over', () => {
    const { events, passedOver, remarks } = readPerfScript(
      [
        `${HEAD}sched:sched_wakeup_new: comm=n pid=40 prio=120 target_cpu=001`,
        `${HEAD}          1 sched:sched_migrate_task: comm=n pid=40 prio=120 orig_cpu=1 dest_cpu=3`,
        `${HEAD}sched:sched_process_fork: comm=rt app-7 3 pid=18 child_comm=k id child_pid=41`,
        `${HEAD}irq:irq_handler_entry: irq=9`,
        `${HEAD}cycles: `,
        `${HEAD}irq:irq_handler_entry: irq=9`,
        'PERF_RECORD_LOST lost 12',
        `${HEAD.replace('5.0', '4.9')}sched:sched_stat_runtime: comm=n pid=40 runtime=123456 [ns] vruntime=9 [ns]`,
      ].join('\n'),
    );
    const all = { cpu: 2, byTid: 18 };
    expect(events).toEqual([
      { kind: 'runtime', ...all, timeNs: -99_999_000, tid: 40, runNs: 123456 }, // 4.900001 s
      { kind: 'new', ...all, timeNs: 1000, tid: 40, isInterrupt: null },
      { kind: 'migrate', ...all, timeNs: 1000, tid: 40, toCpu: 3 },
      { kind: 'fork', ...all, timeNs: 1000, tid: 41 },
    ]);
    expect([...passedOver]).toEqual([['irq_handler_entry', 2], ['cycles', 1]]); // prettier-ignore
    expect(remarks).toEqual([
      '1 lines stand after later ones: put in order of time',
      'events were lost in 1 places: what runs and waits there is not known',
    ]);
  });

  test('what a thread does that is ending and has lost its number is told of the one that ran there', () => {
    const { events, threads } = readPerfScript(
      [
        'a 18 [002] 5.000001: sched:sched_waking: comm=b pid=33 prio=120 target_cpu=001',
        ':-1 -1 [002] 5.000002: sched:sched_waking: comm=b pid=33 prio=120 target_cpu=001',
        ':-1 -1/-1 [002] 5.000003: sched:sched_switch: prev_comm=a prev_pid=18 prev_prio=120 prev_state=X ==> next_comm=c d next_pid=44 next_prio=120',
        ':-1 -1 [002] 5.000004: sched:sched_waking: comm=b pid=33 prio=120 target_cpu=001',
      ].join('\n'),
    );
    expect(events.map(({ byTid }) => byTid)).toEqual([18, 18, 18, 44]);
    expect([...threads.values()].map(({ tid, comm }) => [tid, comm])).toEqual([[18, 'a'], [33, 'b'], [44, 'c d']]); // prettier-ignore
  });

  test("records of perf's own and counters of whatever name are counted and passed over, warnings before the first event told", () => {
    const { events, passedOver, remarks, startNs, originSeconds } = readPerfScript(
      [
        'swapper 0 [000] 0.000000: PERF_RECORD_FORK(18:18):(0:0)',
        'Warning:',
        'Processed 12 events and lost 4 chunks!',
        `${HEAD}PERF_RECORD_COMM exec: sleep:17/18`,
        `${HEAD}PERF_RECORD_SWITCH_CPU_WIDE OUT preempt  next pid/tid:     0/0    `,
        `${HEAD}     250000   cpu_core/cycles/Pu:  ffffffff8a0 foo`,
        `${HEAD}          1 cycles:ppp:  ffffffff8a0 foo`,
        `${HEAD}PERF_RECORD_LOST lost 12`,
        `${HEAD}sched:sched_process_exit: comm=a pid=18 prio=120`,
      ].join('\n'),
    );
    expect(events).toEqual([{ kind: 'exit', timeNs: 1000, cpu: 2, byTid: 18, tid: 18 }]);
    expect([originSeconds, startNs]).toEqual([5, 1000]); // of the counters: records are no part of the time
    expect([...passedOver]).toEqual([['PERF_RECORD_FORK', 1], ['PERF_RECORD_COMM', 1], ['PERF_RECORD_SWITCH_CPU_WIDE', 1], ['cpu_core/cycles/Pu', 1], ['cycles:ppp', 1]]); // prettier-ignore
    expect(remarks).toEqual([
      "1 lines before the first event are not the tracer's: passed over",
      'events were lost in 2 places: what runs and waits there is not known',
    ]);
  });

  test('keeps every ns, and refuses times that a number does not hold', () => {
    const at = (time: string): string => `a 1 [000] ${time}: sched:sched_process_exit: comm=a pid=1 prio=120\n`;
    expect(readPerfScript(at('7999999999.100000003') + at('8000000000.3')).endNs).toBe(1_300_000_000);
    expect(refusal(() => readPerfScript(at('1.5') + at('9999999.5')))).toBe(
      'line 2, column 11: time = "9999999.5", want within 104 days of the first, 1',
    );
  });

  test.each([
    ['nothing of it\n', 'line 1, column 1: want COMM PID [CPU] SECONDS.MICROSECONDS: sched:EVENT: FIELDS'],
    ['', 'line 1, column 1: no line with an event, want some of the scheduler'],
    [
      `${HEAD}sched:sched_switch: prev_comm=a prev_pid=x prev_prio=1 prev_state=R ==> next_comm=b next_pid=1 next_prio=1`,
      'line 1, column 67: sched_switch.prev_pid = "x", want a whole number',
    ],
    [
      `${HEAD}sched:sched_switch: prev_comm=a prev_pid=1 prev_prio=1 prev_state=?? ==> next_comm=b next_pid=1 next_prio=1`,
      'line 1, column 67: sched_switch.prev_state = "?? ==>", want letters such as R, S or R+, or a number',
    ],
    [`\n${HEAD}sched:sched_waking: comm=a`, 'line 2, column 67: sched_waking.pid = nothing, want a whole number'],
    [`a 1 [5000] 1.5: sched:sched_waking: comm=a pid=1`, 'line 1, column 5: CPU = 5000, want below 4096'],
  ])('is refused with place and reason: %s', (text, message) => {
    expect(refusal(() => readPerfScript(text))).toBe(message);
  });

  test('stacks, comments and empty lines are passed over', () => {
    const { events, startNs, endNs, threads } = readPerfScript(asText(fixture('three-threads.perf-script.txt')));
    expect([events.length, startNs, endNs, threads.size]).toEqual([16, 0, 2_000_000, 4]);
  });

  const real = sample('perf/two-cpus.perf-script.txt');
  test.skipIf(real === null)(`a real one is read${skipNote(real)}`, () => {
    const { events, threads, remarks } = readPerfScript(readFileSync(real!, 'utf8'));
    expect([events.length, threads.size, remarks]).toEqual([60, 7, []]);
    expect(threads.get(15)).toEqual({ tid: 15, comm: 'rcu_preempt', pid: null, prio: 120, isKernel: true });
  });
});
