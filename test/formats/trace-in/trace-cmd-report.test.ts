import { describe, expect, test } from 'vitest';
import { readTraceCmdReport } from '../../../formats/trace-in/trace-cmd-report.ts';
import { asText, fixture } from '../readers.ts';

const one = (line: string): ReturnType<typeof readTraceCmdReport> => readTraceCmdReport(`version = 6\ncpus=2\n${line}\n`);

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
  throw new Error('accepted');
}

describe('trace-cmd report', () => {
  test('tells a thread by its number from the right, and its process where that is said', () => {
    const { events, threads } = one(' k-w/2:1-19  (   17) [001] d..2.     3.000000012: sched_switch: prev_comm=k-w/2:1 prev_pid=19 prev_prio=99 prev_state=0x100 next_comm=c d next_pid=23 next_prio=121'); // prettier-ignore
    expect(events).toEqual([{ kind: 'switch', timeNs: 12, cpu: 1, byTid: 19, fromTid: 19, isRunnable: true, toTid: 23 }]);
    expect([...threads.values()]).toEqual([
      { tid: 19, comm: 'k-w/2:1', pid: 17, prio: 99, isKernel: false },
      { tid: 23, comm: 'c d', pid: null, prio: 121, isKernel: false },
    ]);
    expect(one('<...>-19 (-------) [001] 3.5: sched_process_exit: comm=x pid=19 prio=1').threads.get(19)).toMatchObject({
      pid: null,
      comm: 'x',
    });
  });

  test.each([
    ['d.h2.', true], ['..s1.', true], ['d.H..', true], ['d..2.', false], ['.....', false], ['', null],
  ] as const)('with flags "%s" a wake-up is made in an interrupt: %s', (flags, isInterrupt) => {
    const { events } = one(`a-1 [000] ${flags} 3.000002: sched_wakeup: comm=b pid=7 prio=120 target_cpu=000`);
    expect(events).toEqual([{ kind: 'wakeup', timeNs: 2000, cpu: 0, byTid: 1, tid: 7, isInterrupt }]);
  }); // prettier-ignore

  test('where the interrupt stands among the flags is told by the head, else by their number', () => {
    const flags = ['irqs-off', 'need-resched', 'need-resched-lazy', 'hardirq/softirq', 'preempt-depth'];
    const head = flags.map((name, i) => `#            ${'|'.repeat(i)} / _${'-'.repeat(5 - i)}=> ${name}\n`).join('');
    const wake = (mark: string): string => `a-1 [000] ${mark} 3.000002: sched_wakeup: comm=b pid=7 prio=120 target_cpu=000\n`;
    const isInterrupt = (text: string): unknown => (readTraceCmdReport(text).events[0] as { isInterrupt: boolean | null }).isInterrupt;
    expect([wake('d..h1'), head + wake('d..h1'), head + wake('dNs.1'), wake('d..h213'), wake('dNs.213')].map(isInterrupt)).toEqual([
      false, true, false, true, false,
    ]); // prettier-ignore
  });

  test('reads report -l, where the flags stand behind the CPU and names are cut', () => {
    const { events, threads } = readTraceCmdReport(
      [
        'a-long-n-1      12d.h2.     3.000002: sched_waking: comm=b pid=7 prio=120 target_cpu=012',
        'a-long-n-1      12d..2.     3.000004: sched_switch: a-long-name:1 [120] S ==> b:7 [118]',
      ].join('\n'),
    );
    expect(events).toEqual([
      { kind: 'waking', timeNs: 2000, cpu: 12, byTid: 1, tid: 7, isInterrupt: true },
      { kind: 'switch', timeNs: 4000, cpu: 12, byTid: 1, fromTid: 1, isRunnable: false, toTid: 7 },
    ]);
    expect(threads.get(1)!.comm).toBe('a-long-name');
  });

  test("reads what trace-cmd's plugins write for switches and wake-ups", () => {
    const { events, threads } = readTraceCmdReport(
      [
        'a-1 [000] 3.000002: sched_wakeup: b:x [1]:7 [118] success=1 CPU:000',
        'a-1 [000] 3.000003: sched_wakeup_new: n:8 [119]<CANT FIND FIELD success> CPU:001',
        'a-1 [000] 3.000004: sched_switch: a:1 [120] R+ ==> b:x [1]:7 [118]',
      ].join('\n'),
    );
    expect(events).toEqual([
      { kind: 'wakeup', timeNs: 2000, cpu: 0, byTid: 1, tid: 7, isInterrupt: null },
      { kind: 'new', timeNs: 3000, cpu: 0, byTid: 1, tid: 8, isInterrupt: null },
      { kind: 'switch', timeNs: 4000, cpu: 0, byTid: 1, fromTid: 1, isRunnable: true, toTid: 7 },
    ]);
    expect([threads.get(7), threads.get(8)]).toMatchObject([{ comm: 'b:x [1]', prio: 118 }, { comm: 'n', prio: 119 }]); // prettier-ignore
  });

  test('says where events were lost', () => {
    const { remarks } = one(
      'CPU:1 [412 EVENTS DROPPED]\n   a-1 [000] 3.5: sched_process_exit: comm=x pid=19 prio=1\nCPU:0 [LOST 3 EVENTS]',
    );
    expect(remarks).toEqual(['events were lost in 2 places: what runs and waits there is not known']);
  });

  test.each([
    ['hello', 'line 3, column 1: want COMM-PID [CPU] SECONDS.MICROSECONDS: EVENT: FIELDS'],
    ['a-1 [000] 3.5: sched_wakeup: comm=x pid=0x1ffffffff', 'line 3, column 30: pid = 8589934591, want below 2^32'],
    ['a-1 [000] 3.5: sched_switch: a:1 [120] R', 'line 3, column 30: sched_switch.prev_pid = nothing, want a whole number'],
  ])('is refused with place and reason: %s', (line, message) => {
    expect(refusal(() => one(line))).toBe(message);
  });

  test('reads report -w and --ts-diff, whose figures it passes over; several files in one report are refused', () => {
    const { events, passedOver } = readTraceCmdReport(
      'a-1 [000] 3.000002: (+7) sched_switch: a:1 [120] S ==> b:7 [118] Latency: 0.500 usecs\n\nAverage wakeup latency: 0.5 usecs\nMaximum Latency: 0.5 usecs at timestamp: 3.0\n',
    );
    expect(events).toEqual([{ kind: 'switch', timeNs: 2000, cpu: 0, byTid: 1, fromTid: 1, isRunnable: false, toTid: 7 }]);
    expect(passedOver.size).toBe(0);
    expect(refusal(() => readTraceCmdReport('host.dat: cpus=2\nhost.dat:  a-1 [000] 3.5: sys_exit: NR 1\n'))).toBe(
      'line 1, column 1: "host.dat: cpus=2": several files in one report, want one of each',
    );
  });

  test('what stands before the first event is told, and refused behind it', () => {
    const event = '  a-1 [000] 3.5: sched_process_exit: comm=x pid=19 prio=1\n';
    const { events, remarks } = readTraceCmdReport(`$ atrace sched\ncapturing trace... done\n# tracer: nop\n${event}`);
    expect([events.length, remarks]).toEqual([1, ["2 lines before the first event are not the tracer's: passed over"]]);
    expect(refusal(() => readTraceCmdReport(`${event}$ exit\n`))).toBe(
      'line 2, column 1: want COMM-PID [CPU] SECONDS.MICROSECONDS: EVENT: FIELDS',
    );
  });

  test('functions, stacks, and probes called as the event they are at are counted and passed over', () => {
    const { events, passedOver } = readTraceCmdReport(
      [
        'a-1 [000] d..2. 3.000001: mutex_unlock <-unix_stream_recvmsg',
        'a-1 [000] d..2. 3.000002: sched_switch: prev_comm=a prev_pid=1 prev_prio=120 prev_state=S ==> next_comm=b next_pid=7 next_prio=118',
        'a-1 [000] d..2. 3.000003: <stack trace>',
        ' => schedule',
        'a-1 [000] d..3. 3.000004: sched_switch: (__probestub_sched_switch+0x4/0x10) preempt=0 prev_state=1',
      ].join('\n'),
    );
    expect(events).toEqual([{ kind: 'switch', timeNs: 2000, cpu: 0, byTid: 1, fromTid: 1, isRunnable: false, toTid: 7 }]);
    expect([...passedOver]).toEqual([['mutex_unlock', 1], ['<stack', 1], ['sched_switch', 1]]); // prettier-ignore
  });

  test('heads are passed over', () => {
    const { events, passedOver } = readTraceCmdReport(asText(fixture('three-threads.trace-cmd.txt')));
    expect([events.length, passedOver.size]).toEqual([14, 0]);
  });
});
