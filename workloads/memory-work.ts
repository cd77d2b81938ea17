import { type Phase, RANDOM, RUN } from '../sim/workload-api.ts';
import { fillCompute } from './computing.ts';

/** Idle latency of local memory at which a share of waiting is meant: Opteron 6172 (LPD-EPFL/mctop, lpd48core), as in kernbench. */
const LOCAL_LATENCY_NS = 67;
const LINES_IN_FLIGHT = 2; // assumed, as in kernbench and specjbb-like
const WRITE_SHARE = 0.2; //   assumed, as in specjbb-like

/** Fills a phase of this much CPU time, on that region. */
export type FillWork = (phase: Phase, cpuNs: number, region: number) => void;

/**
 * Work that is stated as CPU time: what it takes where all its accesses go to idle local memory of 67 ns. A cache makes it shorter,
 * memory that is far or busy longer. An instruction is a cycle of the CPU.
 * @param share of that time which waits for memory, 0 to less than 1
 * @param bytes of the region it works on, at random; 0: none, and all of the time computes
 */
export function memoryWork(clockGHz: number, share: number, bytes: number): FillWork {
  if (share === 0 || bytes === 0) return (phase, cpuNs) => fillCompute(phase, cpuNs * clockGHz, 0);
  const instructionsPerNs = (1 - share) * clockGHz;
  const accesses = (share * LINES_IN_FLIGHT) / ((1 - share) * clockGHz * LOCAL_LATENCY_NS); // an instruction
  return (phase, cpuNs, region) => {
    phase.kind = RUN;
    phase.instructions = cpuNs * instructionsPerNs;
    phase.cyclesPerInstruction = 1;
    phase.accessesPerInstruction = accesses;
    phase.linesInFlight = LINES_IN_FLIGHT;
    phase.writeShare = WRITE_SHARE;
    phase.region = region;
    phase.pattern = RANDOM;
    phase.workingSetBytes = bytes;
  };
}
