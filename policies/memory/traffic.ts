import type { Kernel } from '../../sim/policy-api.ts';
import type { NodeId } from '../../sim/units.ts';

/**
 * What the counters of the memory controllers say of the time between two readings.
 * After: Carrefour/carrefour-runtime, carrefour.c, dram_accesses.
 */
export class Traffic {
  /** Lines fetched per us, from all nodes together. */
  linesPerUs = 0;
  /** Lines that CPUs fetched from their own node, in percent of all; 0 when there were none. */
  localPercent = 0;
  /** Standard deviation of the lines fetched from each node, of a sample, in percent of their mean; 0 when there were none. */
  imbalancePercent = 0;
  allLines = 0;
  /** [node] Lines fetched from it. */
  lines = new Float64Array(0);
  private lastLines = new Float64Array(0); // [cpuNode * nodeCount + memoryNode] counters at the last reading
  private lastNs = 0;

  read(k: Kernel): void {
    const N = k.nodeCount;
    if (this.lines.length === 0) {
      this.lines = new Float64Array(N);
      this.lastLines = new Float64Array(N * N);
    }
    this.lines.fill(0);
    let local = 0;
    this.allLines = 0;
    for (let from = 0 as NodeId; from < N; from++) {
      for (let to = 0 as NodeId; to < N; to++) {
        const counted = k.nodeLines(from, to);
        const lines = counted - this.lastLines[from * N + to]!;
        this.lastLines[from * N + to] = counted;
        this.lines[to]! += lines;
        this.allLines += lines;
        if (from === to) local += lines;
      }
    }
    const all = this.allLines;
    this.linesPerUs = (all * 1000) / Math.max(1, k.nowNs - this.lastNs);
    this.lastNs = k.nowNs;
    this.localPercent = all > 0 ? (local / all) * 100 : 0;
    this.imbalancePercent = all > 0 ? deviationPercent(this.lines, all / N) : 0;
  }
}

function deviationPercent(values: Float64Array, mean: number): number {
  if (values.length < 2) return 0;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return (Math.sqrt(squares / (values.length - 1)) / mean) * 100;
}
