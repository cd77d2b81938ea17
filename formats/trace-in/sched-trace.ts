/**
 * What a scheduler did, as tracers tell it, whatever their way of writing it. Times are whole ns since the whole second `originSeconds`
 * of the tracer's clock: a number holds no more than 104 days of ns.
 */
export interface SchedTrace {
  readonly source: 'perf script' | 'trace-cmd report';
  readonly originSeconds: number;
  /** Of the first and the last line with a time, of whatever event. */
  readonly startNs: number;
  readonly endNs: number;
  /** By tid; 0 is the idle thread of every CPU. */
  readonly threads: ReadonlyMap<number, TraceThread>;
  /** In order of time; those of one time as they were written. */
  readonly events: readonly SchedEvent[];
  /** How often an event that says nothing about who runs when was passed over, by its name. */
  readonly passedOver: ReadonlyMap<string, number>;
  readonly remarks: readonly string[];
}

export interface TraceThread {
  readonly tid: number;
  /** The last name it had; `<...>` where the tracer did not know. */
  comm: string;
  /** The process; null where the text does not say. */
  pid: number | null;
  /** The kernel's priority, 120 for nice 0; null where no event says it. */
  prio: number | null;
  /** Switched out in state I, which only threads of the kernel are. */
  isKernel: boolean;
}

export type SchedEvent = SwitchEvent | WakeEvent | MigrateEvent | RuntimeEvent | ForkEvent | ExitEvent;

interface AnyEvent {
  readonly timeNs: number;
  /** The CPU that told it, and the thread that was running there. */
  readonly cpu: number;
  readonly byTid: number;
}

/** The CPU goes from one thread to another; `isRunnable`: the first was preempted or yielded, and waits for a CPU. */
export interface SwitchEvent extends AnyEvent {
  readonly kind: 'switch';
  readonly fromTid: number;
  readonly isRunnable: boolean;
  readonly toTid: number;
}

/** The thread may run again: waking comes first, on the waker's CPU; wakeup when it is queued, maybe later and on another CPU. */
export interface WakeEvent extends AnyEvent {
  readonly kind: 'waking' | 'wakeup' | 'new';
  readonly tid: number;
  /** In an interrupt, so that byTid has nothing to do with it; null where the text does not say. */
  readonly isInterrupt: boolean | null;
}

export interface MigrateEvent extends AnyEvent {
  readonly kind: 'migrate';
  readonly tid: number;
  readonly toCpu: number;
}

/** CPU time that the kernel books for a thread, since it booked last. */
export interface RuntimeEvent extends AnyEvent {
  readonly kind: 'runtime';
  readonly tid: number;
  readonly runNs: number;
}

export interface ForkEvent extends AnyEvent {
  readonly kind: 'fork';
  readonly tid: number;
}

export interface ExitEvent extends AnyEvent {
  readonly kind: 'exit';
  readonly tid: number;
}

/** `perf sched timehist`: stretches on a CPU, each with what went before; who woke whom is not in it. Times as in SchedTrace. */
export interface Timehist {
  readonly source: 'perf sched timehist';
  readonly originSeconds: number;
  readonly threads: ReadonlyMap<number, TraceThread>;
  /** In order of when they ended. */
  readonly stretches: readonly Stretch[];
  readonly remarks: readonly string[];
}

export interface Stretch {
  readonly endNs: number;
  readonly cpu: number;
  readonly tid: number;
  /** Off the CPU before, the delay included; 0 for the first stretch of a thread. */
  readonly waitNs: number;
  /** From being woken until it ran; 0 where it was not woken but preempted. */
  readonly delayNs: number;
  readonly runNs: number;
}

/** Limits of all readers of traces; the text itself has that of SourceText. */
export const MOST_CPUS = 4096;
export const MOST_THREADS = 65_536;
export const MOST_EVENTS = 4_000_000;
/** Of the kernel's priorities: nice 19. */
export const MOST_PRIO = 139;
