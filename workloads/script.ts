import { us } from '../sim/units.ts';
import { DONE, type GuestProgram, type Phase, SLEEP, type WorkloadEntry } from '../sim/workload-api.ts';
import { fillCompute } from './computing.ts';

/** What one thread does, step by step. */
export interface Script {
  /** Before it begins. */
  readonly delayNs: number;
  /** How often its parts are gone through, and each part by itself; -1 for ever. */
  readonly loop: number;
  readonly parts: readonly ScriptPart[];
}

export interface ScriptPart {
  readonly loop: number;
  readonly steps: readonly ScriptStep[];
}

export interface ScriptStep {
  /** run: so much CPU time; wall: computing until so much time has passed; timer: until its next period begins. */
  readonly kind: 'run' | 'wall' | 'sleep' | 'timer';
  readonly ns: number;
  /** Its place among the timers. */
  readonly timer?: number;
  /** A timer that was missed keeps its grid; otherwise it begins anew from then on. */
  readonly isAbsolute?: boolean;
}

/** Timers by number: when their next period begins, NaN before the first use. */
export type Timers = Float64Array;

/** A timer is set to go off up to so much late, and does if no other interrupt comes before: prctl(2), PR_SET_TIMERSLACK. */
const TIMER_SLACK_NS = us(50);
/** `wall` looks at the clock so often, as rt-app's `runtime` does. */
const CHUNK_NS = us(32);

/**
 * A thread that follows a script, as rt-app has them. Threads of one file may share timers: each wait for one moves it on by a period.
 * They start when the guest does, so a timer's first period begins then, after the delay.
 */
export function scripted(name: string, summary: string, script: Script, timers: Timers): WorkloadEntry {
  return {
    name,
    summary,
    ends: script.loop < 0 || script.parts.some(({ loop }) => loop < 0) ? 'never' : 'by itself',
    options: [],
    build(_, { clockGHz }) {
      if (script.parts.some(({ steps }) => steps.every(({ ns }) => ns === 0))) throw new RangeError(`${name}: a part that takes no time`);
      timers.fill(NaN); // programs of a run are built before it starts
      return programOf(script, timers, clockGHz);
    },
  };
}

function programOf(script: Script, timers: Timers, clockGHz: number): GuestProgram {
  const { parts } = script;
  let part = 0;
  let step = 0;
  let partRounds = 0; //   of the present part
  let rounds = 0; //       of the whole
  let startNs = -1; //     when its steps began
  let wallEndNs = -1; //   of a wall step that has begun

  function advance(): void {
    const { loop, steps } = parts[part]!;
    if (++step < steps.length) return;
    step = 0;
    if (loop < 0 || ++partRounds < loop) return;
    partRounds = 0;
    if (++part < parts.length) return;
    part = 0;
    rounds++;
  }

  /** Fills a phase and says so, or does what takes no time. */
  function fill({ kind, ns, timer = 0, isAbsolute = false }: ScriptStep, phase: Phase, nowNs: number): boolean {
    if (kind === 'run') {
      fillCompute(phase, ns * clockGHz, ns / 1e9);
      return ns > 0;
    }
    if (kind === 'sleep') return fillSleep(phase, ns);
    if (kind === 'wall') {
      if (wallEndNs < 0) wallEndNs = nowNs + ns;
      if (nowNs >= wallEndNs) {
        wallEndNs = -1;
        return false;
      }
      fillCompute(phase, CHUNK_NS * clockGHz, CHUNK_NS / 1e9);
      return true;
    }
    const next = (Number.isNaN(timers[timer]!) ? startNs : timers[timer]!) + ns;
    timers[timer] = next;
    if (nowNs < next) return fillSleep(phase, next - nowNs);
    if (!isAbsolute) timers[timer] = nowNs;
    return false;
  }

  return {
    tasks: 1,
    regions: 0,
    unit: 's/s',
    next(_task, phase, { nowNs }) {
      if (startNs < 0) {
        startNs = nowNs + script.delayNs;
        if (script.delayNs > 0) {
          fillSleep(phase, script.delayNs);
          return;
        }
      }
      for (;;) {
        if (script.loop >= 0 && rounds >= script.loop) {
          phase.kind = DONE;
          return;
        }
        const isFilled = fill(parts[part]!.steps[step]!, phase, nowNs);
        if (wallEndNs < 0) advance();
        if (isFilled) return;
      }
    },
  };
}

function fillSleep(phase: Phase, ns: number): boolean {
  phase.kind = SLEEP;
  phase.durationNs = ns + TIMER_SLACK_NS;
  return ns > 0;
}
