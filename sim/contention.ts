import { assert } from './assert.ts';
import { CONTROLLER, type Machine } from './machine.ts';

/** Traffic is met to this share of a resource's capacity: far finer than any figure of the model, far coarser than rounding. */
const TOLERANCE = 1e-7;
const MAX_ROUNDS = 10_000;

/**
 * The speeds of the running vCPUs under queueing: the FIFO closed-population equilibrium in the fluid limit.
 *
 * A flow (one running CPU) needs, per unit of execution,
 *     unitNs = baseNs + linesPerSlot * sum_r use_r * delay_r
 * and loads r with lines * use_r / unitNs. The delays satisfy
 *     controller: delay = rise * u / (1 - curve * u) while its use u < 1, at least that where u = 1
 *     link, pair: delay >= 0, and 0 unless its traffic equals its capacity.
 * Every flow pays a delay in the proportion in which it loads the resource, so these are the optimality conditions of the convex
 *     minimise  sum_r capacity_r * integral of u_r(delay) - sum_i M_i * log(unitNs_i)   over delay >= 0,
 * with M_i = lines / linesPerSlot: the speeds exist and are unique. It is minimised one delay at a time, each by Newton's method
 * (the residual is convex and falling, so Newton does not leave its bracket), only where something moved, until nothing moves.
 * After: F. P. Kelly, A. Maulloo, D. Tan, "Rate control for communication networks" (1998), for the potential; Little's law.
 */
export class Contention {
  /** [flow] ns per unit with no delay anywhere; written by setFlow. */
  readonly baseNs: Float64Array;
  /** [flow] ns per unit now. */
  readonly unitNs: Float64Array;
  /** [flow] ns per unit spent in delays at controllers, links, pairs: at flow * 3 + kind. */
  readonly queueNs: Float64Array;
  /** [resource] */
  readonly delayNs: Float64Array;
  /** Flows whose speed the last solve changed: changed[0..changedCount). */
  readonly changed: Int32Array;
  changedCount = 0;
  solves = 0;

  private readonly machine: Machine;
  private readonly flows: number;
  private readonly stride: number; // most resources one flow can use
  private readonly linesPerSlot: Float64Array; // [flow] lines per unit and line in flight
  private readonly lines: Float64Array; //        [flow] lines per unit
  private readonly useCount: Int32Array; //       [flow]
  private readonly useResource: Int32Array; //    [flow * stride + i]
  private readonly useAmount: Float64Array; //    [flow * stride + i]
  private readonly usePlace: Int32Array; //       [flow * stride + i] where the flow stands among the resource's members
  private readonly memberCount: Int32Array; //    [resource]
  private readonly memberFlow: Int32Array; //     [resource * flows + place]
  private readonly memberAmount: Float64Array; // [resource * flows + place]
  private readonly memberUse: Int32Array; //      [resource * flows + place] the i of useResource
  private readonly demand: Float64Array; //       [resource] what its flows would ask with no delays, in whole 2^-32 lines per ns
  private readonly capacityUnits: Float64Array; //[resource] capacity in the same unit
  private readonly isDirty: Uint8Array; //        [resource]
  private anyDirty = false;
  private readonly isChanged: Uint8Array; //      [flow]

  constructor(machine: Machine, flows: number) {
    const { nodeCount, resourceCount } = machine;
    this.machine = machine;
    this.flows = flows;
    this.stride = widestUse(machine);
    this.baseNs = new Float64Array(flows);
    this.unitNs = new Float64Array(flows);
    this.queueNs = new Float64Array(flows * 3);
    this.linesPerSlot = new Float64Array(flows);
    this.lines = new Float64Array(flows);
    this.useCount = new Int32Array(flows);
    this.useResource = new Int32Array(flows * this.stride);
    this.useAmount = new Float64Array(flows * this.stride);
    this.usePlace = new Int32Array(flows * this.stride);
    this.delayNs = new Float64Array(resourceCount);
    this.memberCount = new Int32Array(resourceCount);
    this.memberFlow = new Int32Array(resourceCount * flows);
    this.memberAmount = new Float64Array(resourceCount * flows);
    this.memberUse = new Int32Array(resourceCount * flows);
    this.demand = new Float64Array(resourceCount);
    this.capacityUnits = Float64Array.from(machine.capacity, (capacity) => Math.floor(capacity * 2 ** 32));
    this.isDirty = new Uint8Array(resourceCount);
    this.isChanged = new Uint8Array(flows);
    this.changed = new Int32Array(flows);
    assert(nodeCount <= resourceCount, 'a node without a controller');
  }

  /** Takes a flow's traffic away. */
  clearFlow(flow: number): void {
    const end = flow * this.stride + this.useCount[flow]!;
    const asked = this.lines[flow]! / this.baseNs[flow]!;
    for (let at = flow * this.stride; at < end; at++) {
      const resource = this.useResource[at]!;
      this.demand[resource]! -= demandUnits(asked * this.useAmount[at]!);
      const last = --this.memberCount[resource]!;
      const place = this.usePlace[at]!;
      const hole = resource * this.flows + place;
      const from = resource * this.flows + last;
      const mover = this.memberFlow[from]!;
      const moverUse = this.memberUse[from]!;
      this.memberFlow[hole] = mover;
      this.memberAmount[hole] = this.memberAmount[from]!;
      this.memberUse[hole] = moverUse;
      this.usePlace[mover * this.stride + moverUse] = place;
      this.isDirty[resource] = 1;
      this.anyDirty = true;
    }
    this.useCount[flow] = 0;
    this.lines[flow] = 0;
    this.linesPerSlot[flow] = 0;
  }

  /**
   * Gives a flow its character. Its resources are added by addUse; then commitFlow.
   * @param baseNs ns per unit without delays, idle latency included
   * @param lines lines fetched per unit
   * @param inFlight lines in flight
   */
  beginFlow(flow: number, baseNs: number, lines: number, inFlight: number): void {
    if (this.useCount[flow]! > 0) this.clearFlow(flow);
    this.baseNs[flow] = baseNs;
    this.lines[flow] = lines;
    this.linesPerSlot[flow] = lines / inFlight;
  }

  /** The flow's share of lines between two nodes, of which `readShare` are fetched (1, or 0 where lines are only written) and `writeShare` written. */
  addUse(flow: number, pair: number, share: number, readShare: number, writeShare: number): void {
    const { useStart, useResource, useRead, useWrite } = this.machine;
    const first = flow * this.stride;
    for (let entry = useStart[pair]!; entry < useStart[pair + 1]!; entry++) {
      const amount = share * (readShare * useRead[entry]! + writeShare * (useWrite[entry]! - useRead[entry]!));
      if (amount === 0) continue;
      const resource = useResource[entry]!;
      const end = first + this.useCount[flow]!;
      let at = first;
      while (at < end && this.useResource[at] !== resource) at++;
      if (at === end) {
        this.useResource[at] = resource;
        this.useAmount[at] = 0;
        this.useCount[flow]!++;
      }
      this.useAmount[at]! += amount;
    }
  }

  /** The flow fetches its lines through a port as well, `amount` of it a line. */
  addPort(flow: number, port: number, amount: number): void {
    const at = flow * this.stride + this.useCount[flow]!++;
    this.useResource[at] = port;
    this.useAmount[at] = amount;
  }

  commitFlow(flow: number): void {
    const first = flow * this.stride;
    const asked = this.lines[flow]! / this.baseNs[flow]!;
    for (let i = 0; i < this.useCount[flow]!; i++) {
      const resource = this.useResource[first + i]!;
      const amount = this.useAmount[first + i]!;
      const place = this.memberCount[resource]!++;
      const slot = resource * this.flows + place;
      this.memberFlow[slot] = flow;
      this.memberAmount[slot] = amount;
      this.memberUse[slot] = i;
      this.usePlace[first + i] = place;
      this.demand[resource]! += demandUnits(asked * amount);
      this.isDirty[resource] = 1;
      this.anyDirty = true;
    }
    this.refresh(flow);
    this.markChanged(flow);
  }

  /**
   * Finds the delays that fit the present flows. `changed` then lists the flows whose speed is new: each must be refreshed, after
   * what it did at its old speed has been booked.
   */
  solve(): void {
    if (!this.anyDirty) return;
    this.solves++;
    const { isDirty } = this;
    const resourceCount = isDirty.length;
    for (let round = 0; this.anyDirty; round++) {
      assert(round < MAX_ROUNDS, 'the speeds do not settle');
      this.anyDirty = false;
      for (let resource = 0; resource < resourceCount; resource++) {
        if (isDirty[resource] === 0) continue;
        isDirty[resource] = 0;
        this.relax(resource);
      }
    }
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
      const flow = this.memberFlow[slot]!;
      sum += (this.lines[flow]! * this.memberAmount[slot]!) / this.unitNs[flow]!;
    }
    return sum;
  }

  /** Sets one delay so that its traffic fits its use, all others held. */
  private relax(resource: number): void {
    const { memberFlow, memberAmount, unitNs, linesPerSlot, lines } = this;
    const start = resource * this.flows;
    const end = start + this.memberCount[resource]!;
    const before = this.delayNs[resource]!;
    if (start === end) {
      this.delayNs[resource] = 0;
      return;
    }
    const isController = this.machine.resourceKind[resource] === CONTROLLER;
    if (!isController && before === 0 && this.demand[resource]! <= this.capacityUnits[resource]!) return; // never full
    const capacity = this.machine.capacity[resource]!;
    const rise = isController ? this.machine.riseNs[resource]! : 0;
    const curve = this.machine.curve;
    let delay = before;
    for (let iteration = 0; ; iteration++) {
      assert(iteration < 200, 'a delay does not settle');
      const shift = delay - before;
      let traffic = 0;
      let slope = 0;
      for (let slot = start; slot < end; slot++) {
        const flow = memberFlow[slot]!;
        const pay = linesPerSlot[flow]! * memberAmount[slot]!;
        const speed = 1 / (unitNs[flow]! + pay * shift);
        const load = lines[flow]! * memberAmount[slot]! * speed;
        traffic += load;
        slope -= load * pay * speed;
      }
      let use = 1;
      if (rise > 0) {
        const knee = rise + curve * delay;
        if (delay < knee) {
          use = delay / knee;
          slope -= (capacity * rise) / (knee * knee);
        }
      }
      const excess = traffic - capacity * use;
      if (Math.abs(excess) <= TOLERANCE * capacity) break;
      if (delay === 0 && excess < 0) break;
      const next = delay - excess / slope;
      delay = next > 0 ? next : 0;
    }
    if (delay === before) return;
    this.delayNs[resource] = delay;
    const shift = delay - before;
    for (let slot = start; slot < end; slot++) {
      const flow = memberFlow[slot]!;
      const more = linesPerSlot[flow]! * memberAmount[slot]! * shift;
      unitNs[flow]! += more;
      if (this.isChanged[flow] === 0) this.markChanged(flow);
      if (Math.abs(more) > TOLERANCE * unitNs[flow]!) this.markDirty(flow, resource);
    }
  }

  private markDirty(flow: number, except: number): void {
    for (let at = flow * this.stride, end = at + this.useCount[flow]!; at < end; at++) {
      const resource = this.useResource[at]!;
      if (resource === except) continue;
      this.isDirty[resource] = 1;
      this.anyDirty = true;
    }
  }

  private markChanged(flow: number): void {
    if (this.isChanged[flow] === 1) return;
    this.isChanged[flow] = 1;
    this.changed[this.changedCount++] = flow;
  }

  /** Works a flow's time per unit out anew from the delays, so that no rounding piles up. */
  refresh(flow: number): void {
    const { queueNs, useResource, useAmount, delayNs } = this;
    const kinds = this.machine.resourceKind;
    const at = flow * 3;
    queueNs[at] = queueNs[at + 1] = queueNs[at + 2] = 0;
    const pay = this.linesPerSlot[flow]!;
    for (let use = flow * this.stride, end = use + this.useCount[flow]!; use < end; use++) {
      const resource = useResource[use]!;
      queueNs[at + kinds[resource]!]! += pay * useAmount[use]! * delayNs[resource]!;
    }
    this.unitNs[flow] = this.baseNs[flow]! + queueNs[at]! + queueNs[at + 1]! + queueNs[at + 2]!;
  }
}

/** Whole units, so that adding and taking away leaves no rest. Rounded up: a resource is never believed idle when it is not. */
function demandUnits(linesPerNs: number): number {
  return Math.ceil(linesPerNs * 2 ** 32);
}

/** The most resources that CPUs of one node can use, when they draw on all nodes at once and through a port. */
function widestUse(machine: Machine): number {
  const { nodeCount, useStart, useResource } = machine;
  let widest = 0;
  for (let cpuNode = 0; cpuNode < nodeCount; cpuNode++) {
    const used = new Set(useResource.subarray(useStart[cpuNode * nodeCount]!, useStart[(cpuNode + 1) * nodeCount]!));
    widest = Math.max(widest, used.size);
  }
  return widest + 1;
}
