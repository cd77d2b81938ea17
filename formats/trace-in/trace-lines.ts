import { FormatError, MOST_CHARACTERS, shown } from '../format-error.ts';
import { MOST_CPUS, MOST_THREADS, type TraceThread } from './sched-trace.ts';

/** One line of a trace and what is wrong with it, if anything is. */
export class TraceLine {
  readonly text: string;
  readonly number: number;

  constructor(text: string, number: number) {
    this.text = text;
    this.number = number;
  }

  /** @param at where in the line, from 0 */
  fail(at: number, said: string): never {
    throw new FormatError(this.number, at + 1, said);
  }
}

const LONGEST_LINE = 8192;

/**
 * The lines of a text one after the other, without a list of them all.
 * @throws FormatError for a text that is too long, or a line of it
 */
export function eachLine(text: string, visit: (line: TraceLine) => void): void {
  if (text.length > MOST_CHARACTERS) throw new FormatError(1, 1, `${text.length} characters, want at most ${MOST_CHARACTERS}`);
  let number = 0;
  for (let start = 0; start < text.length;) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    number++;
    if (end - start > LONGEST_LINE) throw new FormatError(number, 1, `a line of ${end - start} characters, want at most ${LONGEST_LINE}`);
    const stop = end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
    visit(new TraceLine(text.slice(start, stop), number));
    start = end + 1;
  }
}

/**
 * The values of fields that follow each other in this order, ` name=value`, found from the right: a thread's name may hold anything,
 * spaces and such words too. Undefined for those that are not there.
 */
export function fieldsFromRight(text: string, names: readonly string[]): (string | undefined)[] {
  const padded = ` ${text}`;
  const values = new Array<string | undefined>(names.length).fill(undefined);
  let end = padded.length;
  for (let i = names.length - 1; i >= 0; i--) {
    const mark = ` ${names[i]!}=`;
    const at = padded.lastIndexOf(mark, end - mark.length);
    if (at < 0 || at + mark.length > end) continue;
    values[i] = padded.slice(at + mark.length, end).trim();
    end = at;
  }
  return values;
}

/** Whole numbers as tracers write them: decimal or 0x hex. Null if it is none or not exact. */
export function wholeNumber(text: string): number | null {
  if (!/^(?:\d{1,16}|0x[0-9a-fA-F]{1,16})$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

/** ns of `SECONDS.FRACTION` since the second `origin`, digit by digit: no rounding of a binary fraction. */
export function timeOf(line: TraceLine, at: number, seconds: string, fraction: string, origin: number): number {
  const timeNs = (Number(seconds) - origin) * 1e9 + Number(fraction.padEnd(9, '0'));
  if (!Number.isSafeInteger(timeNs))
    line.fail(at, `time = ${shown(`${seconds}.${fraction}`)}, want within 104 days of the first, ${origin}`);
  return timeNs;
}

/** Threads by tid, with what is known of each. */
export class ThreadTable {
  readonly threads = new Map<number, TraceThread>();

  /** @param at where in the line the thread is named */
  see(line: TraceLine, at: number, tid: number, comm: string, prio: number | null = null, pid: number | null = null): TraceThread {
    let thread = this.threads.get(tid);
    if (thread === undefined) {
      if (this.threads.size === MOST_THREADS) line.fail(at, `more than ${MOST_THREADS} threads, want fewer`);
      thread = { tid, comm, pid, prio, isKernel: false };
      this.threads.set(tid, thread);
    }
    if (comm !== '' && comm !== '<...>') thread.comm = comm;
    if (prio !== null) thread.prio = prio;
    if (pid !== null) thread.pid = pid;
    return thread;
  }
}

export function checkCpu(line: TraceLine, at: number, cpu: number): number {
  if (cpu >= MOST_CPUS) line.fail(at, `CPU = ${cpu}, want below ${MOST_CPUS}`);
  return cpu;
}
