import { defaultOptions, type OptionValues } from '../../sim/options.ts';
import { namedStream } from '../../sim/random.ts';
import { GiB, KiB, MiB, NONE } from '../../sim/units.ts';
import {
  BLOCK,
  DONE,
  type GuestCalls,
  type GuestProgram,
  LOCK,
  emptyPhase as plainPhase,
  type Phase,
  RUN,
  SLEEP,
  TOUCH,
  UNLOCK,
  type WorkloadSetup,
} from '../../sim/workload-api.ts';
import { workloadNamed } from '../../workloads/index.ts';

/** No two figures alike, and none of a real machine. */
export function setupOf(changes: Partial<WorkloadSetup> & { seed?: string } = {}): WorkloadSetup {
  return {
    clockGHz: 2.5,
    l1Bytes: KiB(32),
    l2Bytes: KiB(256),
    llcBytes: MiB(6),
    hitCycles: { l1: 4, l2: 13, llc: 41 },
    blockBytes: MiB(2),
    vcpus: 3,
    memoryBytes: GiB(2),
    hostCpus: 7,
    hostNodes: 3,
    freeBytes: MiB(1800),
    stream: (vcpu, purpose) => namedStream(changes.seed ?? '7', 'guest', vcpu, purpose),
    ...changes,
  };
}

export function programOf(name: string, options: OptionValues = {}, setup: WorkloadSetup = setupOf()): GuestProgram {
  const entry = workloadNamed(name)!;
  return entry.build({ ...defaultOptions(entry.options), ...options }, setup);
}

export interface Step {
  readonly task: number;
  readonly phase: Phase;
  /** Calls of startMeasuring before this phase. */
  readonly measuring: number;
}

export interface Trace {
  readonly steps: Step[];
  /** Tasks that neither ended nor can go on: a wake-up was lost. */
  readonly stuck: number[];
  readonly doneCount: number;
  readonly wakes: number;
  readonly mostBytes: number;
  readonly leftBytes: number;
  readonly measuring: number;
}

/**
 * Steps a closed program and refuses what a guest's kernel would: waking a task that is not blocked, working on memory it has not
 * got, allocating twice. `choose` picks which runnable task finishes its phase next: the order of execution is the test's.
 */
export function play(program: GuestProgram, maxSteps: number, choose: (count: number) => number, limitBytes = Infinity): Trace {
  const runnable = Array.from({ length: program.tasks }, (_, task) => task);
  const blocked = new Set<number>();
  const sizes = new Map<number, number>();
  const steps: Step[] = [];
  const trace = { steps, stuck: [] as number[], doneCount: 0, wakes: 0, mostBytes: 0, leftBytes: 0, measuring: 0 };
  const holders = new Map<number, number>(); // lock -> task, then who waits for it
  const waiting = new Map<number, number[]>();
  /** Whether the task may go on: with the lock, or having given it up to who has waited longest. */
  const goesOn = (task: number, { kind, object }: Phase): boolean => {
    if (kind === LOCK) {
      if (!holders.has(object)) holders.set(object, task);
      else waiting.set(object, [...(waiting.get(object) ?? []), task]);
      return holders.get(object) === task;
    }
    if (holders.get(object) !== task) throw new Error(`unlock of ${object} by task ${task}, which does not hold it`);
    holders.delete(object);
    const next = waiting.get(object)?.shift();
    if (next === undefined) return true;
    holders.set(object, next);
    runnable.push(next);
    return true;
  };
  const heldBytes = (): number => [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  const calls: GuestCalls = {
    nowNs: 0,
    wake(task) {
      if (!blocked.delete(task)) throw new Error(`wake of task ${task}, which is not blocked`);
      trace.wakes++;
      runnable.push(task);
    },
    allocate(region, bytes) {
      if (sizes.has(region) || region >= program.regions) throw new Error(`allocate of region ${region}`);
      if (heldBytes() + bytes > limitBytes) return false;
      sizes.set(region, bytes);
      trace.mostBytes = Math.max(trace.mostBytes, heldBytes());
      return true;
    },
    free(region) {
      if (!sizes.delete(region)) throw new Error(`free of region ${region}, which is not allocated`);
    },
    startMeasuring() {
      trace.measuring++;
    },
  };
  while (runnable.length > 0 && steps.length < maxSteps) {
    const task = runnable.splice(choose(runnable.length), 1)[0]!;
    const phase = emptyPhase();
    program.next(task, phase, calls);
    checkPhase(phase, sizes, program);
    steps.push({ task, phase, measuring: trace.measuring });
    if (phase.kind === DONE) trace.doneCount++;
    else if (phase.kind === BLOCK) blocked.add(task);
    else if ((phase.kind !== LOCK && phase.kind !== UNLOCK) || goesOn(task, phase)) runnable.push(task);
  }
  trace.leftBytes = heldBytes();
  if (runnable.length === 0) trace.stuck.push(...blocked, ...[...waiting.values()].flat());
  return trace;
}

/** Of no kind yet, so that a program that does not choose one is found out. */
export function emptyPhase(): Phase {
  return { ...plainPhase(), kind: -1 };
}

function checkPhase(phase: Phase, sizes: ReadonlyMap<number, number>, program: GuestProgram): void {
  const wrong = (what: string): never => {
    throw new Error(`${what}: ${JSON.stringify(phase)}`);
  };
  if (phase.kind === RUN) {
    if (!(phase.instructions > 0 && Number.isFinite(phase.instructions))) wrong('instructions');
    if (!(phase.cyclesPerInstruction + phase.accessesPerInstruction > 0)) wrong('a phase that takes no time');
    if (!(phase.writeShare >= 0 && phase.writeShare <= 1 && phase.linesInFlight >= 1)) wrong('writeShare or linesInFlight');
    if (!(phase.work >= 0 && Number.isFinite(phase.work))) wrong('work');
    if (phase.region !== NONE && !sizes.has(phase.region)) wrong('region without memory');
    if (phase.accessesPerInstruction > 0 && phase.region === NONE) wrong('accesses without region');
    if (phase.accessesPerInstruction > 0 && !(phase.workingSetBytes > 0)) wrong('workingSetBytes');
  } else if (phase.kind === TOUCH) {
    const size = sizes.get(phase.region) ?? wrong('touch without memory');
    if (!(phase.bytes > 0 && phase.offsetBytes + phase.bytes <= size)) wrong('touch outside its region');
  } else if (phase.kind === SLEEP) {
    if (!(Number.isSafeInteger(phase.durationNs) && phase.durationNs >= 1)) wrong('durationNs');
  } else if (phase.kind === LOCK || phase.kind === UNLOCK) {
    if (!(phase.object >= 0 && phase.object < (program.locks ?? 0))) wrong('a lock that is not declared');
  } else if (phase.kind !== BLOCK && phase.kind !== DONE) {
    wrong('kind');
  }
}

export const inTurn = (): number => 0;
export const latestFirst = (count: number): number => count - 1;
