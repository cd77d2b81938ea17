import { shown } from '../format-error.ts';
import type { SchedTrace } from './sched-trace.ts';
import { eventAt, type EventLine, EventGatherer } from './trace-events.ts';
import { checkCpu, eachLine, TraceLine } from './trace-lines.ts';

/**
 * `[CPU] [FLAGS] SECONDS.FRACTION: `, or as report -l has it, `CPUFLAGS SECONDS.FRACTION: `, and behind it the event; the flags are those of
 * the kernel's latency format, such as d..2.
 */
const MIDDLE =
  /(?:\[(\d{1,4})\] {1,8}(?:([\w.#!+*-]{1,12}) {1,8})?| (\d{1,4})([dDXbB.][\w.][hHszZ.][\w.#*]{1,3}) {1,8})(\d{1,12})\.(\d{1,9}): {1,64}(?:\(\+\d{1,20}\) {1,64})?/g;
/** `-PID`, and maybe `(TGID)`, at the end. */
const THREAD = /-(\d{1,10})(?:[ \t]{1,8}\([ \t]{0,8}(\d{1,10}|-{1,10})\))?$/;
/** The head of each file where trace-cmd reports several as one. */
const OF_SEVERAL = /^\s{0,256}\S{1,256}: {1,64}cpus=\d/;
/** What trace-cmd says about the file, the kernel about its buffer, and stacks. */
const PASSED_OVER =
  /^(?:version = |cpus=|cpu \d+ |CPU \d+ is empty|trace-cmd|\s*=>|\s*<stack trace|\s*#|\[vmlinux\]|(?:Average|Maximum|Minimum) (?:wakeup l|L)atency: |\s*$)/;
/** In the head of the kernel's file, a line a flag from left to right: `# / _----=> need-resched`. */
const FLAG_NAME = /^#[ |/]{1,80}_-{1,16}=> ([\w/-]{1,32})/;
const MOST_FLAGS = 12;
const LOST = /\bLOST\b|EVENTS DROPPED/;

export function looksLikeTraceCmd(line: string): boolean {
  return /^version = \d|^cpus=\d/.test(line) || headOf(new TraceLine(line, 1)) !== null;
}

/**
 * Reads what `trace-cmd report` and `trace-cmd report -R` print, with -l and -t too, the kernel's own `trace` file and Android's atrace:
 * `COMM-PID [CPU] [FLAGS] TIME: EVENT: FIELDS`. Fields by name (numbers decimal or 0x hex, prev_state letters or the number) or as trace-cmd's
 * plugins write switches and wake-ups. The same events as of perf script; whether a wake-up was made in an interrupt follows from the flags,
 * where there are any. What stands before the first event is a remark.
 * After: trace-cmd 3.1.6, libtraceevent's event-parse.c (print_event_fields) and plugin_sched_switch.c; kernel/trace/trace_output.c.
 * @throws FormatError for any other line, and for fields that are not what they should be
 */
export function readTraceCmdReport(text: string): SchedTrace {
  const gatherer = new EventGatherer('trace-cmd report');
  let last = new TraceLine('', 1);
  const flagNames: string[] = [];
  eachLine(text, (line) => {
    last = line;
    const head = headOf(line, flagNames);
    if (head !== null) gatherer.add(line, head);
    else if (LOST.test(line.text)) gatherer.addLost();
    else if (OF_SEVERAL.test(line.text)) line.fail(0, `${shown(line.text.trim())}: several files in one report, want one of each`);
    else if (!PASSED_OVER.test(line.text)) gatherer.addStray(line, 'want COMM-PID [CPU] SECONDS.MICROSECONDS: EVENT: FIELDS');
    else {
      const named = FLAG_NAME.exec(line.text);
      if (named && flagNames.length < MOST_FLAGS) flagNames.push(named[1]!);
    }
  });
  return gatherer.finish(last);
}

function headOf(line: TraceLine, flagNames: readonly string[] = []): EventLine | null {
  MIDDLE.lastIndex = 0;
  for (let found = MIDDLE.exec(line.text); found; found = MIDDLE.exec(line.text)) {
    const before = line.text.slice(0, found.index).trimEnd();
    const tail = before.slice(-48);
    const thread = THREAD.exec(tail);
    if (!thread) continue; // a name may hold what looks like a CPU and a time
    const [matched, bracketed, ownFlags, short, shortFlags, seconds, fraction] = found;
    const event = eventAt(line.text, found.index + matched.length);
    if (event === null) continue;
    const [cpu, flags] = bracketed === undefined ? [short!, shortFlags] : [bracketed, ownFlags];
    const tgid = thread[2];
    return {
      comm: bracketed === undefined ? '' : before.slice(0, before.length - tail.length + thread.index).trim(), // -l cuts it to 8 letters
      tid: Number(thread[1]),
      pid: tgid === undefined || tgid.startsWith('-') ? null : Number(tgid),
      cpu: checkCpu(line, found.index, Number(cpu)),
      timeAt: line.text.indexOf(`${seconds!}.`, found.index + cpu.length),
      seconds: seconds!,
      fraction: fraction!,
      ...event,
      isInterrupt: interruptOf(flags, flagNames),
    };
  }
  return null;
}

/**
 * One of the flags is h in an interrupt, s in a soft one, H where an interrupt came into a soft one, z and Z in one that cannot be masked: the
 * third, or the fourth in kernels of PREEMPT_RT before 6.13, which have seven and their need-resched-lazy before it. A head says which.
 */
function interruptOf(flags: string | undefined, flagNames: readonly string[]): boolean | null {
  const named = flagNames.indexOf('hardirq/softirq');
  const at = named >= 0 ? named : flags?.length === 7 ? 3 : 2;
  return flags === undefined || flags.length <= at ? null : /[hHszZ]/.test(flags[at]!);
}
