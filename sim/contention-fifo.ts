import { assert } from './assert.ts';
import { FlowTable, type Network } from './flow-table.ts';
import { CONTROLLER } from './machine.ts';
import { SparseCholesky } from './sparse-cholesky.ts';

/** Traffic is met to this share of a resource's capacity: far finer than any figure of the model, far coarser than rounding. */
const TOLERANCE = 1e-7;
/** A step that leaves more of the error than this wants a matrix of its own next time. */
const GOOD_STEP = 0.15;
/** Blocks of fewer and of more resources than this are relaxed one by one. */
const LEAST_ROWS = 12;
const MOST_ROWS = 96;
const MOST_STEPS = 40;
const MOST_ROUNDS = 10_000;
const NONE = -1;

/**
 * The speeds of the running vCPUs under queueing: the FIFO closed-population equilibrium in the fluid limit.
 *
 * A flow (one running CPU) needs, per unit of execution,
 *     unitNs = baseNs + sum_r load_r / inFlight * delay_r
 * and loads r with load_r / unitNs. The delays satisfy
 *     controller: delay = rise * u / (1 - curve * u) while its use u < 1, at least that where u = 1
 *     link, pair: delay >= 0, and 0 unless its traffic equals its capacity.
 * Every flow pays a delay in the proportion in which it loads the resource, so these are the optimality conditions of the convex
 *     minimise  sum_r capacity_r * integral of u_r(delay) - sum_i inFlight_i * log(unitNs_i)   over delay >= 0:
 * the speeds exist and are unique. After: F. P. Kelly, A. Maulloo, D. Tan, "Rate control for communication networks" (1998), for the
 * potential; Little's law.
 *
 * It is minimised by Newton's method on a block of resources, the others held: at first those whose flows changed; whichever other
 * has its traffic moved by more than the tolerance joins the block. The block keeps its matrix from step to step while that serves.
 * Should this not settle, each delay of the block is relaxed in turn, which always does.
 */
export class FifoContention extends FlowTable {
  /** [R] */
  readonly delayNs: Float64Array;

  private readonly rise: Float64Array; //       [R] 0 of links and pairs
  private readonly carried: Float64Array; //    [R] traffic, of resources that can delay
  private readonly row: Int32Array; //          [R] its row of the equations, or NONE
  private readonly shift: Float64Array; //      [R] the step of its delay; 0 of all that have no row
  private readonly seenIn: Int32Array; //       [R] the solution in which it was last of the block or its edge
  private readonly block: Int32Array; //        resources whose delays are worked out: block[0..blockCount)
  private blockCount = 0;
  private readonly edge: Int32Array; //         others that can delay and carry flows of the block: edge[0..edgeCount)
  private edgeCount = 0;
  private readonly rowResource = new Int32Array(MOST_ROWS);
  private readonly equations = new SparseCholesky(MOST_ROWS);
  private readonly step = new Float64Array(MOST_ROWS); // [row] traffic beyond what the delay allows, then the step of the delay
  private readonly movedIn: Int32Array; //      [F] the solution in which it was last of the block
  private readonly place: Int32Array; //        [F] where it then stood in moved
  private readonly moved: Int32Array; //        flows of the block: moved[0..movedCount)
  private movedCount = 0;
  private readonly speed: Float64Array; //      [place in moved] units per ns
  private readonly entryStart: Int32Array; //   [place in moved + 1] its uses that can delay
  private readonly entryResource: Int32Array;
  private readonly entryLoad: Float64Array;
  private readonly flowRow: Int32Array; //      rows of one flow, and what it loads them with
  private readonly flowLoad: Float64Array;
  private solution = 0;

  constructor(network: Network, flows: number) {
    super(network, flows);
    const { resourceCount, resourceKind, riseNs } = network;
    this.delayNs = new Float64Array(resourceCount);
    this.rise = Float64Array.from({ length: resourceCount }, (_, r) => (resourceKind[r] === CONTROLLER ? riseNs[r]! : 0));
    this.carried = new Float64Array(resourceCount);
    this.row = new Int32Array(resourceCount).fill(NONE);
    this.shift = new Float64Array(resourceCount);
    this.seenIn = new Int32Array(resourceCount);
    this.block = new Int32Array(resourceCount);
    this.edge = new Int32Array(resourceCount);
    this.movedIn = new Int32Array(flows);
    this.place = new Int32Array(flows);
    this.moved = new Int32Array(flows);
    this.speed = new Float64Array(flows);
    this.entryStart = new Int32Array(flows + 1);
    this.entryResource = new Int32Array(flows * this.stride);
    this.entryLoad = new Float64Array(flows * this.stride);
    this.flowRow = new Int32Array(this.stride);
    this.flowLoad = new Float64Array(this.stride);
  }

  solve(): void {
    if (this.dirtyCount === 0) return;
    this.solves++;
    this.solution++;
    this.blockCount = this.edgeCount = this.movedCount = 0;
    for (let i = 0; i < this.dirtyCount; i++) {
      const resource = this.dirty[i]!;
      this.isDirty[resource] = 0;
      if (this.memberCount[resource] === 0) this.delayNs[resource] = 0;
      else if (this.canDelay(resource)) {
        this.seenIn[resource] = this.solution;
        this.block[this.blockCount++] = resource;
      }
    }
    this.dirtyCount = 0;
    for (let i = 0, count = this.blockCount; i < count; i++) this.gather(this.block[i]!);
    this.settleBlock();
    for (let i = 0; i < this.movedCount; i++) this.markChanged(this.moved[i]!);
  }

  refresh(flow: number): void {
    const { queueNs, useResource, useLoad, delayNs } = this;
    const kinds = this.network.resourceKind;
    const at = flow * 3;
    queueNs[at] = queueNs[at + 1] = queueNs[at + 2] = 0;
    const perLine = 1 / this.inFlight[flow]!;
    for (let use = flow * this.stride, end = use + this.useCount[flow]!; use < end; use++) {
      const resource = useResource[use]!;
      queueNs[at + kinds[resource]!]! += useLoad[use]! * perLine * delayNs[resource]!;
    }
    this.unitNs[flow] = this.baseNs[flow]! + queueNs[at]! + queueNs[at + 1]! + queueNs[at + 2]!;
  }

  certify(): void {
    const SLACK = 1e-5;
    const { network, delayNs } = this;
    for (let resource = 0; resource < network.resourceCount; resource++) {
      const capacity = network.capacity[resource]!;
      const use = this.traffic(resource) / capacity;
      const delay = delayNs[resource]!;
      assert(use <= 1 + SLACK, 'traffic exceeds capacity');
      assert(delay >= 0, 'a delay is negative');
      const allowed = this.allowed(resource, delay) / capacity;
      if (this.rise[resource]! > 0) assert(Math.abs(use - allowed) <= SLACK, 'a controller delays by other than its use');
      else if (delay > 0) assert(use >= 1 - SLACK, 'a link or pair delays without being full');
    }
  }

  protected enter(flow: number): void {
    this.refresh(flow);
  }

  /** Until the traffic of the block and around it fits the delays: one by one while they are few, then by Newton's method. */
  private settleBlock(): void {
    let last = Infinity;
    let isFormed = false;
    for (let round = 0; ; round++) {
      assert(round < MOST_ROUNDS, 'the speeds do not settle');
      if (this.joinEdge()) isFormed = false;
      const worst = this.worstExcess();
      if (worst <= TOLERANCE) break;
      if (this.blockCount < LEAST_ROWS || this.blockCount > MOST_ROWS || round > MOST_STEPS) {
        this.relax();
        continue;
      }
      if (!this.hasItsRows()) isFormed = false;
      if ((!isFormed || worst > last * GOOD_STEP) && !this.formEquations()) {
        round = MOST_STEPS;
        continue;
      }
      isFormed = true;
      last = worst;
      this.takeStep();
      this.moveFlows();
    }
    this.dropRows();
  }

  /** A resource that could be in somebody's way. */
  private canDelay(resource: number): boolean {
    return this.rise[resource]! > 0 || this.delayNs[resource]! > 0 || this.demand[resource]! > this.capacityUnits[resource]!;
  }

  /** The traffic at which a resource delays by so much. */
  private allowed(resource: number, delay: number): number {
    const capacity = this.network.capacity[resource]!;
    const rise = this.rise[resource]!;
    const knee = rise + this.network.curve * delay; // delays that are more than this are of a full controller
    return delay < knee ? (capacity * delay) / knee : capacity;
  }

  private excessOf(resource: number): number {
    return this.carried[resource]! - this.allowed(resource, this.delayNs[resource]!);
  }

  /** Whether its condition is an equation now: a link without delay may well carry less than it could. */
  private binds(resource: number): boolean {
    return this.rise[resource]! > 0 || this.delayNs[resource]! > 0 || this.carried[resource]! > this.network.capacity[resource]!;
  }

  /** Takes the flows of a resource of the block, and sums what it carries. */
  private gather(resource: number): void {
    const { memberFlow, memberLoad, unitNs, movedIn, solution } = this;
    let carried = 0;
    for (let slot = resource * this.flows, end = slot + this.memberCount[resource]!; slot < end; slot++) {
      const flow = memberFlow[slot]!;
      if (movedIn[flow] !== solution) this.joinFlow(flow);
      carried += memberLoad[slot]! / unitNs[flow]!;
    }
    this.carried[resource] = carried;
  }

  private joinFlow(flow: number): void {
    const { useResource, useLoad, entryStart, entryResource, entryLoad, seenIn, solution } = this;
    const place = this.movedCount++;
    this.movedIn[flow] = solution;
    this.place[flow] = place;
    this.moved[place] = flow;
    this.speed[place] = 1 / this.unitNs[flow]!;
    let entry = entryStart[place]!;
    for (let use = flow * this.stride, end = use + this.useCount[flow]!; use < end; use++) {
      const resource = useResource[use]!;
      if (!this.canDelay(resource)) continue;
      entryResource[entry] = resource;
      entryLoad[entry++] = useLoad[use]!;
      if (seenIn[resource] === solution) continue;
      seenIn[resource] = solution;
      this.edge[this.edgeCount++] = resource;
    }
    entryStart[place + 1] = entry;
  }

  /** Takes into the block what its flows disturb; a block that is not small takes all around it, or it would grow again and again. */
  private joinEdge(): boolean {
    const { edge, network } = this;
    const before = this.blockCount;
    let kept = 0;
    for (let i = 0; i < this.edgeCount; i++) {
      const resource = edge[i]!;
      const isOff = Math.abs(this.excessOf(resource)) > TOLERANCE * network.capacity[resource]!;
      if (this.binds(resource) && (isOff || before >= LEAST_ROWS)) {
        this.block[this.blockCount++] = resource;
        this.gather(resource);
      } else edge[kept++] = resource;
    }
    this.edgeCount = kept;
    return this.blockCount > before;
  }

  private hasItsRows(): boolean {
    for (let i = 0; i < this.blockCount; i++) {
      const resource = this.block[i]!;
      if (this.binds(resource) !== (this.row[resource]! !== NONE)) return false;
    }
    return true;
  }

  /** The most by which the traffic of the block misses what the delays allow, as a share of capacity. */
  private worstExcess(): number {
    let worst = 0;
    for (let i = 0; i < this.blockCount; i++) {
      const resource = this.block[i]!;
      if (!this.binds(resource)) continue;
      const share = Math.abs(this.excessOf(resource)) / this.network.capacity[resource]!;
      if (share > worst) worst = share;
    }
    return worst;
  }

  private dropRows(): void {
    for (let row = 0; row < this.equations.size; row++) this.row[this.rowResource[row]!] = NONE;
    this.equations.begin(0);
  }

  /**
   * How the excess of each resource falls with the delay of each: -d traffic_r / d delay_s = sum_i load_ir load_is / inFlight_i
   * / unitNs_i^2, and on the diagonal the slope of what is allowed. Links and pairs come first: few flows share two of them.
   * @returns false when they have no unique solution: the same flows fill several resources
   */
  private formEquations(): boolean {
    const { block, blockCount, row, rowResource, equations, entryStart, entryResource, entryLoad, flowRow, flowLoad } = this;
    this.dropRows();
    let size = 0;
    for (let isController = 0; isController < 2; isController++) {
      for (let i = 0; i < blockCount; i++) {
        const resource = block[i]!;
        if (this.rise[resource]! > 0 !== (isController === 1) || !this.binds(resource)) continue;
        row[resource] = size;
        rowResource[size++] = resource;
      }
    }
    equations.begin(size);
    const { matrix } = equations;
    for (let place = 0; place < this.movedCount; place++) {
      let count = 0;
      for (let entry = entryStart[place]!, end = entryStart[place + 1]!; entry < end; entry++) {
        const at = row[entryResource[entry]!]!;
        if (at === NONE) continue;
        flowRow[count] = at;
        flowLoad[count++] = entryLoad[entry]!;
      }
      const speed = this.speed[place]!;
      const factor = (speed * speed) / this.inFlight[this.moved[place]!]!;
      for (let i = 0; i < count; i++) {
        const at = flowRow[i]!;
        const load = flowLoad[i]! * factor;
        for (let j = 0; j <= i; j++) {
          const other = flowRow[j]!;
          matrix[at > other ? at * size + other : other * size + at]! += load * flowLoad[j]!;
        }
      }
    }
    for (let at = 0; at < size; at++) {
      const resource = rowResource[at]!;
      const rise = this.rise[resource]!;
      const knee = rise + this.network.curve * this.delayNs[resource]!;
      if (this.delayNs[resource]! < knee) matrix[at * size + at]! += (this.network.capacity[resource]! * rise) / (knee * knee);
    }
    return equations.factor();
  }

  private takeStep(): void {
    const { equations, rowResource, step, delayNs, shift } = this;
    for (let row = 0; row < equations.size; row++) step[row] = this.excessOf(rowResource[row]!);
    equations.solve(step);
    for (let row = 0; row < equations.size; row++) {
      const resource = rowResource[row]!;
      const before = delayNs[resource]!;
      const after = Math.max(0, before + step[row]!);
      delayNs[resource] = after;
      shift[resource] = after - before;
    }
  }

  /** New speeds of the flows of the block after a step, and what they now carry where. */
  private moveFlows(): void {
    const { rowResource, shift } = this;
    for (let place = 0; place < this.movedCount; place++) this.moveFlow(place);
    for (let row = 0; row < this.equations.size; row++) shift[rowResource[row]!] = 0;
  }

  private moveFlow(place: number): void {
    const { entryResource, entryLoad, shift, carried, unitNs } = this;
    const flow = this.moved[place]!;
    const start = this.entryStart[place]!;
    const end = this.entryStart[place + 1]!;
    let more = 0;
    for (let entry = start; entry < end; entry++) more += entryLoad[entry]! * shift[entryResource[entry]!]!;
    if (more === 0) return;
    unitNs[flow]! += more / this.inFlight[flow]!;
    const speed = 1 / unitNs[flow]!;
    const faster = speed - this.speed[place]!;
    this.speed[place] = speed;
    for (let entry = start; entry < end; entry++) carried[entryResource[entry]!]! += entryLoad[entry]! * faster;
  }

  /** Each delay of the block in turn, the others held. */
  private relax(): void {
    for (let i = 0; i < this.blockCount; i++) {
      const resource = this.block[i]!;
      if (this.binds(resource) && Math.abs(this.excessOf(resource)) > TOLERANCE * this.network.capacity[resource]!) this.relaxOne(resource);
    }
  }

  /** Newton's method for one delay: its excess is convex and falls with it, so no bracket is needed. */
  private relaxOne(resource: number): void {
    const { memberFlow, memberLoad, delayNs, unitNs, inFlight, shift, place } = this;
    const start = resource * this.flows;
    const end = start + this.memberCount[resource]!;
    const capacity = this.network.capacity[resource]!;
    const rise = this.rise[resource]!;
    const before = delayNs[resource]!;
    let delay = before;
    let excess = this.excessOf(resource);
    for (let step = 0; Math.abs(excess) > TOLERANCE * capacity && (delay > 0 || excess > 0); step++) {
      assert(step < MOST_ROUNDS, 'a delay does not settle');
      const knee = rise + this.network.curve * delay;
      let slope = delay < knee ? (capacity * rise) / (knee * knee) : 0;
      excess = -this.allowed(resource, delay);
      for (let slot = start; slot < end; slot++) {
        const flow = memberFlow[slot]!;
        const perNs = memberLoad[slot]! / inFlight[flow]!;
        const load = memberLoad[slot]! / (unitNs[flow]! + perNs * (delay - before));
        excess += load;
        slope += (load * load) / inFlight[flow]!;
      }
      delay = Math.max(0, delay + excess / slope);
    }
    delayNs[resource] = delay;
    shift[resource] = delay - before;
    for (let slot = start; slot < end; slot++) this.moveFlow(place[memberFlow[slot]!]!);
    shift[resource] = 0;
  }
}
