import { assert } from './assert.ts';
import { FlowTable, GAINED, type Network } from './flow-table.ts';

/** Levels within this share of each other are one level: what rounding can do to a sum over the flows of a resource. */
const ROUNDING = 1e-11;
const NONE = -1;
/** Above this share of all flows it is cheaper to work all of them out at once. */
const MOST_LOCAL = 0.125;

/**
 * The speeds of the running vCPUs under bounded max-min fair sharing of bandwidth. The level of a flow is its lines per ns over its
 * weight. No flow is faster than alone (lines / baseNs), no resource carries more than its capacity, and a flow slower than alone has
 * a bottleneck: a full resource at which no flow has a higher level. Such levels exist and are unique.
 *
 * They are found by progressive filling (D. Bertsekas, R. Gallager, "Data Networks", 1992, 6.5.2): the resource that would fill at the
 * lowest level stops the flows that it carries; and so on with the rest. Only around what changed: the changed flows, and those whose
 * bottleneck changed, are filled while the others keep their speeds as a background; then the condition above is looked at where
 * they pass, whoever breaks it joins them, and again. The bottlenecks are the only way by which a change travels. Sums are made anew
 * each time, so that no rounding piles up. A resource that could carry all its flows at their fastest is no resource at all.
 */
export class MaxMinContention extends FlowTable {
  private readonly speed: Float64Array; //      [F] units per ns
  private readonly level: Float64Array; //      [F] lines per ns and weight
  private readonly bottleneck: Int32Array; //   [F] the resource that holds the flow, or NONE
  private readonly topLevel: Float64Array; //   [F] level of the flow alone
  private readonly perLevel: Float64Array; //   [F] units per ns at level 1
  private readonly oldLevel: Float64Array; //   [F] before this solution
  private readonly oldBottleneck: Int32Array; //[F]
  private readonly memberIn: Int32Array; //     [F] the solution in which the flow was last filled
  private readonly filled: Int32Array; //       the flows that are filled: filled[0..filledCount)
  private filledCount = 0;
  private readonly pace: Float64Array; //       [F] perLevel while its level rises, else 0
  private readonly resourceIn: Int32Array; //   [R] the solution in which it was last looked at
  private readonly seen: Int32Array; //         resources that filled flows pass: seen[0..seenCount)
  private seenCount = 0;
  private readonly live: Int32Array; //         those of them that carry flows not yet stopped
  private readonly spare: Float64Array; //      [R] what is left to them
  private readonly load: Float64Array; //       [R] what they take of it at level 1
  private moving = 0; //                        flows not yet stopped
  private readonly movers: Int32Array; //       those on one resource
  private solution = 0;
  private width = 0; //                         share of the flows that lately had a new speed each time

  constructor(network: Network, flows: number) {
    super(network, flows);
    const { resourceCount } = network;
    this.speed = new Float64Array(flows);
    this.level = new Float64Array(flows);
    this.bottleneck = new Int32Array(flows).fill(NONE);
    this.topLevel = new Float64Array(flows);
    this.perLevel = new Float64Array(flows);
    this.oldLevel = new Float64Array(flows);
    this.oldBottleneck = new Int32Array(flows);
    this.memberIn = new Int32Array(flows);
    this.filled = new Int32Array(flows);
    this.pace = new Float64Array(flows);
    this.resourceIn = new Int32Array(resourceCount);
    this.seen = new Int32Array(resourceCount);
    this.live = new Int32Array(resourceCount);
    this.spare = new Float64Array(resourceCount);
    this.load = new Float64Array(resourceCount);
    this.movers = new Int32Array(flows);
  }

  solve(): void {
    if (this.dirtyCount === 0) return;
    this.solves++;
    this.solution++;
    this.filledCount = 0;
    this.seenCount = 0;
    for (let i = 0; i < this.changedCount; i++) if (this.useCount[this.changed[i]!]! > 0) this.join(this.changed[i]!);
    if (this.width > MOST_LOCAL) this.fillAbove();
    else this.fillAround();
    for (let i = 0; i < this.dirtyCount; i++) this.isDirty[this.dirty[i]!] = 0;
    this.dirtyCount = 0;
    this.settleFilled();
  }

  refresh(flow: number): void {
    const { queueNs } = this;
    const at = flow * 3;
    queueNs[at] = queueNs[at + 1] = queueNs[at + 2] = 0;
    const resource = this.bottleneck[flow]!;
    const unitNs = 1 / this.speed[flow]!;
    const delayNs = resource === NONE ? 0 : Math.max(0, unitNs - this.baseNs[flow]!);
    if (resource !== NONE) queueNs[at + this.network.resourceKind[resource]!] = delayNs;
    this.unitNs[flow] = this.baseNs[flow]! + delayNs;
  }

  certify(): void {
    const SLACK = 1e-6;
    const { network, flows, memberFlow, useResource } = this;
    const highest = new Float64Array(network.resourceCount);
    const levelOf = (flow: number): number => this.lines[flow]! / this.unitNs[flow]! / this.weight[flow]!;
    for (let resource = 0; resource < network.resourceCount; resource++) {
      const traffic = this.traffic(resource);
      const capacity = network.capacity[resource]!;
      assert(traffic <= capacity * (1 + SLACK), 'traffic exceeds capacity');
      highest[resource] = Infinity; // not full: holds nobody
      if (traffic < capacity * (1 - SLACK)) continue;
      highest[resource] = 0;
      for (let slot = resource * flows, end = slot + this.memberCount[resource]!; slot < end; slot++) {
        highest[resource] = Math.max(highest[resource], levelOf(memberFlow[slot]!));
      }
    }
    for (let flow = 0; flow < flows; flow++) {
      const first = flow * this.stride;
      const last = first + this.useCount[flow]!;
      if (first === last) continue;
      assert(this.unitNs[flow]! >= this.baseNs[flow]! * (1 - SLACK), 'a flow is faster than alone');
      if (this.unitNs[flow]! <= this.baseNs[flow]! * (1 + SLACK)) continue;
      const level = levelOf(flow) * (1 + SLACK);
      let isHeld = false;
      for (let at = first; at < last; at++) isHeld ||= highest[useResource[at]!]! <= level;
      assert(isHeld, 'a flow is slow without a full resource that gives nobody more');
    }
  }

  protected enter(flow: number): void {
    const lines = this.lines[flow]!;
    this.unitNs[flow] = this.baseNs[flow]!;
    this.queueNs.fill(0, flow * 3, flow * 3 + 3);
    this.perLevel[flow] = this.weight[flow]! / lines;
    this.topLevel[flow] = lines / this.baseNs[flow]! / this.weight[flow]!;
    this.speed[flow] = 0; // until solved it takes nothing from others
    this.level[flow] = this.topLevel[flow]!;
    this.bottleneck[flow] = NONE;
  }

  /** Fills what changed and whoever follows from it, as long as these are few. */
  private fillAround(): void {
    const { dirty, memberFlow, bottleneck } = this;
    const most = this.flowing * MOST_LOCAL;
    for (let i = 0; i < this.dirtyCount; i++) {
      const resource = dirty[i]!;
      for (let slot = resource * this.flows, end = slot + this.memberCount[resource]!; slot < end; slot++) {
        if (bottleneck[memberFlow[slot]!] === resource) this.join(memberFlow[slot]!);
      }
    }
    for (let before = 0; before < this.filledCount;) {
      if (this.filledCount > most) return this.fillAbove();
      before = this.filledCount;
      this.fill();
      this.joinBreakers();
    }
  }

  /**
   * Fills all flows from the level up at which the first of the changed resources fills, or was full before: below it, filling goes as
   * it did the last time.
   */
  private fillAbove(): void {
    const { useCount, filled, level, oldLevel, bottleneck, oldBottleneck, memberIn, solution, demand, capacityUnits } = this;
    for (let i = 0; i < this.filledCount; i++) {
      const flow = filled[i]!; // may have been filled among too few
      level[flow] = oldLevel[flow]!;
      bottleneck[flow] = oldBottleneck[flow]!;
    }
    const from = this.lowestChange() * (1 - ROUNDING);
    for (let flow = 0; flow < this.flows; flow++) {
      if (level[flow]! >= from && useCount[flow]! > 0 && memberIn[flow] !== solution) this.admit(flow);
    }
    this.seenCount = 0;
    for (let resource = 0; resource < demand.length; resource++) if (demand[resource]! > capacityUnits[resource]!) this.see(resource);
    this.fill();
  }

  private lowestChange(): number {
    const { dirty, memberFlow, memberLoad, perLevel, bottleneck, level } = this;
    let lowest = Infinity;
    for (let i = 0; i < this.dirtyCount; i++) {
      const resource = dirty[i]!;
      let asked = 0; // by its flows, none above the lowest level so far
      for (let slot = resource * this.flows, end = slot + this.memberCount[resource]!; slot < end; slot++) {
        const flow = memberFlow[slot]!;
        const own = level[flow]!;
        if (own < lowest && bottleneck[flow] === resource) lowest = own;
        asked += memberLoad[slot]! * perLevel[flow]! * (own < lowest ? own : lowest);
      }
      const isNew = this.isDirty[resource] === GAINED && asked > this.network.capacity[resource]!;
      if (isNew) lowest = Math.min(lowest, this.fullAmong(resource, lowest));
    }
    return lowest;
  }

  /** At least the level at which a resource fills if its flows stop where they last did; more than `enough` is not worked out further. */
  private fullAmong(resource: number, enough: number): number {
    const { memberFlow, memberLoad, perLevel, level } = this;
    const start = resource * this.flows;
    const end = start + this.memberCount[resource]!;
    let full = 0;
    for (;;) {
      let spare = this.network.capacity[resource]!;
      let load = 0;
      for (let slot = start; slot < end; slot++) {
        const flow = memberFlow[slot]!;
        const own = memberLoad[slot]! * perLevel[flow]!;
        if (level[flow]! < full) spare -= own * level[flow]!;
        else load += own;
      }
      const next = load === 0 ? Infinity : spare / load;
      if (!(next > full)) return full;
      full = next;
      if (full >= enough) return full;
    }
  }

  private join(flow: number): void {
    const { solution, useResource, resourceIn } = this;
    if (this.memberIn[flow] === solution) return;
    this.admit(flow);
    for (let at = flow * this.stride, end = at + this.useCount[flow]!; at < end; at++) {
      const resource = useResource[at]!;
      if (resourceIn[resource] !== solution && this.isTight(resource)) this.see(resource);
    }
  }

  /** Whether its flows could ask for more than it has. */
  private isTight(resource: number): boolean {
    return this.demand[resource]! > this.capacityUnits[resource]!;
  }

  private admit(flow: number): void {
    this.memberIn[flow] = this.solution;
    this.filled[this.filledCount++] = flow;
    this.oldLevel[flow] = this.level[flow]!;
    this.oldBottleneck[flow] = this.bottleneck[flow]!;
  }

  private see(resource: number): void {
    this.resourceIn[resource] = this.solution;
    this.seen[this.seenCount++] = resource;
  }

  /** Progressive filling of the flows that joined, the others held. */
  private fill(): void {
    const { filled, filledCount, seen, seenCount, live, spare, load, speed, pace, perLevel, topLevel } = this;
    for (let i = 0; i < filledCount; i++) {
      const flow = filled[i]!;
      speed[flow] = 0;
      pace[flow] = perLevel[flow]!;
    }
    let liveCount = 0;
    for (let i = 0; i < seenCount; i++) {
      this.sum(seen[i]!);
      if (load[seen[i]!]! > 0) live[liveCount++] = seen[i]!;
    }
    this.moving = filledCount;
    while (this.moving > 0) {
      let first = NONE;
      let lowest = Infinity;
      let kept = 0;
      for (let i = 0; i < liveCount; i++) {
        const resource = live[i]!;
        if (load[resource]! <= 0) continue; // its flows have all stopped
        live[kept++] = resource;
        const level = spare[resource]! / load[resource]!;
        if (level < lowest || (level === lowest && resource < first)) {
          lowest = level;
          first = resource;
        }
      }
      liveCount = kept;
      if (first === NONE) break;
      this.stopAt(first);
    }
    for (let i = 0; this.moving > 0 && i < filledCount; i++) {
      const flow = filled[i]!;
      if (pace[flow]! > 0) this.stop(flow, topLevel[flow]!, NONE);
    }
  }

  /** What is left of a resource to the flows that move, and what they would take of it at level 1. Lists them. */
  private sum(resource: number): void {
    const { memberFlow, memberLoad, speed, pace } = this;
    let spare = this.network.capacity[resource]!;
    let load = 0;
    for (let slot = resource * this.flows, end = slot + this.memberCount[resource]!; slot < end; slot++) {
      const flow = memberFlow[slot]!;
      spare -= memberLoad[slot]! * speed[flow]!; // 0 of those that move
      load += memberLoad[slot]! * pace[flow]!; //   0 of all others
    }
    this.spare[resource] = spare;
    this.load[resource] = load;
  }

  /**
   * Stops the flows of the resource that fills first, at the level at which it does, summed without the rounding of so many stops.
   * Those that cannot rise so far stop at their own; if there are such, only they stop, for the rest may then rise further.
   */
  private stopAt(resource: number): void {
    const { memberFlow, memberLoad, speed, pace, topLevel, movers } = this;
    let spare = this.network.capacity[resource]!;
    let load = 0;
    let count = 0;
    for (let slot = resource * this.flows, end = slot + this.memberCount[resource]!; slot < end; slot++) {
      const flow = memberFlow[slot]!;
      if (pace[flow]! > 0) {
        load += memberLoad[slot]! * pace[flow]!;
        movers[count++] = flow;
      } else spare -= memberLoad[slot]! * speed[flow]!;
    }
    const level = spare > 0 ? spare / load : 0;
    const before = this.moving;
    for (let i = 0; i < count; i++) if (topLevel[movers[i]!]! <= level) this.stop(movers[i]!, topLevel[movers[i]!]!, NONE);
    if (this.moving === before) for (let i = 0; i < count; i++) this.stop(movers[i]!, level, resource);
    if (before - this.moving === count) this.load[resource] = 0;
  }

  private stop(flow: number, level: number, bottleneck: number): void {
    const { useResource, useLoad, spare, load } = this;
    const pace = this.pace[flow]!;
    const speed = level * pace;
    this.pace[flow] = 0;
    this.level[flow] = level;
    this.speed[flow] = speed;
    this.bottleneck[flow] = bottleneck;
    this.moving--;
    for (let at = flow * this.stride, end = at + this.useCount[flow]!; at < end; at++) {
      const resource = useResource[at]!;
      spare[resource]! -= useLoad[at]! * speed;
      load[resource]! -= useLoad[at]! * pace;
    }
  }

  /** Whoever in the background has no bottleneck any more, or more than a filled flow that is held beside it, joins. */
  private joinBreakers(): void {
    const { seen, memberFlow, memberLoad, memberIn, solution, level, bottleneck, speed } = this;
    for (let i = 0, seenCount = this.seenCount; i < seenCount; i++) {
      const resource = seen[i]!;
      const start = resource * this.flows;
      const end = start + this.memberCount[resource]!;
      let traffic = 0;
      let highest = 0;
      let held = Infinity; // level of the filled flows that are held here
      for (let slot = start; slot < end; slot++) {
        const flow = memberFlow[slot]!;
        traffic += memberLoad[slot]! * speed[flow]!;
        if (level[flow]! > highest) highest = level[flow]!;
        if (memberIn[flow] === solution && bottleneck[flow] === resource) held = level[flow]!;
      }
      const isFull = traffic >= this.network.capacity[resource]! * (1 - ROUNDING);
      const least = isFull ? highest * (1 - ROUNDING) : Infinity;
      const most = held * (1 + ROUNDING);
      for (let slot = start; slot < end; slot++) {
        const flow = memberFlow[slot]!;
        if (memberIn[flow] === solution) continue;
        if (level[flow]! > most || (bottleneck[flow] === resource && level[flow]! < least)) this.join(flow);
      }
    }
  }

  /** Tells who has a new speed, or waits elsewhere. A speed that differs by rounding only stays as it was. */
  private settleFilled(): void {
    const { filled, speed, perLevel, level, oldLevel, bottleneck, oldBottleneck } = this;
    let news = 0;
    for (let i = 0; i < this.filledCount; i++) {
      const flow = filled[i]!;
      const old = oldLevel[flow]!;
      if (Math.abs(level[flow]! - old) <= old * ROUNDING) {
        level[flow] = old;
        speed[flow] = old * perLevel[flow]!;
        if (bottleneck[flow] === oldBottleneck[flow]) continue;
      }
      news++;
      this.markChanged(flow);
    }
    this.width += (news / Math.max(1, this.flowing) - this.width) / 8;
  }
}
