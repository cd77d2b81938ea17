import type { RtAppEvent } from '../../formats/rt-app/file.ts';
import { logUs } from '../../formats/rt-app/log.ts';
import { us } from '../../sim/units.ts';
import {
  AFFINITY,
  BARRIER,
  BLOCK,
  BROADCAST,
  DONE,
  DOWN,
  FORK,
  type GuestCalls,
  type GuestProgram,
  LOCK,
  MEMBIND,
  type Phase,
  ProgramError,
  RENICE,
  SIGNAL,
  SLEEP,
  TOUCH,
  UNLOCK,
  UP,
  WAIT,
  type WorkloadSetup,
  YIELD,
} from '../../sim/workload-api.ts';
import { fillCompute } from '../../workloads/computing.ts';
import { MOST_FORKS } from './forks.ts';
import { fillMemory, fillWrite } from './phases.ts';
import { placeOf, type RtAppPlan, type Step } from './plan.ts';
import type { RtAppRows } from './rows.ts';
import { beginLoop, Thread } from './thread.ts';

/** A timer is set to go off up to so much late, and does if no other interrupt comes before: prctl(2), PR_SET_TIMERSLACK. */
const TIMER_SLACK_NS = us(50);
/** `runtime` looks at the clock so often. */
const CHUNK_NS = us(32);
/** What a loop takes in which no event takes time, so that time goes on: clock, log and calls. Assumed. */
const EMPTY_LOOP_NS = us(1);
const MOST_STEPS_AT_ONCE = 10_000;
/** One round of rt-app's loop, where the file does not say it. Assumed, and only seen in the log. */
const ROUND_NS = 10;

/**
 * One process with all threads of an rt-app file. Events mean what they mean to rt-app @55cb0c0 (src/rt-app.c), as docs/rt-app.md says.
 * @param rows is given each loop of each thread; null where nobody asks
 * @throws ProgramError, while it runs, for what has no meaning, such as unlocking what is not held
 */
export function rtAppProgram(plan: RtAppPlan, setup: WorkloadSetup, rows: RtAppRows | null): GuestProgram {
  const run = new RtAppRun(plan, setup, rows);
  return {
    tasks: plan.threads.length,
    starting: plan.starting,
    threads: plan.threads.map(({ spec }) => spec),
    isStopped: plan.file.durationNs !== null,
    regions: plan.regions.length,
    locks: plan.locks,
    conditions: plan.conditions,
    barriers: plan.barriers,
    semaphores: new Array<number>(plan.semaphores).fill(0),
    unit: 'loops/s',
    next: (task, phase, calls) => run.next(task, phase, calls),
    figures: () => ({ loops: run.threads.reduce((sum, { loopsDone }) => sum + loopsDone, 0) }),
    threadFigures: (task) => run.figuresOf(task),
  };
}

class RtAppRun {
  readonly threads: readonly Thread[];
  private readonly plan: RtAppPlan;
  private readonly setup: WorkloadSetup;
  private readonly rows: RtAppRows | null;
  private readonly roundNs: number;
  private readonly timers: Float64Array; //          [timer] when it goes off next, NaN before its first use
  private readonly isAllocated: Uint8Array; //       [region]
  private readonly suspended: readonly number[][]; // [suspension] threads that are
  private readonly forked: Int32Array; //            [task] threads made of it
  private threadCount: number;
  private zeroNs = -1; // when the first thread began

  constructor(plan: RtAppPlan, setup: WorkloadSetup, rows: RtAppRows | null) {
    const { tasks } = plan.file;
    this.plan = plan;
    this.setup = setup;
    this.rows = rows;
    this.roundNs = plan.file.calibrationNs ?? ROUND_NS;
    this.threads = plan.threads.map((thread, index) => new Thread(thread, index, tasks[thread.task]!.loop));
    this.timers = new Float64Array(plan.timers).fill(NaN);
    this.isAllocated = new Uint8Array(plan.regions.length);
    this.suspended = Array.from({ length: plan.suspensions }, () => []);
    this.forked = new Int32Array(tasks.length);
    this.threadCount = plan.starting;
    for (let i = 0; i < plan.starting; i++) this.threads[i]!.ind = i;
    rows?.begin(plan);
  }

  next(task: number, phase: Phase, calls: GuestCalls): void {
    const thread = this.threads[task]!;
    const { nowNs } = calls;
    if (!thread.hasStarted && this.starts(thread, phase, nowNs)) return;
    if (nowNs > thread.lastNs) thread.stepsAtOnce = 0;
    thread.lastNs = nowNs;
    if (thread.stepNs >= 0) this.endStep(thread, nowNs);
    for (;;) {
      if (!thread.isInPhase) {
        if (thread.loops >= 0 && thread.threadLoops >= thread.loops) {
          phase.kind = DONE;
          return;
        }
        if (this.sets(thread, phase)) return;
        beginLoop(thread, nowNs);
      }
      const { steps, computing } = thread.plan.phases[thread.phase]!;
      const step = steps[thread.step];
      if (step === undefined) {
        const isEmpty = nowNs === thread.loopNs;
        this.endLoop(thread, nowNs);
        if (isEmpty) return fillCompute(phase, EMPTY_LOOP_NS * this.setup.clockGHz, 0);
        continue;
      }
      if (thread.stepsAtOnce++ > MOST_STEPS_AT_ONCE) {
        thread.stepsAtOnce = 0;
        return fillCompute(phase, EMPTY_LOOP_NS * this.setup.clockGHz, 0);
      }
      if (this.perform(thread, step, phase, calls, 1 / computing)) return;
    }
  }

  figuresOf(task: number): Record<string, number> {
    const { loopsDone, firstLoopNs, loopNs, isInPhase } = this.threads[task]!;
    const begun = loopsDone + (isInPhase ? 1 : 0);
    return { loops: loopsDone, ...(begun > 1 && { meanPeriodNs: (loopNs - firstLoopNs) / (begun - 1) }) };
  }

  /** True while it waits for its delay, which is counted from the begin of the whole. */
  private starts(thread: Thread, phase: Phase, nowNs: number): boolean {
    thread.hasStarted = true;
    if (this.zeroNs < 0) this.zeroNs = nowNs;
    const leftNs = this.firstNs(thread) - nowNs;
    return leftNs > 0 && fillSleep(phase, leftNs);
  }

  /** What its timers count from: rt-app's t_first. */
  private firstNs(thread: Thread): number {
    return this.zeroNs + this.plan.file.tasks[thread.plan.task]!.delayNs;
  }

  /** What the kernel must be told before the phase: one thing at a time, and nothing that is so already. */
  private sets(thread: Thread, phase: Phase): boolean {
    const { cpus, weight, sliceNs, nodes } = thread.plan.phases[thread.phase]!;
    const wanted = nodes ?? (thread.nodes === null ? thread.plan.nodes : null);
    if (cpus !== thread.cpus) {
      phase.kind = AFFINITY;
      phase.cpus = thread.cpus = cpus;
      return true;
    }
    if ((weight !== null && weight !== thread.weight) || (sliceNs !== null && sliceNs !== thread.sliceNs)) {
      phase.kind = RENICE;
      phase.weight = thread.weight = weight ?? thread.weight;
      phase.sliceNs = thread.sliceNs = sliceNs ?? thread.sliceNs;
      return true;
    }
    if (wanted === null || wanted === thread.nodes) return false;
    phase.kind = MEMBIND;
    phase.nodes = thread.nodes = wanted;
    return true;
  }

  /** Begins or goes on with a step. True when the phase is filled; false when the step took no time, or is over. */
  private perform(thread: Thread, step: Step, phase: Phase, calls: GuestCalls, work: number): boolean {
    const { nowNs } = calls;
    switch (step.kind) {
      case 'run':
        thread.plannedRunNs += step.ns;
        thread.rounds += Math.floor(step.ns / this.roundNs);
        thread.stepNs = nowNs;
        if (step.ns === 0) return this.passes(thread, nowNs);
        fillCompute(phase, step.ns * this.setup.clockGHz, work);
        return true;
      case 'runtime':
        return this.runFor(thread, step.ns, phase, nowNs, work);
      case 'sleep':
        thread.step++;
        return step.ns > 0 && fillSleep(phase, step.ns);
      case 'timer':
        return this.waitForTimer(thread, step, phase, nowNs);
      case 'memory':
        if (this.touches(step, phase, calls)) return true;
        thread.step++;
        fillMemory(phase, step.access, step.region, this.setup);
        phase.work = work;
        return true;
      case 'write':
        thread.step++;
        fillWrite(phase, step.bytes, step.bufferBytes, this.setup.clockGHz);
        phase.work = work;
        return step.bytes > 0;
      default:
        thread.step++;
        return this.synchronises(thread, step, phase, calls);
    }
  }

  private synchronises(thread: Thread, step: Step, phase: Phase, calls: GuestCalls): boolean {
    switch (step.kind) {
      case 'lock':
        if (thread.held.has(step.object)) fail(thread, step, `locks ${step.name}, which it holds: it would wait for itself`);
        thread.held.add(step.object);
        return fill(phase, LOCK, step.object);
      case 'unlock':
        if (!thread.held.delete(step.object)) fail(thread, step, `unlocks ${step.name}, which it does not hold`);
        return fill(phase, UNLOCK, step.object);
      case 'wait':
        if (!thread.held.has(step.lock)) fail(thread, step, `waits with ${step.name}, which it does not hold`);
        phase.lock = step.lock;
        return fill(phase, WAIT, step.object);
      case 'signal':
        return fill(phase, SIGNAL, step.object);
      case 'broad':
        return fill(phase, BROADCAST, step.object);
      case 'barrier':
        return fill(phase, BARRIER, step.object);
      case 'sem_post':
        return fill(phase, UP, step.object);
      case 'sem_wait':
        return fill(phase, DOWN, step.object);
      case 'suspend':
        this.suspended[step.object]!.push(thread.index);
        phase.kind = BLOCK;
        return true;
      case 'resume':
        for (const index of this.suspended[step.object]!.splice(0)) calls.wake(index);
        return false;
      case 'fork':
        return this.forks(thread, step, phase);
      case 'yield':
        phase.kind = YIELD;
        return true;
      default:
        return false;
    }
  }

  /** Rounds of 32 us until so much time has passed, in which others may have run. */
  private runFor(thread: Thread, ns: number, phase: Phase, nowNs: number, work: number): boolean {
    if (thread.stepNs < 0) {
      thread.plannedRunNs += ns;
      thread.stepNs = nowNs;
    } else if (nowNs - thread.stepNs >= ns) return this.passes(thread, nowNs);
    thread.rounds += Math.floor(CHUNK_NS / this.roundNs);
    fillCompute(phase, CHUNK_NS * this.setup.clockGHz, ns > 0 ? work * Math.min(1, CHUNK_NS / ns) : work);
    return true;
  }

  private waitForTimer(thread: Thread, step: Step & { kind: 'timer' }, phase: Phase, nowNs: number): boolean {
    const { timers } = this;
    const fromNs = timers[step.timer]!;
    const nextNs = (Number.isNaN(fromNs) ? this.firstNs(thread) : fromNs) + step.ns;
    timers[step.timer] = nextNs;
    thread.plannedPeriodNs += step.ns;
    const slackNs = nextNs - nowNs;
    thread.slackNs = this.plan.file.isSlackCumulative ? thread.slackNs + slackNs : slackNs;
    if (slackNs > 0) {
      thread.stepNs = nextNs;
      return fillSleep(phase, slackNs);
    }
    if (!step.isAbsolute) timers[step.timer] = nowNs;
    thread.wakeNs = 0;
    thread.step++;
    return false;
  }

  /** Memory that nobody has used yet is written once by whoever comes first: that is where it is placed. */
  private touches({ region }: Step & { kind: 'memory' }, phase: Phase, calls: GuestCalls): boolean {
    if (this.isAllocated[region] === 1) return false;
    const bytes = this.plan.regions[region]!;
    if (!calls.allocate(region, bytes)) throw new ProgramError(`the guest has no ${bytes} bytes left`);
    this.isAllocated[region] = 1;
    phase.kind = TOUCH;
    phase.region = region;
    phase.bytes = bytes;
    return true;
  }

  private forks(thread: Thread, step: Step & { kind: 'fork' }, phase: Phase): boolean {
    const { first, count } = this.plan.forks[step.task]!;
    const made = this.forked[step.task]!++;
    if (made === count) {
      const { name } = this.plan.file.tasks[step.task]!;
      fail(thread, step, `forks ${name} more than ${count} times, rt-app's own limit being ${MOST_FORKS}`);
    }
    this.threads[first + made]!.ind = this.threadCount++;
    return fill(phase, FORK, first + made);
  }

  /** The step under way is over: what rt-app measures of it. */
  private endStep(thread: Thread, nowNs: number): void {
    const step = thread.plan.phases[thread.phase]!.steps[thread.step]!;
    if (step.kind === 'runtime') return; // it looks at the clock itself
    if (step.kind === 'timer') {
      thread.wakeNs += nowNs - thread.stepNs;
      thread.stepNs = -1;
      thread.step++;
    } else this.passes(thread, nowNs);
  }

  private passes(thread: Thread, nowNs: number): false {
    thread.runNs += nowNs - thread.stepNs;
    thread.stepNs = -1;
    thread.step++;
    return false;
  }

  private endLoop(thread: Thread, nowNs: number): void {
    thread.isInPhase = false;
    thread.loopsDone++;
    this.rows?.add(thread.index, this.rowOf(thread, nowNs));
    const { loop } = thread.plan.phases[thread.phase]!;
    if (loop < 0 || ++thread.phaseLoops < loop) return;
    thread.phaseLoops = 0;
    if (++thread.phase < thread.plan.phases.length) return;
    thread.phase = 0;
    if (thread.loops >= 0) thread.threadLoops++;
  }

  private rowOf(thread: Thread, nowNs: number): Parameters<RtAppRows['add']>[1] {
    return {
      index: thread.ind,
      perf: thread.rounds,
      runUs: logUs(thread.runNs),
      periodUs: logUs(nowNs - thread.loopNs),
      startUs: logUs(thread.loopNs),
      endUs: logUs(nowNs),
      relativeStartUs: logUs(thread.loopNs - this.zeroNs),
      slackUs: logUs(thread.slackNs),
      configuredRunUs: logUs(thread.plannedRunNs),
      configuredPeriodUs: logUs(thread.plannedPeriodNs),
      wakeLatencyUs: logUs(thread.wakeNs),
    };
  }
}

function fill(phase: Phase, kind: number, object: number): true {
  phase.kind = kind;
  phase.object = object;
  return true;
}

function fillSleep(phase: Phase, ns: number): true {
  phase.kind = SLEEP;
  phase.durationNs = ns + TIMER_SLACK_NS;
  return true;
}

function fail({ plan, phase }: Thread, { event }: { readonly event: RtAppEvent }, what: string): never {
  throw new ProgramError(`${placeOf(plan.phases[phase]!.path, event)}: thread ${plan.spec.name} ${what}`);
}
