import { DONE, type GuestProgram, type Phase, RANDOM, RUN, type WorkloadEntry } from '../sim/workload-api.ts';
import { ownRegions } from './own-regions.ts';

/** What the threads of a program are like, as counters say it. */
export interface MeasuredCharacter {
  readonly cyclesPerInstruction: number; //   without what misses take
  readonly accessesPerInstruction: number; // of the last-level cache
  readonly missRatio: number; //              of them that go to memory, whatever share of the cache there is
  readonly writeShare: number; //             of the misses
  readonly linesInFlight: number;
}

export interface MeasuredProgram extends MeasuredCharacter {
  readonly threads: number;
  /** Of all threads together. */
  readonly instructions: number;
  /** Region of each thread. */
  readonly regionBytes: number;
  /** How long it took where it was measured; null where that is not known. */
  readonly tracedNs: number | null;
}

/** Threads of one character: each fills a region of its own, waits for the others, and does its part of the instructions on it. */
export function measuredProgram(name: string, program: MeasuredProgram): WorkloadEntry {
  return {
    name,
    summary: 'a program with the character that perf stat measured',
    ends: 'by itself',
    options: [],
    build: () => programOf(program),
  };
}

function programOf(program: MeasuredProgram): GuestProgram {
  const { threads, instructions, regionBytes, missRatio } = program;
  const hasRun = new Uint8Array(threads);
  let startNs = -1;
  let endNs = -1;

  function fillRun(phase: Phase, task: number, { nowNs }: { nowNs: number }): void {
    if (startNs < 0) startNs = nowNs;
    if (hasRun[task] === 1) {
      endNs = nowNs;
      phase.kind = DONE;
      return;
    }
    hasRun[task] = 1;
    phase.kind = RUN;
    phase.instructions = instructions / threads;
    phase.cyclesPerInstruction = program.cyclesPerInstruction;
    phase.accessesPerInstruction = program.accessesPerInstruction;
    phase.linesInFlight = program.linesInFlight;
    phase.writeShare = program.writeShare;
    phase.region = task;
    phase.pattern = RANDOM;
    phase.workingSetBytes = regionBytes;
    phase.missCurve = 0;
    phase.work = phase.instructions / 1e9;
  }

  return {
    ...ownRegions(threads, regionBytes, fillRun),
    unit: 'Ginstr/s',
    missCurves: [[[0, missRatio]]],
    figures: () => ({ programNs: endNs < 0 ? 0 : endNs - startNs, ...(program.tracedNs === null ? {} : { tracedNs: program.tracedNs }) }),
  };
}
