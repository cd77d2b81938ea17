import type { SchedEvent, SchedTrace, SwitchEvent, Timehist, TraceThread, WakeEvent } from './sched-trace.ts';

/** What the threads of a trace did, without when and where they waited for a CPU: to be done again on another machine. */
export interface TraceTasks {
  readonly tasks: readonly TraceTask[];
  /** Ways along which one thread wakes another, [waker, wakee] by place among the tasks: a semaphore each in a replay. */
  readonly links: readonly (readonly [waker: number, wakee: number])[];
  /** From the first event that was looked at to the last. */
  readonly spanNs: number;
  readonly remarks: readonly string[];
}

export interface TraceTask {
  readonly tid: number;
  readonly comm: string;
  /** 120 for nice 0; null where nothing says it. */
  readonly prio: number | null;
  readonly steps: readonly TraceStep[];
}

export type TraceStep =
  | { readonly kind: 'run' | 'sleep'; ns: number }
  /** Wakes another thread along a link, or waits until it is woken along one. */
  | { readonly kind: 'post' | 'wait'; readonly link: number };

/** Which threads, and which part of the trace; what is left out is all. */
export interface TaskFilter {
  /** Names as in the trace; a * at the end stands for anything. */
  readonly comms?: readonly string[];
  /** Likewise: those that are left out, of whichever are named else. */
  readonly notComms?: readonly string[];
  readonly tids?: readonly number[];
  /** Process: threads that the text says belong to it, or whose tid it is. */
  readonly pids?: readonly number[];
  /** Since the first event. */
  readonly fromNs?: number;
  readonly toNs?: number;
  /** Whether wake-ups by a thread that is kept make its wakee wait for it; otherwise all waits are sleeps. */
  readonly keepsWakers?: boolean;
}

const IDLE_TID = 0;
const BLOCKED = 0;
const READY = 1;
const RUNNING = 2;
/** Threads of the kernel that a trace does not mark as such. */
const KERNEL_NAMES =
  /^(?:kworker\/|ksoftirqd\/|migration\/|cpuhp\/|idle_inject\/|irq\/|kthreadd$|rcu_|rcuop\/|rcuos\/|rcuc\/|rcub\/|kswapd\d|kcompactd\d|khugepaged$|ksmd$|jbd2\/|watchdogd?|kauditd$|khungtaskd$|kdevtmpfs$|kdamond\.|oom_reaper$|hwrng$|psimon$|scsi_eh_\d|sugov:\d|xfsaild\/|pool_workqueue_|swapper)/;

/** A thread that is kept, on its way through the trace. */
interface Life {
  readonly task: number;
  readonly steps: TraceStep[];
  state: number;
  /** When it got into its state; since then it has run or slept. */
  sinceNs: number;
}

/**
 * The run, sleep and wake steps of each thread, as perf sched replay has them:
 * - run: time on a CPU until it blocks, whatever preempts it meanwhile;
 * - sleep: from then until it is woken, where nobody that is kept woke it: a timer, a device, the idle thread, an interrupt, a thread left
 *   out. It is that long in a replay too, from whenever the thread gets there;
 * - wait: where a thread that is kept woke it, in its own context as far as the trace tells. That thread posts when it has run as much.
 * A thread whose first event is that it is woken was blocked before; one that is switched to or away ran or was ready since the start. A
 * thread that is not woken again ends; what runs at the end of the trace ends there. Times are those of the switches.
 * @throws RangeError where no thread is left
 */
export function tasksOfTrace(trace: SchedTrace, filter: TaskFilter = {}): TraceTasks {
  const startNs = trace.startNs + (filter.fromNs ?? 0);
  const endNs = Math.min(trace.endNs, trace.startNs + (filter.toNs ?? Infinity));
  const extraction = new Extraction(trace, filter, startNs);
  for (const events of instantsOf(trace.events, startNs, endNs)) extraction.take(events);
  return extraction.finish(endNs);
}

/** Events from startNs to endNs; those of one time together. */
function* instantsOf(events: readonly SchedEvent[], startNs: number, endNs: number): Generator<SchedEvent[]> {
  let instant: SchedEvent[] = [];
  for (const event of events) {
    if (event.timeNs < startNs || event.timeNs > endNs) continue;
    if (instant.length > 0 && instant[0]!.timeNs !== event.timeNs) {
      yield instant;
      instant = [];
    }
    instant.push(event);
  }
  if (instant.length > 0) yield instant;
}

class Extraction {
  readonly #trace: SchedTrace;
  readonly #startNs: number;
  readonly #keepsWakers: boolean;
  readonly #lives = new Map<number, Life>();
  readonly #links = new Map<string, number>();
  readonly #ends: [number, number][] = [];
  readonly #keeps: (tid: number) => boolean;
  readonly #leftOut: readonly string[];
  /** Who ran on each CPU after its last event, and when that was. */
  readonly #cpus = new Map<number, { readonly tid: number; readonly timeNs: number }>();
  #timedWakes = 0;
  #unmarkedWakes = 0;
  #missingWakes = 0;
  #missingSwitches = 0;

  constructor(trace: SchedTrace, filter: TaskFilter, startNs: number) {
    this.#trace = trace;
    this.#startNs = startNs;
    this.#keepsWakers = filter.keepsWakers ?? true;
    this.#keeps = keeperOf(trace.threads, filter);
    this.#leftOut = leftOutOf(trace.threads, filter);
  }

  /**
   * Takes the events of one time as they are written, but for a thread that goes on a CPU before it is woken: tools that merge the CPUs'
   * buffers (trace-cmd report) put those of one time in the order of CPUs, so that the wake-up may stand behind. What the CPU that woke it
   * told up to then is taken first.
   */
  take(events: readonly SchedEvent[]): void {
    if (events.length === 1) return this.#take(events[0]!);
    const { byCpu, wakes } = indexOf(events);
    const taken = new Map<number, number>(); // of each CPU
    for (const event of events) {
      const own = byCpu.get(event.cpu)!;
      const at = taken.get(event.cpu) ?? 0;
      if (own[at] !== event) continue; // taken ahead of its place
      const wake = event.kind === 'switch' && this.#isAsleep(event.toTid) ? wakes.get(event.toTid) : undefined;
      if (wake !== undefined && wake.cpu !== event.cpu) {
        const others = byCpu.get(wake.cpu)!;
        const from = taken.get(wake.cpu) ?? 0;
        for (let i = from; i <= wake.index; i++) this.#take(others[i]!);
        taken.set(wake.cpu, Math.max(from, wake.index + 1));
      }
      this.#take(event);
      taken.set(event.cpu, at + 1);
    }
  }

  /** Or not there yet. */
  #isAsleep(tid: number): boolean {
    const life = this.#lives.get(tid);
    return life === undefined ? this.#keeps(tid) : life.state === BLOCKED;
  }

  #take(event: SchedEvent): void {
    this.#findOn(event);
    if (event.kind === 'switch') this.#switch(event);
    else if (isWake(event)) this.#wake(event);
    this.#cpus.set(event.cpu, { tid: event.kind === 'switch' ? event.toTid : event.byTid, timeNs: event.timeNs });
  }

  finish(endNs: number): TraceTasks {
    const lives = [...this.#lives];
    for (const [, life] of lives) if (life.state === RUNNING) addTime(life.steps, 'run', endNs - life.sinceNs);
    const tasks = lives.map(([tid, { steps }]) => {
      const { comm, prio } = this.#trace.threads.get(tid)!;
      return { tid, comm, prio, steps };
    });
    if (tasks.length === 0) throw new RangeError('no thread is left, want comm, tid, pid, from and to of some that run');
    return {
      tasks,
      links: this.#ends,
      spanNs: endNs - this.#startNs,
      remarks: [...this.#trace.remarks, ...this.#leftOut, ...this.#remarks()],
    };
  }

  #remarks(): string[] {
    return [
      ...(this.#timedWakes > 0
        ? [`${this.#timedWakes} wake-ups by timers, devices and threads left out: sleeps as long as in the trace`]
        : []),
      ...(this.#unmarkedWakes > 0
        ? [
            `${this.#unmarkedWakes} wake-ups by threads that are kept, without a mark of interrupts: taken as theirs, though a timer may have gone off while they ran (wakers=no takes all as timers)`,
          ]
        : []),
      ...(this.#missingWakes > 0 ? [`${this.#missingWakes} wake-ups are missing: slept until it ran, the wait for a CPU included`] : []),
      ...(this.#missingSwitches > 0
        ? [`${this.#missingSwitches} switches are missing: what ran there is known from the next event on`]
        : []),
    ];
  }

  /** Who tells an event runs there. It has done so since the start, or else switches are missing, and it has from now on. */
  #findOn({ cpu, timeNs, byTid }: SchedEvent): void {
    const before = this.#cpus.get(cpu);
    if (before === undefined) {
      this.#life(byTid, RUNNING);
      return;
    }
    if (before.tid === byTid) return;
    this.#missingSwitches++;
    const gone = this.#lives.get(before.tid);
    if (gone?.state === RUNNING) {
      addTime(gone.steps, 'run', before.timeNs - gone.sinceNs);
      gone.state = READY;
      gone.sinceNs = before.timeNs;
    }
    this.#run(this.#life(byTid, READY), timeNs);
  }

  /** It is on a CPU from now on. */
  #run(life: Life | null, timeNs: number): void {
    if (life === null) return;
    if (life.state === BLOCKED) {
      this.#missingWakes++;
      addTime(life.steps, 'sleep', timeNs - life.sinceNs);
    }
    life.state = RUNNING;
    life.sinceNs = timeNs;
  }

  #switch({ timeNs, fromTid, toTid, isRunnable }: SwitchEvent): void {
    const from = this.#lives.get(fromTid);
    if (from) {
      if (from.state === RUNNING) addTime(from.steps, 'run', timeNs - from.sinceNs);
      from.state = isRunnable ? READY : BLOCKED;
      from.sinceNs = timeNs;
    }
    this.#run(this.#life(toTid, READY), timeNs); // one that is new was ready: it would have been woken
  }

  #wake({ timeNs, tid, byTid, isInterrupt }: WakeEvent): void {
    const life = this.#life(tid, BLOCKED);
    if (life?.state !== BLOCKED) return; // woken before it slept, or waking came first
    life.state = READY;
    const waker = this.#keepsWakers && isInterrupt !== true && byTid !== tid ? this.#lives.get(byTid) : undefined;
    if (waker?.state === RUNNING) {
      if (isInterrupt === null) this.#unmarkedWakes++;
      const link = this.#link(waker.task, life.task);
      addTime(waker.steps, 'run', timeNs - waker.sinceNs);
      waker.sinceNs = timeNs;
      waker.steps.push({ kind: 'post', link });
      life.steps.push({ kind: 'wait', link });
    } else {
      this.#timedWakes++;
      addTime(life.steps, 'sleep', timeNs - life.sinceNs);
    }
    life.sinceNs = timeNs;
  }

  /** Null for one that is left out. */
  #life(tid: number, state: number): Life | null {
    const known = this.#lives.get(tid);
    if (known !== undefined) return known;
    if (!this.#keeps(tid)) return null;
    const life = { task: this.#lives.size, steps: [], state, sinceNs: this.#startNs };
    this.#lives.set(tid, life);
    return life;
  }

  #link(waker: number, wakee: number): number {
    const key = `${waker} ${wakee}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = this.#ends.length;
      this.#links.set(key, link);
      this.#ends.push([waker, wakee]);
    }
    return link;
  }
}

interface PlacedWake {
  readonly cpu: number;
  /** Among the CPU's own events. */
  readonly index: number;
}

/** Events of each CPU, in their order, and where each thread is woken first. */
function indexOf(events: readonly SchedEvent[]): { byCpu: Map<number, SchedEvent[]>; wakes: Map<number, PlacedWake> } {
  const byCpu = new Map<number, SchedEvent[]>();
  const wakes = new Map<number, PlacedWake>();
  for (const event of events) {
    const own = byCpu.get(event.cpu) ?? [];
    byCpu.set(event.cpu, own);
    if (isWake(event) && !wakes.has(event.tid)) wakes.set(event.tid, { cpu: event.cpu, index: own.length });
    own.push(event);
  }
  return { byCpu, wakes };
}

function isWake(event: SchedEvent): event is WakeEvent {
  return event.kind === 'waking' || event.kind === 'wakeup' || event.kind === 'new';
}

/**
 * The run and sleep steps of each thread of a `perf sched timehist`: it slept for the wait less the delay. No delay to the microsecond means
 * that it was preempted and not asleep (builtin-sched.c counts a delay from a wake-up only), so that its run goes on.
 * @throws RangeError where no thread is left
 */
export function tasksOfTimehist(report: Timehist, filter: TaskFilter = {}): TraceTasks {
  const keeps = keeperOf(report.threads, filter);
  const firstNs = report.stretches.reduce((least, { endNs, runNs }) => Math.min(least, endNs - runNs), Infinity);
  const [fromNs, toNs] = [firstNs + (filter.fromNs ?? 0), firstNs + (filter.toNs ?? Infinity)];
  const steps = new Map<number, TraceStep[]>();
  let lastNs = fromNs;
  for (const { endNs, tid, waitNs, delayNs, runNs } of report.stretches) {
    const startNs = endNs - runNs;
    if (startNs < fromNs || endNs > toNs || !keeps(tid)) continue;
    const own = steps.get(tid);
    const sleptNs = delayNs > 0 ? Math.max(0, waitNs - delayNs) : 0;
    const before: TraceStep[] = own ?? [];
    if (own === undefined) {
      steps.set(tid, before);
      addTime(before, 'sleep', delayNs > 0 ? Math.max(0, startNs - delayNs - fromNs) : 0); // until it was woken for the first time
    } else addTime(before, 'sleep', sleptNs);
    addTime(before, 'run', runNs);
    lastNs = Math.max(lastNs, endNs);
  }
  if (steps.size === 0) throw new RangeError('no thread is left, want comm, tid, pid, from and to of some that run');
  const tasks = [...steps].map(([tid, own]) => {
    const { comm, prio } = report.threads.get(tid)!;
    return { tid, comm, prio, steps: own };
  });
  return { tasks, links: [], spanNs: lastNs - fromNs, remarks: [...report.remarks, ...leftOutOf(report.threads, filter)] };
}

/** Without a filter: all but the idle thread and those of the kernel; with one: those it names. */
function keeperOf(threads: SchedTrace['threads'], { comms, notComms = [], tids, pids }: TaskFilter): (tid: number) => boolean {
  const known = new Map<number, boolean>();
  const decide = (tid: number): boolean => {
    const thread = threads.get(tid);
    if (tid === IDLE_TID || thread === undefined || isNamedBy(notComms, thread.comm)) return false;
    if (tids === undefined && comms === undefined && pids === undefined) return !isOfKernel(thread);
    const isNamed = comms === undefined || isNamedBy(comms, thread.comm);
    return isNamed && (tids === undefined || tids.includes(tid)) && (pids === undefined || pids.includes(thread.pid ?? tid));
  };
  return (tid) => {
    const answer = known.get(tid) ?? decide(tid);
    known.set(tid, answer);
    return answer;
  };
}

function isOfKernel({ isKernel, comm }: TraceThread): boolean {
  return isKernel || KERNEL_NAMES.test(comm);
}

/** A user's own thread may have a name of the kernel's, such as watchdog. */
function leftOutOf(threads: SchedTrace['threads'], { comms, notComms = [], tids, pids }: TaskFilter): string[] {
  if (tids !== undefined || comms !== undefined || pids !== undefined) return [];
  const left = [...threads.values()].filter((thread) => thread.tid !== IDLE_TID && !isNamedBy(notComms, thread.comm) && isOfKernel(thread));
  if (left.length === 0) return [];
  return [`${left.length} threads left out as the kernel's, such as ${left[0]!.comm}: comm= or tid= names those to keep`];
}

function isNamedBy(names: readonly string[], comm: string): boolean {
  return names.some((name) => (name.endsWith('*') ? comm.startsWith(name.slice(0, -1)) : comm === name));
}

/** Two stretches of one kind that follow each other are one. */
function addTime(steps: TraceStep[], kind: 'run' | 'sleep', ns: number): void {
  const last = steps.at(-1);
  if (ns <= 0) return;
  if (last?.kind === kind) last.ns += ns;
  else steps.push({ kind, ns });
}
