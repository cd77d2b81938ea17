import type { Random } from '../sim/random.ts';
import { type GuestCalls, type GuestProgram, type Phase, SLEEP } from '../sim/workload-api.ts';
import { latencyFigures, latencyOf } from './latencies.ts';
import { LogHistogram } from './log-histogram.ts';
import type { FillWork } from './memory-work.ts';
import { ownRegions } from './own-regions.ts';

/** What a task does next. */
const PLAN = 0;
const DUE = 1;
const FINISH = 2;

export interface TimedBursts {
  readonly tasks: number;
  /** Each task's own region; 0: none. */
  readonly regionBytes: number;
  /** Open: bursts are due at times drawn beforehand. Closed: a task is idle for so long after each of its bursts. */
  readonly isOpen: boolean;
  /** Open: from one due time to the next. Closed: the time asleep; 0 is none. */
  drawGapNs(task: number): number;
  drawBurstNs(task: number): number;
  readonly fill: FillWork;
  /** Work that a burst of so much CPU time adds, all at its end where `isWorkAtEnd`. */
  workOf(burstNs: number): number;
  readonly isWorkAtEnd: boolean;
  /** Whether it tells how much longer its bursts took than their CPU time, waits included. */
  readonly tellsStretch: boolean;
}

/**
 * Tasks that a timer wakes for a burst of CPU time, again and again. A wake latency is the time from when the timer is due to when the
 * task runs; a burst that was due while the one before it still ran has none, as nobody woke for it. A burst's response time counts from
 * when it was due in any case, so bursts that pile up are late by all of it, which a clock started when the task comes to them would not show
 * (coordinated omission).
 */
export function timedBursts(bursts: TimedBursts): Pick<GuestProgram, 'tasks' | 'regions' | 'next' | 'figures'> {
  const { tasks, isOpen } = bursts;
  const step = new Uint8Array(tasks);
  const dueNs = new Float64Array(tasks).fill(-1); // [task] when its burst was or is due; -1 before its first
  const burstNs = new Float64Array(tasks);
  const wakes = new LogHistogram();
  const responses = new LogHistogram();
  let demandedNs = 0; // of the bursts that are done

  function plan(phase: Phase, task: number, nowNs: number): boolean {
    const gapNs = bursts.drawGapNs(task);
    dueNs[task] = (isOpen && dueNs[task]! >= 0 ? dueNs[task]! : nowNs) + gapNs;
    if (dueNs[task]! <= nowNs) return false;
    phase.kind = SLEEP;
    phase.durationNs = dueNs[task]! - nowNs;
    return true;
  }

  function next(phase: Phase, task: number, calls: GuestCalls): void {
    if (step[task] === FINISH) {
      step[task] = PLAN;
      responses.add(latencyOf(dueNs[task]!, calls.nowNs));
      demandedNs += burstNs[task]!;
    }
    if (step[task] === PLAN) {
      step[task] = DUE;
      if (plan(phase, task, calls.nowNs)) return;
    } else wakes.add(latencyOf(dueNs[task]!, calls.nowNs));
    step[task] = FINISH;
    burstNs[task] = bursts.drawBurstNs(task);
    bursts.fill(phase, burstNs[task]!, task);
    phase.work = bursts.workOf(burstNs[task]!);
    phase.isWorkAtEnd = bursts.isWorkAtEnd;
  }

  return {
    ...ownRegions(tasks, bursts.regionBytes, next),
    figures: () => ({
      ...latencyFigures('Wake', wakes),
      ...latencyFigures('Response', responses),
      ...(bursts.tellsStretch && demandedNs > 0 ? { meanStretch: (responses.mean * responses.count) / demandedNs } : {}),
    }),
  };
}

/** A stream for each task, of one purpose. */
export function streamOfEach(tasks: number, stream: (task: number) => Random): readonly Random[] {
  return Array.from({ length: tasks }, (_, task) => stream(task));
}
