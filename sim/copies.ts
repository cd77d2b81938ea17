/** What each vCPU is copying, and who copies for the host. V vCPUs, N nodes. Written by moving.ts, copying.ts and segments.ts. */
export class Copies {
  readonly owedNs: Float64Array; //  [V] shootdowns, mapping anew, waits for blocks on their way: to be paid before it runs on
  readonly lines: Float64Array; //   [V] left of the block it copies
  readonly guest: Int32Array; //     [V] whose that block is
  readonly block: Int32Array; //     [V] that block, the first of its mapping, or NONE
  readonly to: Int32Array; //        [V]
  readonly kind: Uint8Array; //      [V] see page-moves.ts
  readonly sinceNs: Float64Array; // [V]
  readonly waiting: Int32Array; //   [V] blocks it will copy after that one
  readonly mover: Int32Array; //     [N] the kernel thread that moves memory to a node, or NONE
  readonly isMover: Uint8Array; //   [V]
  /** Kernel threads to be woken at this instant. */
  readonly wantedMovers: number[] = [];
  bookedLines = 0; //                booked as copied, and those of all copies begun
  startedLines = 0;

  constructor(vcpus: number, nodes: number) {
    this.owedNs = new Float64Array(vcpus);
    this.lines = new Float64Array(vcpus);
    this.guest = new Int32Array(vcpus).fill(-1);
    this.block = new Int32Array(vcpus).fill(-1);
    this.to = new Int32Array(vcpus).fill(-1);
    this.kind = new Uint8Array(vcpus);
    this.sinceNs = new Float64Array(vcpus);
    this.waiting = new Int32Array(vcpus);
    this.mover = new Int32Array(nodes).fill(-1);
    this.isMover = new Uint8Array(vcpus);
  }
}
