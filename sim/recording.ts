import type { Fallback } from './memory-policy.ts';
import type { PolicyExit } from './policy-exit.ts';

/** Where the time of a task goes; they sum to its lifetime exactly. */
export const CAUSES = [
  'compute',
  'memoryLocal',
  'distance',
  'queueController',
  'queueLink',
  'queuePair',
  'cacheShared',
  'cacheCold',
  'waitHost',
  'waitGuest',
  'contextSwitch',
  'wake',
  'fault',
  'pageCopy',
  'sampling',
  'spin',
  'blocked',
  'sleep',
] as const;
export type Cause = (typeof CAUSES)[number];

export type RunStatus = 'ok' | 'time-limit' | 'out-of-memory' | 'deadlock' | 'policy-error' | 'workload-error' | 'overflow';

export interface Measures {
  readonly throughput: { readonly value: number; readonly unit: string };
  /** From where the books begin (the start of the instances, or when they have set up) to their end, or the end of the run. */
  readonly elapsedNs: number;
  /** Share of memory accesses served by another node than the CPU's, 0..1. */
  readonly remoteRatio: number;
  /** Lines fetched from memory, by distance. */
  readonly accessesByHop: { readonly local: number; readonly sameSocket: number; readonly oneHop: number; readonly twoHop: number };
  /** Changes of CPU, by the nearest thing they share: core = same core, cpu = same node, node = same socket, socket = another socket. */
  readonly migrations: { readonly core: number; readonly cpu: number; readonly node: number; readonly socket: number };
  /** Blocks of memory moved to another node; of these, those that went back after a time; copies made beside a block that stayed. */
  readonly pageMoves: number;
  readonly pageReturns: number;
  readonly pageReplicas: number;
  /** Moves that failed because the target had no room. */
  readonly failedMoves: number;
  /** Faults on marked blocks, and accesses that the performance monitoring unit sampled. */
  readonly hintFaults: number;
  readonly samples: number;
  /** Time vCPUs were runnable without a CPU (steal). */
  readonly waitNs: number;
  /** Of vCPUs on CPUs, and of tasks on vCPUs. */
  readonly contextSwitches: number;
  /** Times a vCPU was woken, and how many of these waits for a CPU were not over at the same instant. */
  readonly wakes: number;
  readonly delayedWakes: number;
  /** Of waitNs, the waits that began with a wake; the others began when a CPU was taken away. */
  readonly wakeWaitNs: number;
  /** Tasks that ended: processes, jobs, or tasks that ran to their end. */
  readonly completions: number;
  readonly userNs: number;
  readonly sysNs: number;
  /** Sum of the tasks' lifetimes: what the causes add up to. */
  readonly lifetimeNs: number;
  readonly causes: Readonly<Record<Cause, number>>;
}

export interface GuestRecord extends Measures {
  readonly name: string;
  readonly workload: string;
  readonly vcpus: number;
  readonly memoryBytes: number;
  readonly status: 'ok' | 'unfinished' | 'out-of-memory' | 'deadlock';
  readonly bootNs: number;
  /** The workload's own figures, e.g. latencyNs. */
  readonly figures: Readonly<Record<string, number>>;
  /** Blocks of this guest's memory on each node at the end. */
  readonly blocksByNode: readonly number[];
  /** Of a process whose threads are told apart, those that have lived. */
  readonly threads?: readonly ThreadRecord[];
}

/** Whole ns; what it ran, waited for a CPU, was blocked and slept makes up its lifetime. */
export interface ThreadRecord {
  readonly name: string;
  readonly lifetimeNs: number;
  readonly runNs: number;
  readonly waitNs: number;
  readonly blockedNs: number;
  readonly sleepNs: number;
  /** Of waitNs, the waits that began with a wake. */
  readonly wakeWaitNs: number;
  readonly wakes: number;
  readonly contextSwitches: number;
  /** Changes of CPU. */
  readonly migrations: number;
  /** The workload's own, such as loops. */
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * A run as it went on: sums since the start of the run at `T` points of time from 0 on, equally far apart, and at its end. The interval
 * doubles while the run is longer than was thought, so there are at least the points asked for (of a run of as many nanoseconds) and at
 * most twice as many, whatever the length. A point shows what is before whatever happens at its very moment; the last shows that too.
 */
export interface Timeline {
  readonly timesNs: readonly number[]; //                 [T]
  readonly guests: readonly GuestTimeline[];
  readonly resourceBytes: readonly (readonly number[])[]; // [T][resource] carried so far
}

export interface GuestTimeline {
  /** When the measured part of the guest's run began, or null. */
  readonly measuredFromNs: number | null;
  readonly work: readonly number[]; //                    [T] done so far in the guest's unit, what is under way included
  readonly nodeRunNs: readonly (readonly number[])[]; //  [T][node] CPU time its vCPUs had there
  readonly nodeBlocks: readonly (readonly number[])[]; // [T][node] its blocks there at that moment, no sum
}

/** Where the policy put guests, and where they were. */
export interface Places {
  /** The rule that memory was backed by, of all guests, and whether the policy moves memory afterwards. */
  readonly memory: {
    readonly name: string;
    readonly backs: 'first-touch' | 'at-build';
    readonly fallback: Fallback;
    readonly movesPages: boolean;
  };
  readonly guests: readonly GuestPlaces[];
}

export interface GuestPlaces {
  /** When it was placed; null if it never came. */
  readonly placedNs: number | null;
  /** Nodes that the placement meant its memory for; empty for none in particular. */
  readonly memoryNodes: readonly number[];
  /** [vnode] the node that the host keeps its memory on; null where it keeps no virtual nodes. */
  readonly vnodeNodes: readonly number[] | null;
  readonly vcpus: readonly VcpuPlaces[];
}

/** CPUs by rising number, null for all of them or, where they are only preferred, for none in particular. */
export interface VcpuPlaces {
  readonly hardCpus: readonly number[] | null;
  readonly softCpus: readonly number[] | null;
  /** As they are when the run ends: daemons change them. */
  readonly hardCpusAtEnd: readonly number[] | null;
  readonly softCpusAtEnd: readonly number[] | null;
  /** CPU time by CPU, where it had some. */
  readonly ranNs: readonly { readonly cpu: number; readonly ns: number }[];
}

/** What a run leaves. */
export interface Recording {
  readonly status: RunStatus;
  /** What ended the run early, in one sentence. */
  readonly message: string | null;
  /** What the policy did wrong, with status `policy-error`. */
  readonly exit: PolicyExit | null;
  readonly simulatedNs: number;
  readonly instants: number;
  readonly solves: number;
  /** Rolling hash of every decision: equal recordings have equal hashes. */
  readonly hash: string;
  readonly total: Measures;
  readonly guests: readonly GuestRecord[];
  /** The host's background load, apart from the guests. */
  readonly hostNoiseNs: number;
  /** Xen's privileged guest, likewise; and the kernel threads that move memory. */
  readonly dom0Ns: number;
  readonly moverNs: number;
  /** Bytes carried by each resource of the machine, in its order. */
  readonly bytesByResource: readonly number[];
  /** Lines fetched from memory, [CPU's node * nodes + memory's node]. */
  readonly linesByPair: readonly number[];
  /** null unless the scenario asks for it. */
  readonly timeline: Timeline | null;
  /** Only where the scenario asks for it. */
  readonly places?: Places;
  /** CPU time by use, summed over CPUs: busy + idle = CPUs * simulatedNs. */
  readonly busyNs: number;
  readonly idleNs: number;
  /** CPU time idle for more than 100 ms while a vCPU that could run there waited ("wasted cores"). */
  readonly wastedNs: number;
  /** CPU time idle while a vCPU that could run there waited, to the nanosecond; measured with `checks: all` only. */
  readonly idleWhileRunnableNs: number | null;
  readonly droppedArrivals: number;
}
