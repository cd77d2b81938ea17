import type { SchedTrace } from './sched-trace.ts';
import { eventAt, type EventLine, EventGatherer } from './trace-events.ts';
import { checkCpu, eachLine, TraceLine } from './trace-lines.ts';

/** `[CPU]  SECONDS.FRACTION: [PERIOD] `, behind which stands the event, and before it the thread. */
const MIDDLE = /\[(\d{1,4})\] {1,8}(\d{1,12})\.(\d{1,9}): {1,64}(?:\d{1,20} {1,64})?/g;
/** `PID` or `PID/TID` at the end; -1 of a thread that is ending. */
const THREAD = /(?:^|[ \t])(-1|\d{1,10})(?:\/(-1|\d{1,10}))?$/;
/** Below an event with a stack: address, function, file. */
const STACK = /^\s{1,64}[0-9a-f]{1,16}\s/;
const LOST = /PERF_RECORD_LOST|\bLOST\b|\blost \d{1,20} (?:chunks|events|samples)/;

/** Whether a line of it is one of `perf script`. */
export function looksLikePerfScript(line: string): boolean {
  return headOf(new TraceLine(line, 1)) !== null;
}

/**
 * Reads what `perf script` prints of a recording of the scheduler (`perf sched record`): `COMM PID[/TID] [CPU] TIME: sched:EVENT: FIELDS`
 * with sched_switch, sched_waking, sched_wakeup, sched_wakeup_new, sched_migrate_task, sched_stat_runtime, sched_process_fork and _exit.
 * Other events are counted by name, records of perf's own too. Comments (#), empty lines and stacks are passed over; what stands before the
 * first event and a LOST line are remarks.
 * After: tools/perf/builtin-script.c and include/trace/events/sched.h of Linux.
 * @throws FormatError for any other line, and for fields that are not what they should be
 */
export function readPerfScript(text: string): SchedTrace {
  const gatherer = new EventGatherer('perf script');
  let last = new TraceLine('', 1);
  eachLine(text, (line) => {
    last = line;
    const head = headOf(line);
    if (head !== null && !head.name.startsWith('PERF_RECORD_')) gatherer.add(line, head);
    else if (LOST.test(line.text)) gatherer.addLost();
    else if (head !== null)
      gatherer.passOver(/^\w*/.exec(head.name)![0]); // some are at time 0, of what was there before
    else if (line.text.trim() !== '' && !line.text.startsWith('#') && !STACK.test(line.text))
      gatherer.addStray(line, 'want COMM PID [CPU] SECONDS.MICROSECONDS: sched:EVENT: FIELDS');
  });
  return gatherer.finish(last);
}

function headOf(line: TraceLine): EventLine | null {
  MIDDLE.lastIndex = 0;
  for (let found = MIDDLE.exec(line.text); found; found = MIDDLE.exec(line.text)) {
    const before = line.text.slice(0, found.index).trimEnd();
    const thread = THREAD.exec(before.slice(-32));
    if (!thread) continue; // a name may hold what looks like a CPU and a time
    const [, first, second] = thread;
    const [matched, cpu, seconds, fraction] = found;
    const event = eventAt(line.text, found.index + matched.length);
    if (event === null) continue;
    return {
      comm: before.slice(0, before.length - (thread[0].length - (/^\s/.test(thread[0]) ? 1 : 0))).trim(),
      tid: numberOrNull(second ?? first!),
      pid: second === undefined ? null : numberOrNull(first!),
      cpu: checkCpu(line, found.index, Number(cpu)),
      timeAt: line.text.indexOf(seconds!, found.index + cpu!.length + 2),
      seconds: seconds!,
      fraction: fraction!,
      ...event,
      isInterrupt: null,
    };
  }
  return null;
}

function numberOrNull(written: string): number | null {
  return written === '-1' ? null : Number(written);
}
