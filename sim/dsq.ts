import { assert, PolicyError } from './assert.ts';

/**
 * The dispatch queues of sched_ext: one FIFO queue a CPU, one for the machine, and the policy's own, FIFO or by virtual time.
 * Lists through the vCPUs, of which each is in at most one queue, so that queueing makes no object.
 */
export class DispatchQueues {
  readonly queueOf: Int32Array; // [vcpu] its queue or NONE
  readonly next: Int32Array; //    [vcpu]
  private readonly previous: Int32Array; // [vcpu]
  private readonly vtimes: Float64Array; // [vcpu]
  private heads: Int32Array; //    [queue]
  private tails: Int32Array;
  private counts: Int32Array;
  private isByVtime: Int32Array; // [queue] how what is in it is ordered

  constructor(vcpus: number, queues: number) {
    this.queueOf = new Int32Array(vcpus).fill(-1);
    this.next = new Int32Array(vcpus).fill(-1);
    this.previous = new Int32Array(vcpus).fill(-1);
    this.vtimes = new Float64Array(vcpus);
    this.heads = new Int32Array(queues).fill(-1);
    this.tails = new Int32Array(queues).fill(-1);
    this.counts = new Int32Array(queues);
    this.isByVtime = new Int32Array(queues);
  }

  get queueCount(): number {
    return this.counts.length;
  }

  /** Makes room for queues up to this number: only while a policy is set up. */
  grow(queues: number): void {
    const longer = (old: Int32Array, fill: number): Int32Array => {
      const grown = new Int32Array(queues).fill(fill);
      grown.set(old);
      return grown;
    };
    this.heads = longer(this.heads, -1);
    this.tails = longer(this.tails, -1);
    this.counts = longer(this.counts, 0);
    this.isByVtime = longer(this.isByVtime, 0);
  }

  count(queue: number): number {
    return this.counts[queue]!;
  }

  first(queue: number): number {
    return this.heads[queue]!;
  }

  /** At the end, or at the head. */
  insertFifo(vcpu: number, queue: number, atHead: boolean): void {
    this.setOrder(queue, 0);
    this.link(vcpu, queue, atHead ? -1 : this.tails[queue]!);
    this.vtimes[vcpu] = 0;
  }

  /** Behind every vCPU with the same virtual time or a lower one. */
  insertByVtime(vcpu: number, queue: number, vtime: number): void {
    this.setOrder(queue, 1);
    let after = this.tails[queue]!;
    while (after >= 0 && this.vtimes[after]! > vtime) after = this.previous[after]!;
    this.link(vcpu, queue, after);
    this.vtimes[vcpu] = vtime;
  }

  remove(vcpu: number): void {
    const queue = this.queueOf[vcpu]!;
    assert(queue >= 0, 'vCPU is in no queue');
    const before = this.previous[vcpu]!;
    const after = this.next[vcpu]!;
    if (before >= 0) this.next[before] = after;
    else this.heads[queue] = after;
    if (after >= 0) this.previous[after] = before;
    else this.tails[queue] = before;
    this.queueOf[vcpu] = -1;
    this.next[vcpu] = -1;
    this.counts[queue]!--;
  }

  /** As the kernel has it, a queue cannot be of both kinds at a time. */
  private setOrder(queue: number, isByVtime: number): void {
    if (this.counts[queue]! > 0 && this.isByVtime[queue] !== isByVtime) {
      throw new PolicyError('a queue is FIFO or ordered by vtime, not both at a time');
    }
    this.isByVtime[queue] = isByVtime;
  }

  private link(vcpu: number, queue: number, after: number): void {
    assert(this.queueOf[vcpu] === -1, 'vCPU is queued already');
    const before = after >= 0 ? this.next[after]! : this.heads[queue]!;
    this.queueOf[vcpu] = queue;
    this.previous[vcpu] = after;
    this.next[vcpu] = before;
    if (after >= 0) this.next[after] = vcpu;
    else this.heads[queue] = vcpu;
    if (before >= 0) this.previous[before] = vcpu;
    else this.tails[queue] = vcpu;
    this.counts[queue]!++;
  }
}
