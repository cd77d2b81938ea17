import { LINE_BYTES, NONE } from '../../sim/units.ts';
import { type Phase, RANDOM, RUN, SWEEP, type WorkloadSetup } from '../../sim/workload-api.ts';
import { fillCompute } from '../../workloads/computing.ts';
import type { MemoryAccess } from './plan.ts';

/** memset and the kernel's copies: 16 bytes a cycle, assumed; beyond the core's own caches issuing overlaps with the lines in flight. */
const SET_LINE_CYCLES = 4;
/** A loop over single bytes: one a cycle, assumed. */
const BYTE_CYCLES = 1;
/** A write(2) to /dev/null, which takes all there is and copies nothing. Assumed. */
const WRITE_CALL_NS = 300;

/** Fills the phase of an event that works on memory. */
export function fillMemory(phase: Phase, access: MemoryAccess, region: number, setup: WorkloadSetup): void {
  const { bytes } = access;
  const isCached = bytes <= setup.l2Bytes;
  phase.kind = RUN;
  phase.region = isCached ? NONE : region; // what stays inside the core has no place on a node
  phase.workingSetBytes = bytes;
  if (access.kind === 'chase') fillChase(phase, access, isCached, setup);
  else if (access.isRandom) fillRandom(phase, access, isCached, setup);
  else fillWalk(phase, access, isCached);
}

/** Loads that wait for one another. With a stride below a line, in order, only some of them come to a new one. */
function fillChase(phase: Phase, access: MemoryAccess, isCached: boolean, setup: WorkloadSetup): void {
  const { l1, l2 } = setup.hitCycles;
  const newLines = access.isRandom ? 1 : Math.min(1, access.strideBytes / LINE_BYTES);
  const newLineCycles = access.bytes <= setup.l1Bytes ? l1 : isCached ? l2 : 0;
  phase.instructions = access.count;
  phase.cyclesPerInstruction = newLines * newLineCycles + (1 - newLines) * l1;
  phase.accessesPerInstruction = isCached ? 0 : newLines;
  phase.linesInFlight = 1;
  phase.pattern = RANDOM;
}

/** Single bytes at random places: each in a line of its own. */
function fillRandom(phase: Phase, access: MemoryAccess, isCached: boolean, { l1Bytes, hitCycles }: WorkloadSetup): void {
  phase.instructions = access.count;
  phase.cyclesPerInstruction = isCached ? (access.bytes <= l1Bytes ? BYTE_CYCLES : hitCycles.l2) : BYTE_CYCLES;
  phase.accessesPerInstruction = isCached ? 0 : 1;
  phase.linesInFlight = Infinity;
  phase.writeShare = !isCached && access.kind === 'write' ? 1 : 0;
  phase.pattern = RANDOM;
}

/** One instruction a line: byte after byte, round the region, for `count` bytes. */
function fillWalk(phase: Phase, access: MemoryAccess, isCached: boolean): void {
  const cycles = access.kind === 'set' ? (isCached ? SET_LINE_CYCLES : 0) : BYTE_CYCLES * LINE_BYTES;
  phase.instructions = Math.max(1, access.count / LINE_BYTES);
  phase.cyclesPerInstruction = cycles;
  phase.accessesPerInstruction = isCached ? 0 : 1;
  phase.linesInFlight = Infinity;
  phase.writeShare = !isCached && access.kind !== 'read' ? 1 : 0;
  phase.pattern = SWEEP;
  phase.passes = Math.max(1, Math.ceil(access.count / access.bytes));
}

/** The buffer is written as often as it takes. */
export function fillWrite(phase: Phase, bytes: number, bufferBytes: number, clockGHz: number): void {
  fillCompute(phase, Math.ceil(bytes / bufferBytes) * WRITE_CALL_NS * clockGHz, 0);
  phase.isSystem = true;
}
