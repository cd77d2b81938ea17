import { assert } from './assert.ts';
import { FlowTable, type Network } from './flow-table.ts';
import { CONTROLLER } from './machine.ts';

/** Traffic is met to this share of a resource's capacity: far finer than any figure of the model, far coarser than rounding. */
export const TOLERANCE = 1e-6;
/** So many relaxations are not needed. */
export const MOST_RELAXED = 1_000_000;

/** What flows wait under FIFO queueing for given delays of the resources, and how one delay is set with the others held. */
export abstract class FifoDelays extends FlowTable {
  /** [R] */
  readonly delayNs: Float64Array;

  protected readonly rise: Float64Array; //     [R] 0 of links and pairs
  protected queueCount = 0;
  protected readonly speed: Float64Array; //    [F] units per ns
  protected readonly perLine: Float64Array; //  [F] 1 / inFlight
  protected readonly waitNs: Float64Array; //   [kind * F + flow] what becomes queueNs when it is refreshed
  private readonly queue: Int32Array; //        [R] resources to be relaxed: a ring from queueStart
  private queueStart = 0;
  private readonly isQueued: Uint8Array; //     [R]
  private readonly one = new Int32Array(1); //  a list of one flow

  constructor(network: Network, flows: number) {
    super(network, flows);
    const { resourceCount, resourceKind, riseNs } = network;
    this.delayNs = new Float64Array(resourceCount);
    this.rise = Float64Array.from({ length: resourceCount }, (_, r) => (resourceKind[r] === CONTROLLER ? riseNs[r]! : 0));
    this.queue = new Int32Array(resourceCount);
    this.isQueued = new Uint8Array(resourceCount);
    this.speed = new Float64Array(flows);
    this.perLine = new Float64Array(flows);
    this.waitNs = new Float64Array(3 * flows);
  }

  refresh(flow: number): void {
    const { queueNs, waitNs, flows } = this;
    queueNs[flow * 3] = waitNs[flow]!;
    queueNs[flow * 3 + 1] = waitNs[flows + flow]!;
    queueNs[flow * 3 + 2] = waitNs[2 * flows + flow]!;
    this.unitNs[flow] = this.baseNs[flow]! + waitNs[flow]! + waitNs[flows + flow]! + waitNs[2 * flows + flow]!;
  }

  protected enter(flow: number): void {
    this.perLine[flow] = 1 / this.inFlight[flow]!;
    this.weigh(flow);
    this.refresh(flow);
  }

  /** What a flow waits, of what its uses are delayed. */
  private weigh(flow: number): void {
    const { waitNs, flows, useResource, useLoad, delayNs } = this;
    const kinds = this.network.resourceKind;
    waitNs[flow] = waitNs[flows + flow] = waitNs[2 * flows + flow] = 0;
    for (let use = flow * this.stride, end = use + this.useCount[flow]!; use < end; use++) {
      const resource = useResource[use]!;
      waitNs[kinds[resource]! * flows + flow]! += useLoad[use]! * delayNs[resource]!;
    }
    this.one[0] = flow;
    this.takeWaits(this.one, 1);
  }

  /** Turns the waits of flows, until now of one line in flight, into those of all of them; their speeds. */
  protected takeWaits(list: Int32Array, count: number): void {
    const { waitNs, flows, perLine, baseNs, unitNs, speed } = this;
    for (let i = 0; i < count; i++) {
      const flow = list[i]!;
      const factor = perLine[flow]!;
      const controllers = waitNs[flow]! * factor;
      const links = waitNs[flows + flow]! * factor;
      const pairs = waitNs[2 * flows + flow]! * factor;
      const unit = baseNs[flow]! + controllers + links + pairs;
      waitNs[flow] = controllers;
      waitNs[flows + flow] = links;
      waitNs[2 * flows + flow] = pairs;
      if (unit === unitNs[flow]) continue;
      unitNs[flow] = unit;
      speed[flow] = 1 / unit;
      this.markChanged(flow);
    }
  }

  /** A resource that could be in somebody's way. */
  protected canDelay(resource: number): boolean {
    return this.rise[resource]! > 0 || this.delayNs[resource]! > 0 || this.demand[resource]! > this.capacityUnits[resource]!;
  }

  /** The traffic at which a resource delays by so much. */
  protected allowed(resource: number, delay: number): number {
    const capacity = this.network.capacity[resource]!;
    const rise = this.rise[resource]!;
    const knee = rise + this.network.curve * delay; // delays that are more than this are of a full controller
    return delay < knee ? (capacity * delay) / knee : capacity;
  }

  /** How much more traffic is allowed with more delay. */
  protected slope(resource: number, delay: number): number {
    const rise = this.rise[resource]!;
    const knee = rise + this.network.curve * delay;
    return delay < knee ? (this.network.capacity[resource]! * rise) / (knee * knee) : 0;
  }

  protected enqueue(resource: number): void {
    if (this.isQueued[resource] === 1 || this.memberCount[resource] === 0 || !this.canDelay(resource)) return;
    this.isQueued[resource] = 1;
    const { queue } = this;
    let at = this.queueStart + this.queueCount++;
    if (at >= queue.length) at -= queue.length;
    queue[at] = resource;
  }

  protected dequeue(): number {
    const resource = this.queue[this.queueStart]!;
    this.queueStart++;
    if (this.queueStart === this.queue.length) this.queueStart = 0;
    this.queueCount--;
    this.isQueued[resource] = 0;
    return resource;
  }

  /** Relaxes what is queued and what that disturbs, in turn. @returns whether it came to an end before so many */
  protected relax(most: number): boolean {
    for (let count = 0; this.queueCount > 0; count++) {
      if (count === most) return false;
      this.relaxOne(this.dequeue());
    }
    return true;
  }

  /** Newton's method for one delay, the others held: its excess is convex and falls with it, so no bracket is needed. */
  private relaxOne(resource: number): void {
    const { flows, memberFlow, memberLoad, unitNs, waitNs, speed, perLine } = this;
    const kind = this.network.resourceKind[resource]!;
    const start = resource * flows;
    const end = start + this.memberCount[resource]!;
    const enough = TOLERANCE * this.network.capacity[resource]!;
    const before = this.delayNs[resource]!;
    let delay = before;
    for (let step = 0; ; step++) {
      assert(step < MOST_RELAXED, 'a delay does not settle');
      let excess = -this.allowed(resource, delay);
      let slope = this.slope(resource, delay);
      for (let slot = start; slot < end; slot++) {
        const flow = memberFlow[slot]!;
        const perNs = memberLoad[slot]! * perLine[flow]!;
        const load = memberLoad[slot]! / (unitNs[flow]! + perNs * (delay - before));
        excess += load;
        slope += load * load * perLine[flow]!;
      }
      if (Math.abs(excess) <= enough || (delay === 0 && excess < 0)) break;
      delay = Math.max(0, delay + excess / slope);
    }
    if (delay === before) return;
    this.delayNs[resource] = delay;
    for (let slot = start; slot < end; slot++) {
      const flow = memberFlow[slot]!;
      if (delay === 0) this.weigh(flow);
      else {
        const wait = memberLoad[slot]! * perLine[flow]! * (delay - before);
        waitNs[kind * flows + flow]! += wait;
        unitNs[flow]! += wait;
        speed[flow] = 1 / unitNs[flow]!;
        this.markChanged(flow);
      }
      for (let use = flow * this.stride, last = use + this.useCount[flow]!; use < last; use++) {
        if (this.useResource[use] !== resource) this.enqueue(this.useResource[use]!);
      }
    }
  }
}
