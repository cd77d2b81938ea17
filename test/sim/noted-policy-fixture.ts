import { expect } from 'vitest';
import { run } from '../../sim/engine.ts';
import { type CpuPolicy, DSQ_LOCAL, type Kernel, type Policy, WAKE_FORK } from '../../sim/policy-api.ts';
import type { Recording } from '../../sim/recording.ts';
import type { GuestSpec, Scenario } from '../../sim/scenario.ts';
import { type CpuId, us } from '../../sim/units.ts';
import { DONE, type Phase, SLEEP, YIELD } from '../../sim/workload-api.ts';
import { asEntry, computes, FREE_COSTS, guest, lopsidedMachine, onNodes, program, scenario } from './scenario-fixture.ts';

/** Every hook a cpu part can have, each noting its call. First come first served on CPU 0, but a new vCPU starts on CPU firsts[vCPU]. */
export function noted(calls: string[], own: Partial<CpuPolicy> = {}, firsts: readonly number[] = []): CpuPolicy {
  const at = (k: Kernel, text: string): void => void calls.push(`${k.nowNs / 1000} ${text}`);
  return {
    name: 'noted',
    init: (k) => at(k, 'init'),
    guestInit: (k, g) => at(k, `guestInit ${g}`),
    guestExit: (k, g) => at(k, `guestExit ${g}`),
    initTask: (k, v) => at(k, `initTask ${v}`),
    enable: (k, v) => at(k, `enable ${v}`),
    disable: (k, v) => at(k, `disable ${v}`),
    exitTask: (k, v) => at(k, `exitTask ${v}`),
    selectCpu(k, v, prev, flags) {
      at(k, `selectCpu ${v} prev ${prev} flags ${flags}`);
      return (flags === WAKE_FORK ? (firsts[v] ?? 0) : 0) as CpuId;
    },
    enqueue(k, v, flags) {
      at(k, `enqueue ${v} flags ${flags}`);
      k.dsqInsert(v, DSQ_LOCAL, us(400), 0);
    },
    dequeue: (k, v, flags) => at(k, `dequeue ${v} flags ${flags}`),
    dispatch: (k, cpu, prev) => at(k, `dispatch ${cpu} prev ${prev}`),
    runnable: (k, v, flags) => at(k, `runnable ${v} flags ${flags}`),
    running: (k, v, cpu) => at(k, `running ${v} on ${cpu}`),
    stopping: (k, v, cpu, isRunnable) => at(k, `stopping ${v} on ${cpu} ${isRunnable ? 'runnable' : 'blocked'}`),
    quiescent: (k, v, flags) => at(k, `quiescent ${v} flags ${flags}`),
    updateIdle: (k, cpu, isIdle) => at(k, `updateIdle ${cpu} ${isIdle ? 'idle' : 'busy'}`),
    setWeight: (k, v, weight) => at(k, `setWeight ${v} ${weight}`),
    setCpumask: (k, v) => at(k, `setCpumask ${v}`),
    cpuOnline: (k, cpu) => at(k, `cpuOnline ${cpu}`),
    cpuOffline: (k, cpu) => at(k, `cpuOffline ${cpu}`),
    ...own,
  };
}

export type Step = (phase: Phase) => void;
export const runs = (microseconds: number): Step => (phase) => computes(phase, us(microseconds) * lopsidedMachine.clockGHz); // prettier-ignore
export const sleeps =
  (microseconds: number): Step =>
  (phase) => {
    phase.kind = SLEEP;
    phase.durationNs = us(microseconds);
  };
export const yields: Step = (phase) => {
  phase.kind = YIELD;
};

/** One process with these steps. */
export function does(name: string, ...steps: Step[]): GuestSpec {
  let at = 0;
  const work = program((_task, phase) => {
    const step = steps[at++];
    if (step) step(phase);
    else phase.kind = DONE;
  });
  return guest(work, { name, kind: 'bare' });
}

export function played(
  calls: string[],
  guests: GuestSpec[],
  policy: Partial<Policy> & { cpu: CpuPolicy },
  more: Partial<Scenario> = {},
): Recording {
  const entry = asEntry(() => ({ name: 'noted', memory: onNodes(() => 0), ...policy }));
  const recording = run(scenario({ policy: entry, guests, costs: FREE_COSTS, ...more }));
  expect(recording.message).toBeNull();
  // what comes before the first wake is the same everywhere, and tested once
  const first = calls.findIndex((call) => call.includes('selectCpu') || call.includes('runnable'));
  calls.splice(0, first);
  return recording;
}
