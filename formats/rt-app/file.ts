/** What an rt-app file says, in whole nanoseconds and bytes. Keys, defaults and orders as rt-app @55cb0c0 has them. */
export interface RtAppFile {
  /** How long it runs; null until all its tasks have ended. */
  readonly durationNs: number | null;
  /** Size of the buffer that `mem` writes to and `iorun` reads from, one a thread. */
  readonly memBufferBytes: number;
  readonly isSlackCumulative: boolean;
  readonly logBaseName: string;
  /** ns of one of rt-app's loops, if the file gives that instead of a CPU: `perf` of its log counts in them. */
  readonly calibrationNs: number | null;
  readonly tasks: readonly RtAppTask[];
  /** The highest CPU or node of each list of them, in the file's order: what machine it needs. */
  readonly hostUses: readonly RtAppHostUse[];
  /** What was read and is not simulated, each with its place: refused unless the user is lenient. */
  readonly unsimulated: readonly string[];
  /** What was read and rt-app itself does nothing with, each with its place: unknown members, such as comments or slips of the pen. */
  readonly ignored: readonly string[];
}

export interface RtAppHostUse {
  readonly kind: 'cpus' | 'nodes_membind';
  readonly highest: number;
  /** Such as `tasks.web.cpus`. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

export interface RtAppTask {
  /** No two have the same: a second `web` is `web1`, as workgen names it. */
  readonly name: string;
  /** 0: it starts only when it is forked. */
  readonly instances: number;
  readonly delayNs: number;
  /** How often the phases are gone through; -1 for ever, 0 not once. */
  readonly loop: number;
  /** Policy and priority are never null. */
  readonly settings: RtAppSettings;
  readonly phases: readonly RtAppPhase[];
}

export interface RtAppPhase {
  readonly name: string;
  /** From 1; -1 for ever. */
  readonly loop: number;
  /** What the phase says for itself; null where it says nothing. Without `phases` in the file, all is the task's. */
  readonly settings: RtAppSettings;
  readonly events: readonly RtAppEvent[];
}

export type RtAppPolicy = 'SCHED_OTHER' | 'SCHED_BATCH' | 'SCHED_IDLE' | 'SCHED_FIFO' | 'SCHED_RR' | 'SCHED_DEADLINE';

/** Said of a task or of a phase. All but `cpus` stay, when a phase has said them, until another phase says them again. */
export interface RtAppSettings {
  readonly policy: RtAppPolicy | null;
  /** Nice value of SCHED_OTHER and its like; priority of the others. A phase that says a policy has one, by default 0 or 10. */
  readonly priority: number | null;
  /** Of a phase, for this phase only; later ones have the task's. */
  readonly cpus: readonly number[] | null;
  /** MPOL_BIND of what is touched first from then on; stays until the next. */
  readonly membindNodes: readonly number[] | null;
  /** Of SCHED_OTHER: the slice it asks for (dl-runtime, from Linux 6.12 on). */
  readonly sliceNs: number | null;
}

export type RtAppEvent = RtAppEventBody & {
  /** As written, such as `run1`. */
  readonly key: string;
  readonly line: number;
  readonly column: number;
};

export type RtAppEventBody =
  | { readonly kind: 'run'; readonly ns: number } //     work that takes so long at full speed
  | { readonly kind: 'runtime'; readonly ns: number } // computing until so much time has passed
  | { readonly kind: 'sleep'; readonly ns: number }
  /** A period of 0 never waits. All of one name are absolute if one is; `isOwn`: of each thread, not of all that name it. */
  | { readonly kind: 'timer'; readonly ns: number; readonly ref: string; readonly isOwn: boolean; readonly isAbsolute: boolean }
  | { readonly kind: 'mem' | 'iorun'; readonly bytes: number }
  | {
      readonly kind: 'memrun';
      readonly access: 'read' | 'write' | 'chase';
      readonly sizeBytes: number;
      /** read and write: bytes; chase: loads, each of which waits for the one before. */
      readonly count: number;
      readonly strideBytes: number;
      readonly isRandom: boolean;
      /** Shared by all threads that name it; null: of its own for each thread and each size, stride and pattern. */
      readonly ref: string | null;
    }
  | { readonly kind: 'lock' | 'unlock'; readonly mutex: string }
  /** sync: signals the condition, then waits for it. */
  | { readonly kind: 'wait' | 'sync'; readonly condition: string; readonly mutex: string }
  | { readonly kind: 'signal' | 'broad'; readonly condition: string }
  | { readonly kind: 'barrier'; readonly barrier: string }
  /** Until another thread resumes that name: what the event says where a resume of the file says it too, otherwise its own task's. */
  | { readonly kind: 'suspend'; readonly name: string }
  /** Wakes all threads that are suspended under the name; lost if none is. */
  | { readonly kind: 'resume'; readonly name: string }
  | { readonly kind: 'sem_post' | 'sem_wait'; readonly semaphore: string }
  | { readonly kind: 'fork'; readonly task: string }
  | { readonly kind: 'yield' };
