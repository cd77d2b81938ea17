import { LINE_BYTES, NONE, ms } from '../sim/units.ts';
import { type Phase, RUN, SWEEP, type WorkloadSetup } from '../sim/workload-api.ts';

/** Cycles to read a line from the core's own caches: 16 bytes a cycle, assumed. */
const CACHED_LINE_CYCLES = 4;
/** Only sets how finely small regions are cut into phases; assumed, about one thread's line from memory. */
const UNCACHED_LINE_NS = 16;
const PHASE_NS = ms(10);

/**
 * A filler of phases that walk a region line by line, one instruction a line, with as many lines in flight as the core can hold.
 * From the core's own caches (L1, L2) a line costs 4 cycles and the node is left alone. Beyond these it costs no cycles of its own,
 * because issuing overlaps with the lines in flight. Work is in GB of the program's own reads and writes.
 * @param passes how often a phase walks the region; 0 for about 10 ms, at least once
 */
export function sweepFiller(
  setup: WorkloadSetup,
  bytes: number,
  passes: number,
  writeShare: number,
): (phase: Phase, region: number) => void {
  const isCached = bytes <= setup.l2Bytes;
  const lines = bytes / LINE_BYTES;
  const lineNs = isCached ? CACHED_LINE_CYCLES / setup.clockGHz : UNCACHED_LINE_NS;
  const phasePasses = passes > 0 ? passes : Math.max(1, Math.round(PHASE_NS / (lines * lineNs)));

  return (phase, region) => {
    phase.kind = RUN;
    phase.instructions = lines * phasePasses;
    phase.cyclesPerInstruction = isCached ? CACHED_LINE_CYCLES : 0;
    phase.accessesPerInstruction = isCached ? 0 : 1;
    phase.linesInFlight = Infinity;
    phase.writeShare = isCached ? 0 : writeShare;
    phase.region = isCached ? NONE : region; // what stays inside the core has no place on a node
    phase.pattern = SWEEP;
    phase.workingSetBytes = bytes;
    phase.passes = phasePasses;
    phase.work = (bytes * phasePasses) / 1e9;
  };
}
