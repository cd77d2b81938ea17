/** What the performance monitoring unit has counted of each vCPU, as far as it is booked. V vCPUs, N nodes. */
export class Pmu {
  readonly runNs: Float64Array; //        [V] time in programs
  readonly stallNs: Float64Array; //      [V] of it, time waiting for memory
  readonly instructions: Float64Array; // [V]
  readonly accesses: Float64Array; //     [V] to the last-level cache
  readonly lines: Float64Array; //        [V * N] fetched, by the memory's node
  readonly sampledLines: Float64Array; // [V] of these, up to where they have been sampled

  constructor(vcpus: number, nodes: number) {
    this.runNs = new Float64Array(vcpus);
    this.stallNs = new Float64Array(vcpus);
    this.instructions = new Float64Array(vcpus);
    this.accesses = new Float64Array(vcpus);
    this.lines = new Float64Array(vcpus * nodes);
    this.sampledLines = new Float64Array(vcpus);
  }
}
