import type { OptionSpec, OptionValues } from './options.ts';
import type { Random } from './random.ts';
import { NONE } from './units.ts';

/** What a phase does. BLOCK waits until the program wakes the task; DONE ends the task (an open arrival frees its slot). */
export const RUN = 0;
export const TOUCH = 1;
export const SLEEP = 2;
export const BLOCK = 3;
export const DONE = 4;
/** These are over at once, or when what they wait for has come. */
export const LOCK = 5; //       the lock `object`
export const UNLOCK = 6; //     it goes to the task that has waited longest
export const BARRIER = 7; //    until as many tasks as its size have come
export const DOWN = 8; //       the semaphore `object`
export const UP = 9;
export const WAIT = 10; //      for a signal of the condition `object`; releases `lock` meanwhile and has it again after
export const SIGNAL = 11; //    to the task that has waited longest, if there is one
export const BROADCAST = 12; // to all that wait
export const FORK = 13; //      starts task `object`, which has not started or has ended
export const JOIN = 14; //      until task `object` has ended; one that does not live is not waited for

/** sched_yield: other tasks of its guest go first; if each has a vCPU of its own (bare processes), other vCPUs of the host. */
export const YIELD = 15;
/** Of programs whose tasks have a vCPU each (`threads`), for the task itself. The calls take no time; the move they may lead to does. */
export const AFFINITY = 16; // sched_setaffinity: it may use the CPUs `cpus` from now on, of those the policy gives it
export const RENICE = 17; //   sched_setattr: its `weight` and `sliceNs` from now on
/**
 * set_mempolicy, MPOL_BIND: blocks that it touches first from now on come from `nodes`, nearest first, whatever the policy's alloc says;
 * when they are full the guest is out of memory. Blocks that exist stay, and the policy may move any.
 */
export const MEMBIND = 18;

/** How a phase draws on its region. A sweep walks it block by block; random access mixes all its nodes at any instant. */
export const SWEEP = 0;
export const RANDOM = 1;

/**
 * One stretch of a task with constant character. The engine owns one such record and passes it to `next` to be filled, so that a
 * phase costs no object; every field is reset before each call.
 */
export interface Phase {
  kind: number;
  /** RUN: how much to run (all passes of a sweep together). Any unit of execution will do, as long as the rest is per that unit. */
  instructions: number;
  /** RUN: core cycles per instruction with every last-level access a hit at no cost. */
  cyclesPerInstruction: number;
  /** RUN: accesses to the last-level cache per instruction. */
  accessesPerInstruction: number;
  /** RUN: lines asked for at once; 1 is a pointer chase, Infinity whatever the core can keep in flight. */
  linesInFlight: number;
  /** RUN: share of the missed lines that are written, 0..1. */
  writeShare: number;
  /** RUN, TOUCH: the guest's region it works on; NONE for a RUN without memory. */
  region: number;
  pattern: number;
  /** RUN: bytes it uses again and again: decides misses by its share of the last-level cache. */
  workingSetBytes: number;
  /** RUN: which of its program's curves says how often it misses, by its share of that cache; NONE for what its pattern says. */
  missCurve: number;
  /** RUN, SWEEP: how many times the region is walked. */
  passes: number;
  /** TOUCH: first byte and length; each page is written once, and pages never touched before are given memory by the host. */
  offsetBytes: number;
  bytes: number;
  /** LOCK and the kinds after it: number of a lock, barrier, semaphore or condition of the program, or of a task. */
  object: number;
  /** WAIT: the lock it holds. */
  lock: number;
  /** What may wait: for how much CPU time it spins before it sleeps; 0 sleeps at once, Infinity never sleeps. */
  spinNs: number;
  /** SLEEP. */
  durationNs: number;
  /** AFFINITY: null for all. */
  cpus: readonly number[] | null;
  /** RENICE: as ThreadSpec has them; NONE leaves what is. */
  weight: number;
  sliceNs: number;
  /** MEMBIND: null for wherever the policy says. */
  nodes: readonly number[] | null;
  /** SLEEP: ended by a device's interrupt, not by a timer of the CPU that armed it. */
  isDisk: boolean;
  /** Time counts as the guest kernel's (sys) and not the program's (user). */
  isSystem: boolean;
  /** RUN: what the phase adds to the guest's throughput, in the workload's own unit: bit by bit, or all of it at its end. */
  work: number;
  /** A job counts when it is done: counting parts would favour short jobs. */
  isWorkAtEnd: boolean;
}

export function emptyPhase(): Phase {
  const phase = {} as Phase;
  resetPhase(phase);
  return phase;
}

/** A RUN of nothing, on no memory. */
export function resetPhase(phase: Phase): void {
  phase.kind = RUN;
  phase.instructions = 0;
  phase.cyclesPerInstruction = 0;
  phase.accessesPerInstruction = 0;
  phase.linesInFlight = 1;
  phase.writeShare = 0;
  phase.region = NONE;
  phase.pattern = SWEEP;
  phase.workingSetBytes = 0;
  phase.missCurve = NONE;
  phase.passes = 1;
  phase.offsetBytes = 0;
  phase.bytes = 0;
  phase.object = NONE;
  phase.lock = NONE;
  phase.spinNs = 0;
  phase.durationNs = 0;
  phase.cpus = null;
  phase.weight = NONE;
  phase.sliceNs = NONE;
  phase.nodes = null;
  phase.isDisk = false;
  phase.isSystem = false;
  phase.work = 0;
  phase.isWorkAtEnd = false;
}

/** What a program may ask of its guest's kernel. Tasks and regions are numbered from 0 within the guest. */
export interface GuestCalls {
  readonly nowNs: number;
  /** Makes a blocked task ready; it then gets its next phase. */
  wake(task: number): void;
  /** Gives a region this many bytes of guest memory. False when the guest has no more. */
  allocate(region: number, bytes: number): boolean;
  /** Returns a region to the guest's free memory; the host is not told. */
  free(region: number): void;
  /** From here on everything counts: work, time and its causes (lmbench sets up before it times). Without a call, from the start. */
  startMeasuring(): void;
}

/**
 * How accesses at random (RANDOM, not sweeps) spread over the blocks of a region. Hot: blockShare of the blocks draws accessShare of
 * the accesses. Zipf: the r-th hottest draws 1/r^exponent. Normal: the bell of a normal distribution, cut off where the region ends, whose
 * standard deviation is that share of half the region. Which blocks are hot is drawn by address, to a 64th of them (heat.ts), and
 * moves on by a 64th every driftNs; 0 for never. The cache does not know heat: its hits follow the phase's working set.
 */
export type Heat =
  | { readonly kind: 'hot'; readonly blockShare: number; readonly accessShare: number; readonly driftNs: number }
  | { readonly kind: 'zipf'; readonly exponent: number; readonly driftNs: number }
  | { readonly kind: 'normal'; readonly deviation: number; readonly driftNs: number };

/** Points [bytes of the last-level cache, misses per access], bytes rising, misses falling; straight lines between them. */
export type MissCurve = readonly (readonly [bytes: number, misses: number])[];

/** A task that the host sees as a thread of its own. */
export interface ThreadSpec {
  readonly name: string;
  /** As of guests: 100 is nice 0. The guest's own weight is multiplied with it. */
  readonly weight: number;
  /** CPUs it may use, of those the policy gives it; null for all. */
  readonly cpus: readonly number[] | null;
  /** The slice it asks for; 0 for the policy's own. */
  readonly sliceNs: number;
}

/**
 * What a program throws when it cannot go on: one line, which names the place in what it was made from. The run ends with the status
 * `workload-error`.
 */
export class ProgramError extends Error {
  override name = 'ProgramError';
}

export interface GuestProgram {
  /** Tasks that start with the guest, or slots for open arrivals. */
  readonly tasks: number;
  /** How many of them start with the guest, the first ones; the others when they are forked. Left out: all, of an open guest none. */
  readonly starting?: number;
  readonly regions: number;
  /** [task] of a process whose threads the host schedules each: a guest of kind `bare`, without boot, with as many vCPUs as tasks. */
  readonly threads?: readonly ThreadSpec[];
  /** Somebody stops it when the run is over, so that tasks which all wait for one another are no deadlock. */
  readonly isStopped?: boolean;
  /** [region] null where accesses spread evenly, as they do everywhere without this. */
  readonly heat?: readonly (Heat | null)[];
  /** What its tasks wait for, numbered from 0 within each kind: how many locks and conditions, sizes of barriers, counts of semaphores. */
  readonly locks?: number;
  readonly conditions?: number;
  readonly barriers?: readonly number[];
  readonly semaphores?: readonly number[];
  /** Unit of throughput: the sum of `work` per second, in this unit. */
  readonly unit: string;
  /** Curves that phases may name instead of going by their pattern. */
  readonly missCurves?: readonly MissCurve[];
  /** Fills `phase` with what the task does next. Called when its last phase has ended. */
  next(task: number, phase: Phase, calls: GuestCalls): void;
  /** An open guest: time until the next arrival. Each takes a free task slot; none free ends the run with an error. */
  nextArrivalNs?(): number;
  /** An open guest: an arrival has taken this slot. Its `next` follows when it has a vCPU. */
  arrived?(task: number, nowNs: number): void;
  /** Further figures for the result, such as nanoseconds per load. */
  figures?(measured: { workDone: number; measuredNs: number }): Record<string, number>;
  /** Further figures of one of its threads. */
  threadFigures?(task: number): Record<string, number>;
}

/** What a workload may know of the guest it runs in. */
export interface WorkloadSetup {
  readonly clockGHz: number;
  readonly l1Bytes: number;
  readonly l2Bytes: number;
  readonly llcBytes: number;
  readonly hitCycles: { readonly l1: number; readonly l2: number; readonly llc: number };
  readonly blockBytes: number;
  readonly vcpus: number;
  readonly memoryBytes: number;
  /** CPUs and nodes of the machine, which processes may name. */
  readonly hostCpus: number;
  readonly hostNodes: number;
  /** Memory that the guest's own kernel and page cache hold after boot. */
  readonly freeBytes: number;
  /** A stream of this guest's own, by purpose. */
  stream(vcpu: number, purpose: string): Random;
}

export interface WorkloadEntry {
  readonly name: string;
  readonly summary: string;
  /** Whether it runs until the run's duration is over, or ends by itself. */
  readonly ends: 'never' | 'by itself';
  readonly options: readonly OptionSpec[];
  build(options: OptionValues, setup: WorkloadSetup): GuestProgram;
}
