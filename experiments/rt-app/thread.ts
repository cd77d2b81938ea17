import type { ThreadPlan } from './plan.ts';

/** Where a thread stands, and what it has asked the kernel for. */
export class Thread {
  readonly plan: ThreadPlan;
  readonly index: number;
  readonly loops: number; // of the task
  /** What rt-app calls it: known once it has started. */
  ind = -1;
  hasStarted = false;
  phase = 0;
  phaseLoops = 0;
  threadLoops = 0;
  isInPhase = false;
  step = 0;
  stepsAtOnce = 0;
  lastNs = -1; // when it was last asked
  /** Of the step that is under way; NONE between steps. */
  stepNs = -1;
  loopNs = -1; //      when the present loop began
  firstLoopNs = -1;
  loopsDone = 0;
  cpus: readonly number[] | null;
  weight: number;
  sliceNs: number;
  nodes: readonly number[] | null = null;
  readonly held = new Set<number>(); // locks
  // of the row that rt-app logs for the present loop
  runNs = 0;
  rounds = 0;
  slackNs = 0;
  wakeNs = 0;
  plannedRunNs = 0;
  plannedPeriodNs = 0;

  constructor(plan: ThreadPlan, index: number, loops: number) {
    this.plan = plan;
    this.index = index;
    this.loops = loops;
    this.cpus = plan.spec.cpus;
    this.weight = plan.spec.weight;
    this.sliceNs = plan.spec.sliceNs;
  }
}

/** Its next loop begins: the row that is logged of it, too. */
export function beginLoop(thread: Thread, nowNs: number): void {
  thread.isInPhase = true;
  thread.step = 0;
  thread.loopNs = nowNs;
  if (thread.firstLoopNs < 0) thread.firstLoopNs = nowNs;
  thread.runNs = thread.rounds = thread.slackNs = thread.wakeNs = thread.plannedRunNs = thread.plannedPeriodNs = 0;
}
