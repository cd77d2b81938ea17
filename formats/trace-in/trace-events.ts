import { shown } from '../format-error.ts';
import { MOST_EVENTS, MOST_PRIO, type SchedEvent, type SchedTrace } from './sched-trace.ts';
import { checkCpu, fieldsFromRight, ThreadTable, timeOf, type TraceLine, wholeNumber } from './trace-lines.ts';

/** A line that tells an event, taken apart as far as perf and trace-cmd write it alike. */
export interface EventLine {
  readonly comm: string;
  /** null of a thread that is ending, where the tracer has forgotten it: it is the one that ran there. */
  readonly tid: number | null;
  readonly pid: number | null;
  readonly cpu: number;
  /** Where the time stands in the line. */
  readonly timeAt: number;
  readonly seconds: string;
  readonly fraction: string;
  /** Without the group before it and the colon behind it: `sched_switch`. */
  readonly name: string;
  /** Where its fields begin in the line. */
  readonly fieldsAt: number;
  readonly isInterrupt: boolean | null;
}

/** Bits of a state that the kernel reports; above them stands what was added, as that the thread was preempted (256, 4096). */
const STATE_BITS = 0xff;

/** Gathers the events of the scheduler from the lines of a text, whoever wrote it. */
export class EventGatherer {
  readonly #source: SchedTrace['source'];
  readonly #table = new ThreadTable();
  readonly #events: SchedEvent[] = [];
  readonly #passedOver = new Map<string, number>();
  #originSeconds = -1;
  #startNs = Infinity;
  #endNs = -Infinity;
  #lateCount = 0;
  #lostLines = 0;
  /** Who ran on a CPU after its last event. */
  readonly #running = new Map<number, number>();
  /** The first of those that stand before the first event and are none of the tracer's. */
  #stray: { readonly line: TraceLine; readonly wanted: string } | null = null;
  #strayCount = 0;

  constructor(source: SchedTrace['source']) {
    this.#source = source;
  }

  /** Counts an event that says nothing about who runs when. */
  passOver(name: string): void {
    this.#passedOver.set(name, (this.#passedOver.get(name) ?? 0) + 1);
  }

  /** A line that says that the tracer lost events. */
  addLost(): void {
    this.#lostLines++;
  }

  /**
   * A line that the tracer did not write. Before its first event it is told: a prompt, what another tool said. Later it is refused: it may be
   * an event that was cut.
   * @throws FormatError
   */
  addStray(line: TraceLine, wanted: string): void {
    if (this.#originSeconds >= 0) line.fail(0, wanted);
    this.#stray ??= { line, wanted };
    this.#strayCount++;
  }

  /** @throws FormatError for fields of an event of the scheduler that are not what they should be */
  add(line: TraceLine, head: EventLine): void {
    if (this.#originSeconds < 0) this.#originSeconds = Number(head.seconds);
    const timeNs = timeOf(line, head.timeAt, head.seconds, head.fraction, this.#originSeconds);
    this.#startNs = Math.min(this.#startNs, timeNs);
    const byTid = head.tid ?? this.#running.get(head.cpu) ?? 0;
    this.#table.see(line, 0, byTid, head.tid === null ? '' : head.comm, null, head.pid);
    const event = this.#eventOf(line, head, { timeNs, cpu: head.cpu, byTid });
    this.#running.set(head.cpu, event?.kind === 'switch' ? event.toTid : byTid);
    if (event === null) this.passOver(head.name);
    else {
      if (this.#events.length === MOST_EVENTS) line.fail(0, `more than ${MOST_EVENTS} events, want fewer`);
      this.#events.push(event);
    }
    if (timeNs < this.#endNs) this.#lateCount++;
    this.#endNs = Math.max(this.#endNs, timeNs);
  }

  /** @throws FormatError where the text had no event */
  finish(last: TraceLine): SchedTrace {
    if (this.#originSeconds < 0) {
      this.#stray?.line.fail(0, this.#stray.wanted);
      last.fail(0, 'no line with an event, want some of the scheduler');
    }
    const remarks: string[] = [];
    if (this.#strayCount > 0) remarks.push(`${this.#strayCount} lines before the first event are not the tracer's: passed over`);
    if (this.#lateCount > 0) {
      this.#events.sort((a, b) => a.timeNs - b.timeNs); // stable
      remarks.push(`${this.#lateCount} lines stand after later ones: put in order of time`);
    }
    if (this.#lostLines > 0) remarks.push(`events were lost in ${this.#lostLines} places: what runs and waits there is not known`);
    return {
      source: this.#source,
      originSeconds: this.#originSeconds,
      startNs: this.#startNs,
      endNs: this.#endNs,
      threads: this.#table.threads,
      events: this.#events,
      passedOver: this.#passedOver,
      remarks,
    };
  }

  #eventOf(line: TraceLine, head: EventLine, any: { timeNs: number; cpu: number; byTid: number }): SchedEvent | null {
    if (line.text[head.fieldsAt] === '(') return null; // where a probe stands, which may have been called as the event it is at
    switch (head.name) {
      case 'sched_switch':
        return this.#switchOf(line, head, any);
      case 'sched_waking':
      case 'sched_wakeup':
      case 'sched_wakeup_new':
        return this.#wakeOf(line, head, any);
      case 'sched_migrate_task': {
        const [comm, pid, prio, , toCpu] = fieldsOf(line, head, ['comm', 'pid', 'prio', 'orig_cpu', 'dest_cpu']);
        const tid = this.#seen(line, head, comm, 'pid', pid, prio);
        return { kind: 'migrate', ...any, tid, toCpu: checkCpu(line, head.fieldsAt, numberOf(line, head, 'dest_cpu', toCpu)) };
      }
      case 'sched_stat_runtime': {
        const [comm, pid, runtime] = fieldsOf(line, head, ['comm', 'pid', 'runtime', 'vruntime']);
        const tid = this.#seen(line, head, comm, 'pid', pid);
        return { kind: 'runtime', ...any, tid, runNs: numberOf(line, head, 'runtime', runtime) };
      }
      case 'sched_process_fork': {
        const [, , comm, pid] = fieldsOf(line, head, ['parent_comm', 'parent_pid', 'child_comm', 'child_pid']);
        return { kind: 'fork', ...any, tid: this.#seen(line, head, comm, 'child_pid', pid) };
      }
      case 'sched_process_exit': {
        const [comm, pid, prio] = fieldsOf(line, head, ['comm', 'pid', 'prio']);
        return { kind: 'exit', ...any, tid: this.#seen(line, head, comm, 'pid', pid, prio) };
      }
      default:
        return null;
    }
  }

  #switchOf(line: TraceLine, head: EventLine, any: { timeNs: number; cpu: number; byTid: number }): SchedEvent {
    const names = ['prev_comm', 'prev_pid', 'prev_prio', 'prev_state', 'next_comm', 'next_pid', 'next_prio'];
    const [fromComm, from, fromPrio, state, toComm, to, toPrio] = fieldsOf(line, head, names, pluginSwitch);
    const fromTid = this.#seen(line, head, fromComm, 'prev_pid', from, fromPrio);
    const toTid = this.#seen(line, head, toComm, 'next_pid', to, toPrio);
    const { isRunnable, isIdleSleep } = stateOf(line, head, state);
    if (isIdleSleep) this.#table.threads.get(fromTid)!.isKernel = true;
    return { kind: 'switch', ...any, fromTid, isRunnable, toTid };
  }

  #wakeOf(line: TraceLine, head: EventLine, any: { timeNs: number; cpu: number; byTid: number }): SchedEvent {
    const [comm, pid, prio] = fieldsOf(line, head, ['comm', 'pid', 'prio', 'success', 'target_cpu'], pluginWake);
    const kind = head.name === 'sched_waking' ? 'waking' : head.name === 'sched_wakeup' ? 'wakeup' : 'new';
    return { kind, ...any, tid: this.#seen(line, head, comm, 'pid', pid, prio), isInterrupt: head.isInterrupt };
  }

  #seen(line: TraceLine, head: EventLine, comm: string | undefined, name: string, pid: string | undefined, prio?: string): number {
    const tid = numberOf(line, head, name, pid);
    const known = prio === undefined ? null : wholeNumber(firstWord(prio));
    if (tid >= 2 ** 32) line.fail(head.fieldsAt, `${name} = ${tid}, want below 2^32`);
    this.#table.see(line, head.fieldsAt, tid, tid === 0 ? 'swapper' : (comm ?? ''), known !== null && known <= MOST_PRIO ? known : null);
    return tid;
  }
}

/** A word at this place, and the blanks behind it. */
const WORD = /(\S{1,128})(?:\s+|$)/y;

/**
 * The event that a line names at this place, and where its fields begin: `sched:sched_switch:`, `cycles:P:`, or a word without a colon, of a
 * function or a record of perf's own. Null where there is none.
 */
export function eventAt(text: string, at: number): { readonly name: string; readonly fieldsAt: number } | null {
  WORD.lastIndex = at;
  const found = WORD.exec(text);
  if (!found) return null;
  const [, word] = found;
  const name = word!.endsWith(':') ? word!.slice(0, -1) : word!;
  const inGroup = /^[\w-]{1,64}:([\w-]{1,64})$/.exec(name)?.[1];
  return { name: inGroup?.includes('_') ? inGroup : name, fieldsAt: WORD.lastIndex }; // modifiers, as of cycles:ppp, have no _
}

type Plugin = (fields: string) => (string | undefined)[] | null;

/** The fields by name; where the first is not there, as trace-cmd's plugins write them. */
function fieldsOf(line: TraceLine, head: EventLine, names: readonly string[], plugin: Plugin = () => null): (string | undefined)[] {
  const text = line.text.slice(head.fieldsAt);
  const values = fieldsFromRight(text, names);
  return values[0] === undefined ? (plugin(text) ?? values) : values;
}

/** `rt-app:28335 [120] S ==> swapper/0:0 [120]`: libtraceevent's plugin_sched_switch.c. */
function pluginSwitch(text: string): (string | undefined)[] | null {
  const arrow = text.indexOf(' ==> ');
  if (arrow < 0) return null;
  const from = /:(\d{1,10}) \[(-?\d{1,4})\] (\S{1,8})$/.exec(text.slice(0, arrow));
  const to = /:(\d{1,10}) \[(-?\d{1,4})\](?: Latency: [\d.]{1,24} usecs)?\s{0,8}$/.exec(text.slice(arrow + 5)); // with report -w
  if (!from || !to) return null;
  const [, fromPid, fromPrio, state] = from;
  return [text.slice(0, from.index), fromPid, fromPrio, state, text.slice(arrow + 5, arrow + 5 + to.index), to[1], to[2]];
}

/** `rt-app:28335 [120] success=1 CPU:000`, and where there is no success `[120]<CANT FIND FIELD success> CPU:000`. */
function pluginWake(text: string): (string | undefined)[] | null {
  const found = /:(\d{1,10}) \[(-?\d{1,4})\](?: ?success=\d| ?<CANT FIND FIELD success>)? ?CPU:\d{1,4}/.exec(text);
  return found ? [text.slice(0, found.index), found[1], found[2]] : null;
}

const firstWord = (text: string): string => /^\S*/.exec(text)![0];

function numberOf(line: TraceLine, head: EventLine, name: string, written: string | undefined): number {
  const value = written === undefined ? null : wholeNumber(firstWord(written));
  if (value === null) line.fail(head.fieldsAt, `${head.name}.${name} = ${shown(written)}, want a whole number`);
  return value;
}

/** Letters as perf and the kernel write them, `R+` for preempted; or the number itself, as trace-cmd report -R does. */
function stateOf(line: TraceLine, head: EventLine, written: string | undefined): { isRunnable: boolean; isIdleSleep: boolean } {
  const word = written === undefined ? '' : firstWord(written);
  const value = wholeNumber(word);
  if (value !== null) return { isRunnable: (value & STATE_BITS) === 0, isIdleSleep: (value & STATE_BITS) === 0x80 };
  if (!/^[A-Za-z](?:\|[A-Za-z]){0,8}\+?$/.test(word)) {
    line.fail(head.fieldsAt, `${head.name}.prev_state = ${shown(written)}, want letters such as R, S or R+, or a number`);
  }
  return { isRunnable: word.startsWith('R') || word.endsWith('+'), isIdleSleep: word === 'I' };
}
