import { type Phase, RUN } from '../sim/workload-api.ts';
import { NONE } from '../sim/units.ts';

/** Fills a phase that computes at one instruction a cycle and uses no memory, so that its time depends on nothing but the clock. */
export function fillCompute(phase: Phase, instructions: number, work: number): void {
  phase.kind = RUN;
  phase.instructions = instructions;
  phase.cyclesPerInstruction = 1;
  phase.accessesPerInstruction = 0;
  phase.linesInFlight = 1;
  phase.region = NONE;
  phase.work = work;
}

/** A job of queueing theory: it only computes, and counts when it is done. */
export function fillJob(phase: Phase, instructions: number): void {
  fillCompute(phase, instructions, 1);
  phase.isWorkAtEnd = true;
}

/** A drawn time as the simulator has it: whole, and never nothing. */
export function wholeNs(drawnNs: number): number {
  return Math.max(1, Math.round(drawnNs));
}
