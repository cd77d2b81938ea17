/**
 * The stream of a traced run (trace.ts): what happened when, as rows of numbers, and how much the machine carried between looks.
 * A vCPU, task, CPU, guest or node is its number in the run; what these are is told once, in the table. -1 stands for none.
 */

/** Columns of a row: its kind, then a to e. */
export const TRACE_WIDTH = 6;

/**
 * As the kernel's sched_switch: a CPU goes on with another vCPU, or with none (idle). a CPU; b vCPU that leaves; c its state, VCPU_RUNNABLE
 * (1: its slice is over, it yields, is preempted or taken off) or VCPU_BLOCKED (0: its guest has nothing to run, or departs), 0 of idle;
 * d vCPU that comes. On each CPU b is always the d of the event before it; no vCPU is on two CPUs.
 */
export const SWITCH = 0;
/**
 * As sched_waking and sched_wakeup: a vCPU is woken. a vCPU; b CPU it last ran on, -1 for one that never ran; c CPU it is queued for;
 * d vCPU whose task wakes it, -1 for a timer, a device or the host itself; e CPU that handles the wake.
 */
export const WAKING = 1;
/** As sched_migrate_task: a vCPU is about to run on another CPU than the one it last ran on. a vCPU; b, c CPU from and to; d what these share: 0 core, 1 node, 2 socket, 3 nothing. */
export const MIGRATE = 2;
/** A task of a guest begins: a task. */
export const TASK_START = 3;
/** A task can run from now on: a task; b task that wakes or starts it, -1 for a timer, a device or the host. */
export const TASK_WAKE = 4;
/** A vCPU goes on with a task, whether or not it has a CPU now: a task; b vCPU; c 1 where the guest switches from another one, which costs a context switch. */
export const TASK_ON = 5;
/** A task leaves its vCPU: a task; b vCPU, -1 for one of a departing guest that was on none; c its state: 0 ended, 1 ready, 3 asleep, 4 blocked (states.ts). */
export const TASK_LEAVE = 6;
/** A block of a guest's memory has moved: a guest; b block, counted in the guest; c, d node from and to; e 1 where it goes back after its time away. */
export const PAGE_MOVE = 7;
/** A block is copied beside itself: a guest; b block; c its node; d node of the copy. */
export const PAGE_REPLICA = 8;
/** A vCPU has come to a marked block: a guest; b block; c vCPU; d CPU; e 1 for a write. */
export const HINT_FAULT = 9;
/** A guest is there, or goes: a guest. */
export const GUEST_ARRIVES = 10;
export const GUEST_DEPARTS = 11;
/** A CPU goes off line or comes back: a CPU; b 1 on line. */
export const CPU_ONLINE = 12;
/** A vCPU may use other CPUs than before: a vCPU; b how many; c 1 for the soft mask. */
export const AFFINITY = 13;
/** A guest's counters start from 0, as its instances start or have set up: what the recording counts of it lies after the last. a guest. */
export const GUEST_MEASURED = 14;
/** A thread has another weight from now on. a vCPU; b its weight, 1024 for nice 0. */
export const RENICE = 15;
export const TRACE_KINDS = 16;

/** Rows in the order in which they happened, valid until the sink returns. */
export interface TraceEvents {
  readonly count: number;
  readonly timesNs: Float64Array; // [row] whole, never less than the one before
  readonly rows: Int32Array; //      [row * TRACE_WIDTH + column]
}

/** What lies between the look before and this one; valid until the sink returns. Looks and events come in the order of time. */
export interface TraceLook {
  readonly atNs: number;
  /** Since the look before, ns. */
  readonly spanNs: number;
  readonly resourceBytes: Float64Array; //   [resource] carried since then
  readonly localLines: Float64Array; //      [node] lines that CPUs of the node fetched from it since then,
  readonly remoteLines: Float64Array; //     [node] and from other nodes
  readonly guestNodeBlocks: Int32Array; //   [guest * nodes + node] blocks at that moment
}

export interface TraceGuest {
  readonly name: string;
  readonly workload: string;
  readonly kind: string;
  readonly firstVcpu: number;
  readonly vcpuCount: number;
  readonly firstTask: number;
  /** Its boot's task, the last, included. */
  readonly taskCount: number;
  readonly hasBoot: boolean;
  /** A group of processes with a CPU thread each: vCPU and task are one. */
  readonly isThreaded: boolean;
  /** [vCPU of the guest] where a program names its threads; `weight` at the begin, 1024 for nice 0. */
  readonly threads?: readonly { readonly name: string; readonly weight: number }[];
  /** Part of the host's background load: housekeeping, dom0, threads that move pages. */
  readonly isHostNoise: boolean;
}

/** What the numbers of a trace stand for. */
export interface TraceTable {
  readonly machine: string;
  readonly policy: string;
  readonly seed: string;
  readonly cpuNode: Int32Array; //    [cpu]
  readonly nodeCount: number;
  readonly resourceNames: readonly string[];
  readonly resourceKind: Uint8Array; // [resource] 0 controller, of the node with its number; 1 link or port; 2 pair
  readonly capacityGBps: Float64Array; // [resource]
  readonly blockBytes: number;
  readonly guests: readonly TraceGuest[];
  readonly vcpuGuest: Int32Array; //  [vcpu]
  readonly taskGuest: Int32Array; //  [task]
}

/** Takes a trace as it is made. What it throws ends the run. */
export interface TraceSink {
  /** Set when it wants no more: the run ends at the present instant. */
  readonly isDone?: boolean;
  begin(table: TraceTable): void;
  events(events: TraceEvents): void;
  look(look: TraceLook): void;
  /** Called once, at the end of the run, also of one that ends by a fault of its policy. Every CPU that runs something still does. */
  end(atNs: number): void;
}
