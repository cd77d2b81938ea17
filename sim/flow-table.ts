import type { Machine } from './machine.ts';

/** What may have happened to a resource: flows left it, or flows came (and perhaps left). */
export const LOST = 1;
export const GAINED = 2;

const UNITS_PER_LINE = 2 ** 32;

/** What flows pass through: a machine, or as much of one as says which resources a line between two nodes uses. */
export type Network = Pick<
  Machine,
  'nodeCount' | 'resourceCount' | 'resourceKind' | 'capacity' | 'riseNs' | 'curve' | 'useStart' | 'useResource' | 'useRead' | 'useWrite'
>;

/**
 * The flows (one a running CPU) and the resources they load, as both models of contention need them: which flows stand at a resource,
 * what they would ask of it without delays, and what changed since speeds were last worked out.
 * F = flows, R = resources; the uses of a flow stand at flow * stride + i, the members of a resource at resource * F + place.
 */
export abstract class FlowTable {
  /** [F] ns per unit with no delay anywhere. */
  readonly baseNs: Float64Array;
  /** [F] ns per unit now. */
  readonly unitNs: Float64Array;
  /** [F * 3] ns per unit spent in delays at controllers, links, pairs: at flow * 3 + kind. */
  readonly queueNs: Float64Array;
  /** Flows whose speed is new: changed[0..changedCount). */
  readonly changed: Int32Array;
  changedCount = 0;
  /** How often speeds were worked out. */
  solves = 0;

  protected readonly network: Network;
  protected readonly flows: number;
  protected readonly stride: number; // most resources one flow can use
  protected readonly lines: Float64Array; //        [F] lines per unit
  protected readonly inFlight: Float64Array; //     [F] lines in flight
  protected readonly weight: Float64Array; //       [F]
  protected readonly useCount: Int32Array; //       [F]
  protected readonly useResource: Int32Array; //    [F * stride]
  protected readonly useLoad: Float64Array; //      [F * stride] lines per unit, a written one by its weight
  private readonly usePlace: Int32Array; //         [F * stride] where the flow stands among the resource's members
  protected readonly memberCount: Int32Array; //    [R]
  protected readonly memberFlow: Int32Array; //     [R * F]
  protected readonly memberLoad: Float64Array; //   [R * F] the same as useLoad
  private readonly memberUse: Int32Array; //        [R * F] the i of useResource
  protected readonly demand: Float64Array; //       [R] what its flows would ask with no delays, in whole 2^-32 lines per ns
  protected readonly capacityUnits: Float64Array; //[R] capacity in the same unit
  protected readonly dirty: Int32Array; //          resources whose flows changed: dirty[0..dirtyCount)
  protected dirtyCount = 0;
  protected readonly isDirty: Uint8Array; //        [R] 0, LOST or GAINED
  protected flowing = 0; //                         flows with traffic
  private readonly isChanged: Uint8Array; //        [F]

  constructor(network: Network, flows: number) {
    const { resourceCount } = network;
    this.network = network;
    this.flows = flows;
    this.stride = widestUse(network);
    this.baseNs = new Float64Array(flows);
    this.unitNs = new Float64Array(flows);
    this.queueNs = new Float64Array(flows * 3);
    this.lines = new Float64Array(flows);
    this.inFlight = new Float64Array(flows);
    this.weight = new Float64Array(flows);
    this.useCount = new Int32Array(flows);
    this.useResource = new Int32Array(flows * this.stride);
    this.useLoad = new Float64Array(flows * this.stride);
    this.usePlace = new Int32Array(flows * this.stride);
    this.memberCount = new Int32Array(resourceCount);
    this.memberFlow = new Int32Array(resourceCount * flows);
    this.memberLoad = new Float64Array(resourceCount * flows);
    this.memberUse = new Int32Array(resourceCount * flows);
    this.demand = new Float64Array(resourceCount);
    this.capacityUnits = Float64Array.from(network.capacity, (capacity) => Math.floor(capacity * UNITS_PER_LINE));
    this.dirty = new Int32Array(resourceCount);
    this.isDirty = new Uint8Array(resourceCount);
    this.isChanged = new Uint8Array(flows);
    this.changed = new Int32Array(flows);
  }

  /** Finds the speeds that fit the present flows. */
  abstract solve(): void;

  /** Works a flow's time per unit and where it waits out anew. */
  abstract refresh(flow: number): void;

  /** Takes a flow's traffic away. */
  clearFlow(flow: number): void {
    const { flows, stride, memberFlow, memberLoad, memberUse, useLoad, useResource, usePlace } = this;
    const count = this.useCount[flow]!;
    if (count === 0) return;
    const perNs = 1 / this.baseNs[flow]!;
    for (let at = flow * stride, end = at + count; at < end; at++) {
      const resource = useResource[at]!;
      this.demand[resource]! -= demandUnits(useLoad[at]! * perNs);
      const last = --this.memberCount[resource]!;
      const place = usePlace[at]!;
      const hole = resource * flows + place;
      const from = resource * flows + last;
      const mover = memberFlow[from]!;
      const moverUse = memberUse[from]!;
      memberFlow[hole] = mover;
      memberLoad[hole] = memberLoad[from]!;
      memberUse[hole] = moverUse;
      usePlace[mover * stride + moverUse] = place;
      this.markDirty(resource, LOST);
    }
    this.useCount[flow] = 0;
    this.flowing--;
  }

  /**
   * Gives a flow its character. Its resources are added by addUse; then commitFlow.
   * @param baseNs ns per unit without delays, idle latency included
   * @param lines lines fetched per unit
   * @param inFlight lines in flight
   * @param weight lines that count as one where bandwidth is shared fairly
   */
  beginFlow(flow: number, baseNs: number, lines: number, inFlight: number, weight = 1): void {
    this.clearFlow(flow);
    this.baseNs[flow] = baseNs;
    this.lines[flow] = lines;
    this.inFlight[flow] = inFlight;
    this.weight[flow] = weight;
  }

  /** The flow's share of lines between two nodes, of which `readShare` are fetched (1, or 0 where lines are only written) and `writeShare` written. */
  addUse(flow: number, pair: number, share: number, readShare: number, writeShare: number): void {
    const { useStart, useResource, useRead, useWrite } = this.network;
    const lines = share * this.lines[flow]!;
    const first = flow * this.stride;
    for (let entry = useStart[pair]!; entry < useStart[pair + 1]!; entry++) {
      const load = lines * (readShare * useRead[entry]! + writeShare * (useWrite[entry]! - useRead[entry]!));
      if (load === 0) continue;
      const resource = useResource[entry]!;
      const end = first + this.useCount[flow]!;
      let at = first;
      while (at < end && this.useResource[at] !== resource) at++;
      if (at === end) {
        this.useResource[at] = resource;
        this.useLoad[at] = 0;
        this.useCount[flow]!++;
      }
      this.useLoad[at]! += load;
    }
  }

  /** The flow fetches its lines through a port as well, `amount` of it a line. */
  addPort(flow: number, port: number, amount: number): void {
    const at = flow * this.stride + this.useCount[flow]!++;
    this.useResource[at] = port;
    this.useLoad[at] = amount * this.lines[flow]!;
  }

  commitFlow(flow: number): void {
    const first = flow * this.stride;
    const count = this.useCount[flow]!;
    const perNs = 1 / this.baseNs[flow]!;
    for (let i = 0; i < count; i++) {
      const resource = this.useResource[first + i]!;
      const load = this.useLoad[first + i]!;
      const place = this.memberCount[resource]!++;
      const slot = resource * this.flows + place;
      this.memberFlow[slot] = flow;
      this.memberLoad[slot] = load;
      this.memberUse[slot] = i;
      this.usePlace[first + i] = place;
      this.demand[resource]! += demandUnits(load * perNs);
      this.markDirty(resource, GAINED);
    }
    if (count > 0) this.flowing++;
    this.enter(flow);
    this.markChanged(flow);
  }

  /** Forgets the list of changed flows, after the caller has used it. */
  takeChanged(): void {
    for (let i = 0; i < this.changedCount; i++) this.isChanged[this.changed[i]!] = 0;
    this.changedCount = 0;
  }

  /** Traffic of a resource now, in lines per ns (a written line counts by its weight). */
  traffic(resource: number): number {
    let sum = 0;
    for (let slot = resource * this.flows, end = slot + this.memberCount[resource]!; slot < end; slot++) {
      sum += this.memberLoad[slot]! / this.unitNs[this.memberFlow[slot]!]!;
    }
    return sum;
  }

  /** Gives a flow that has just come a speed to start from. */
  protected abstract enter(flow: number): void;

  protected markDirty(resource: number, how: number): void {
    const before = this.isDirty[resource]!;
    if (before === 0) this.dirty[this.dirtyCount++] = resource;
    if (before < how) this.isDirty[resource] = how;
  }

  protected markChanged(flow: number): void {
    if (this.isChanged[flow] === 1) return;
    this.isChanged[flow] = 1;
    this.changed[this.changedCount++] = flow;
  }
}

/** Whole units, so that adding and taking away leaves no rest. Rounded up: a resource is never believed idle when it is not. */
function demandUnits(linesPerNs: number): number {
  return Math.ceil(linesPerNs * UNITS_PER_LINE);
}

/** The most resources that CPUs of one node can use, when they draw on all nodes at once and through a port. */
function widestUse({ nodeCount, useStart, useResource }: Network): number {
  let widest = 0;
  for (let cpuNode = 0; cpuNode < nodeCount; cpuNode++) {
    const used = new Set(useResource.subarray(useStart[cpuNode * nodeCount]!, useStart[(cpuNode + 1) * nodeCount]!));
    widest = Math.max(widest, used.size);
  }
  return widest + 1;
}
