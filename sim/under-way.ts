import { bytesOfLines } from './resource-bytes.ts';
import type { Machine } from './machine.ts';
import { COPYING, MIXTURE, SEG_NONE } from './states.ts';
import type { World } from './world.ts';

/** Units of its segment that a CPU has done since they were last booked, at its present speed, up to `atNs`; 0 without one. */
export function unitsUnderWay(w: World, cpu: number, atNs: number): number {
  const vcpu = w.cpuVcpu[cpu]!;
  if (vcpu < 0 || w.vcpuTask[vcpu]! < 0 || w.segKind[cpu] === SEG_NONE) return 0;
  return Math.min(w.segLeft[cpu]!, (atNs - w.segSinceNs[cpu]!) / w.segUnitNs[cpu]!);
}

/** Lines that have been carried up to a moment: those that are booked, and those under way. Only reads the World. */
export class LinesSoFar {
  readonly pairLines: Float64Array; //   [CPU's node * N + memory's node]
  readonly pairWritten: Float64Array; // [CPU's node * N + memory's node]
  readonly cpuLines: Float64Array; //    [cpu]
  private readonly machine: Machine;

  constructor(machine: Machine) {
    this.machine = machine;
    this.pairLines = new Float64Array(machine.nodeCount ** 2);
    this.pairWritten = new Float64Array(machine.nodeCount ** 2);
    this.cpuLines = new Float64Array(machine.cpuCount);
  }

  /** Starts from what is booked. */
  take(w: World): void {
    this.pairLines.set(w.pairLines);
    this.pairWritten.set(w.pairWritten);
    this.cpuLines.set(w.cpuLines);
  }

  /** As flows.ts counts them when they are booked. @param units from unitsUnderWay */
  add(w: World, cpu: number, units: number): void {
    const lines = units * w.linesPerUnit[cpu]!;
    if (lines === 0) return;
    const { pairLines, pairWritten, cpuLines } = this;
    const nodes = this.machine.nodeCount;
    const row = this.machine.cpuNode[cpu]! * nodes;
    const from = w.flowNode[cpu]!;
    const read = w.readShare[cpu]!;
    const written = w.writeShare[cpu]!;
    cpuLines[cpu]! += from === COPYING ? 2 * lines : lines * read;
    if (from >= 0) {
      pairLines[row + from]! += lines * read;
      pairWritten[row + from]! += lines * written;
    } else if (from === MIXTURE) {
      for (let node = 0; node < nodes; node++) {
        const share = lines * w.nodeShare[cpu * nodes + node]!;
        pairLines[row + node]! += share * read;
        pairWritten[row + node]! += share * written;
      }
    } else if (from === COPYING) {
      const vcpu = w.cpuVcpu[cpu]!;
      const to = row + w.copies.to[vcpu]!;
      pairLines[row + w.memory.nodeOf(w.copies.block[vcpu]!)]! += lines;
      pairLines[to]! += lines;
      pairWritten[to]! += lines;
    }
  }

  /** What resources have carried by these lines, to out[at..]. */
  bytesTo(out: Float64Array, at: number): void {
    bytesOfLines(this.machine, this.pairLines, this.pairWritten, this.cpuLines, out, at);
  }
}
