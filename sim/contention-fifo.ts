import { assert } from './assert.ts';
import { FifoDelays, MOST_RELAXED, TOLERANCE } from './fifo-delays.ts';
import type { Network } from './flow-table.ts';
import { SweptMatrix } from './swept-matrix.ts';

/** A step that leaves more of the error than this wants the equations formed anew, and so do this many solutions. */
const GOOD_STEP = 0.3;
const OLD_EQUATIONS = 8;
const MOST_STEPS = 40;
/** ns^2: no delay is so long. */
const ASTRAY = 1e20;
/** More resources than this are not solved at once. */
const MOST_ROWS = 64;
/** A region, or that there was none small enough, is believed for so many solutions. */
const OLD_REGION = 64;
/** So many resources are relaxed before a region is looked for. */
const FEW_RELAXED = 4;
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
 * Each delay that is off is relaxed, the others held, and so are those it disturbs. Where that does not end soon, the region is solved
 * at once: all resources that can delay and are connected by flows to those that changed. Its delays move by Newton steps whose matrix
 * is kept, inverted, from solution to solution while it serves, with Broyden's correction of each step by those before
 * (C. T. Kelley, "Iterative Methods for Linear and Nonlinear Equations", 1995, ch. 7). A region too large for that, or whose equations
 * have no unique solution, is relaxed to the end, which always settles.
 */
export class FifoContention extends FifoDelays {
  private readonly row: Int32Array; //          [R] its row in the region, or NONE
  private rowCount = 0; //                      0 when there is no region
  private readonly rowResource = new Int32Array(MOST_ROWS);
  private readonly carried = new Float64Array(MOST_ROWS); //[row] its traffic
  private readonly excess = new Float64Array(MOST_ROWS); // [row] traffic beyond what the delay allows, 0 where that does not bind
  private readonly binds = new Uint8Array(MOST_ROWS);
  private readonly matrix = new SweptMatrix(MOST_ROWS); //  how excess falls with delay; swept where a delay may move
  private readonly scale = new Float64Array(MOST_ROWS); //  [row] how its height (see stepped) rises with its delay
  private readonly steps = new Float64Array(MOST_ROWS * (MOST_STEPS + 1)); // [step * MOST_ROWS + row] since the matrix was last right
  private readonly stepNorms = new Float64Array(MOST_STEPS + 1);
  private stepCount = 0;
  private uses = 0; //                          solutions since a region was last looked for
  private isTooWide = false; //                 and had too many resources
  private readonly flowRow: Int32Array; //      rows of one flow, and what it loads them with
  private readonly flowLoad: Float64Array;
  private readonly isInside: Uint8Array; //     [F] whether it is one of the region
  private readonly inside: Int32Array; //       inside[0..insideCount), some without traffic now
  private insideCount = 0;

  constructor(network: Network, flows: number) {
    super(network, flows);
    this.row = new Int32Array(network.resourceCount).fill(NONE);
    this.isInside = new Uint8Array(flows);
    this.inside = new Int32Array(flows);
    this.flowRow = new Int32Array(this.stride);
    this.flowLoad = new Float64Array(this.stride);
  }

  solve(): void {
    if (this.dirtyCount === 0) return;
    this.solves++;
    const isCovered = this.takeDirty() && this.uses < OLD_REGION;
    this.uses++;
    if (!isCovered) {
      this.dropRegion();
      for (let i = 0; i < this.dirtyCount; i++) this.enqueue(this.dirty[i]!);
    }
    const isSettled = isCovered ? this.settleRegion() : this.relax(FEW_RELAXED) || (this.findRegion() && this.settleRegion());
    if (!isSettled) this.relaxRegion();
    this.dirtyCount = 0;
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

  /** Clears the marks. @returns whether the region has all that changed and can delay */
  private takeDirty(): boolean {
    let isCovered = this.rowCount > 0;
    for (let i = 0; i < this.dirtyCount; i++) {
      const resource = this.dirty[i]!;
      this.isDirty[resource] = 0;
      if (this.memberCount[resource] === 0) this.delayNs[resource] = 0;
      else if (this.row[resource] === NONE && this.canDelay(resource)) isCovered = false;
    }
    return isCovered;
  }

  private relaxRegion(): void {
    for (let row = 0; row < this.rowCount; row++) this.enqueue(this.rowResource[row]!);
    this.dropRegion();
    assert(this.relax(MOST_RELAXED), 'the speeds do not settle');
  }

  /** All that can delay and is connected with what changed. @returns false when these are too many */
  private findRegion(): boolean {
    if (this.isTooWide && this.uses < OLD_REGION) return false;
    this.isTooWide = true;
    this.uses = 0;
    const { memberFlow, rowResource } = this;
    for (let i = 0; i < this.dirtyCount; i++) this.enqueue(this.dirty[i]!);
    while (this.queueCount > 0) if (!this.addRow(this.dequeue())) return false;
    for (let row = 0; row < this.rowCount; row++) {
      const start = rowResource[row]! * this.flows;
      for (let slot = start, end = start + this.memberCount[rowResource[row]!]!; slot < end; slot++) {
        const flow = memberFlow[slot]!;
        if (this.isInside[flow] === 1) continue;
        for (let use = flow * this.stride, last = use + this.useCount[flow]!; use < last; use++) {
          if (this.canDelay(this.useResource[use]!) && !this.addRow(this.useResource[use]!)) return false;
        }
        this.joinRegion(flow);
      }
    }
    for (let row = 0; row < this.rowCount; row++) this.carried[row] = this.sum(rowResource[row]!);
    this.isTooWide = false;
    this.matrix.size = 0;
    return true;
  }

  private addRow(resource: number): boolean {
    if (this.row[resource] !== NONE) return true;
    if (this.rowCount === MOST_ROWS) {
      this.enqueue(resource);
      return false;
    }
    this.row[resource] = this.rowCount;
    this.rowResource[this.rowCount++] = resource;
    return true;
  }

  private joinRegion(flow: number): void {
    if (this.isInside[flow] === 1) return;
    this.isInside[flow] = 1;
    this.inside[this.insideCount++] = flow;
  }

  /** A flow that does may wait for nothing outside; one that does not is none of the region's, even if it has just been relaxed. */
  private meetsRegion(flow: number): boolean {
    for (let use = flow * this.stride, end = use + this.useCount[flow]!; use < end; use++) {
      if (this.row[this.useResource[use]!] !== NONE) return true;
    }
    return false;
  }

  private dropRegion(): void {
    for (let row = 0; row < this.rowCount; row++) this.row[this.rowResource[row]!] = NONE;
    for (let i = 0; i < this.insideCount; i++) this.isInside[this.inside[i]!] = 0;
    this.rowCount = this.insideCount = 0;
  }

  /** Steps until the traffic of the region fits its delays. @returns false when that cannot be */
  private settleRegion(): boolean {
    let last = Infinity;
    this.stepCount = 0;
    for (let i = 0; i < this.changedCount; i++) if (this.meetsRegion(this.changed[i]!)) this.joinRegion(this.changed[i]!);
    for (let i = 0; i < this.dirtyCount; i++) {
      const row = this.row[this.dirty[i]!]!;
      if (row !== NONE) this.carried[row] = this.sum(this.dirty[i]!);
    }
    for (let round = 0; round < MOST_STEPS; round++) {
      const worst = this.findExcess();
      if (worst <= TOLERANCE) return true;
      if (this.matrix.size !== this.rowCount || (round === 0 && this.uses % OLD_EQUATIONS === 0) || worst > last * GOOD_STEP)
        this.formEquations();
      if (!this.sweepRows() || !this.takeStep()) return false;
      last = worst;
      this.moveFlows();
    }
    return false;
  }

  /** @returns the most by which the traffic of the region misses what its delays allow, as a share of capacity */
  private findExcess(): number {
    const { rowResource, excess, binds, delayNs, carried } = this;
    const { capacity } = this.network;
    let worst = 0;
    for (let row = 0; row < this.rowCount; row++) {
      const resource = rowResource[row]!;
      const delay = delayNs[resource]!;
      const more = carried[row]! - this.allowed(resource, delay);
      binds[row] = delay > 0 || more > 0 ? 1 : 0; // or it is empty, or a link or pair that carries less than it could
      excess[row] = binds[row] === 1 ? more : 0;
      const share = Math.abs(excess[row]!) / capacity[resource]!;
      if (share > worst) worst = share;
    }
    return worst;
  }

  /**
   * How the excess of each resource falls with the delay of each: -d traffic_r / d delay_s = sum_i load_ir load_is / inFlight_i
   * / unitNs_i^2, and on the diagonal the slope of what is allowed.
   */
  private formEquations(): void {
    const { matrix, row, rowResource, inside, useResource, useLoad, speed, perLine, flowRow, flowLoad } = this;
    const { entry: value } = matrix;
    const size = this.rowCount;
    matrix.begin(size);
    this.stepCount = 0;
    for (let i = 0; i < this.insideCount; i++) {
      const flow = inside[i]!;
      let count = 0;
      for (let use = flow * this.stride, end = use + this.useCount[flow]!; use < end; use++) {
        const at = row[useResource[use]!]!;
        if (at === NONE) continue;
        flowRow[count] = at;
        flowLoad[count++] = useLoad[use]!;
      }
      const factor = speed[flow]! * speed[flow]! * perLine[flow]!;
      for (let a = 0; a < count; a++) {
        const at = flowRow[a]! * size;
        const load = flowLoad[a]! * factor;
        for (let b = 0; b < count; b++) value[at + flowRow[b]!]! += load * flowLoad[b]!;
      }
    }
    for (let at = 0; at < size; at++) {
      const resource = rowResource[at]!;
      const slope = this.slope(resource, this.delayNs[resource]!);
      value[at * size + at]! += slope;
      this.scale[at] =
        slope === 0 ? 1 : (slope / this.network.capacity[resource]!) * (this.rise[resource]! / (1 - this.network.curve) ** 2);
    }
    matrix.ready();
  }

  /** Lets the delays move that do. @returns false when they have no unique solution: the same flows fill several resources */
  private sweepRows(): boolean {
    const { matrix, binds } = this;
    for (let row = 0; row < this.rowCount; row++) {
      if (binds[row] === matrix.isSwept[row]) continue;
      this.stepCount = 0;
      if (!matrix.sweep(row)) return false;
    }
    return true;
  }

  /** @returns false, and takes none, when it leads nowhere */
  private takeStep(): boolean {
    const { rowResource, rowCount, delayNs, steps, stepNorms, scale } = this;
    const at = this.stepCount * MOST_ROWS;
    this.matrix.solve(this.excess, steps, at);
    for (let row = 0; row < rowCount; row++) steps[at + row]! *= scale[row]!;
    this.correctStep(at);
    let norm = 0;
    for (let row = 0; row < rowCount; row++) norm += steps[at + row]! * steps[at + row]!;
    if (!(norm < ASTRAY)) return false;
    stepNorms[this.stepCount++] = norm;
    for (let row = 0; row < rowCount; row++) {
      const resource = rowResource[row]!;
      delayNs[resource] = this.stepped(resource, delayNs[resource]!, steps[at + row]!);
    }
    return true;
  }

  /** Broyden's: what the steps so far left undone tells how wrong the matrix is along them. */
  private correctStep(at: number): void {
    const { rowCount, steps, stepNorms, stepCount } = this;
    for (let past = 0; past < stepCount; past++) {
      const from = past * MOST_ROWS;
      const next = from + MOST_ROWS;
      let along = 0;
      for (let row = 0; row < rowCount; row++) along += steps[from + row]! * steps[at + row]!;
      along /= stepNorms[past]!;
      if (past + 1 < stepCount) for (let row = 0; row < rowCount; row++) steps[at + row]! += along * steps[next + row]!;
      else if (along < 0.5) for (let row = 0; row < rowCount; row++) steps[at + row]! /= 1 - along; // more is no correction
    }
  }

  /**
   * Where a step takes a delay. A controller's is taken at the height of its use: as if the curve went on below the knee, where it is
   * full, by its tangent there. What a flow carries and what is allowed bend alike along it, so that steps hit better.
   */
  private stepped(resource: number, delay: number, step: number): number {
    const rise = this.rise[resource]!;
    if (rise === 0) return Math.max(0, delay + step);
    const { curve } = this.network;
    const knee = rise / (1 - curve);
    const steep = knee / (1 - curve); // of delay by use, at the knee
    const height = (delay < knee ? knee - (1 - delay / (rise + curve * delay)) * steep : delay) + step;
    if (height >= knee) return height;
    const use = Math.max(0, 1 - (knee - height) / steep);
    return (rise * use) / (1 - curve * use);
  }

  /** The new speeds of the region's flows after a step, and what its resources now carry. */
  private moveFlows(): void {
    const { rowResource, flows, memberCount, memberFlow, memberLoad, inside, waitNs, delayNs } = this;
    const kinds = this.network.resourceKind;
    for (let i = 0; i < this.insideCount; i++) waitNs[inside[i]!] = waitNs[flows + inside[i]!] = waitNs[2 * flows + inside[i]!] = 0;
    for (let row = 0; row < this.rowCount; row++) {
      const resource = rowResource[row]!;
      const delay = delayNs[resource]!;
      if (delay === 0) continue;
      const first = kinds[resource]! * flows;
      for (let slot = resource * flows, end = slot + memberCount[resource]!; slot < end; slot++) {
        waitNs[first + memberFlow[slot]!]! += memberLoad[slot]! * delay;
      }
    }
    this.takeWaits(inside, this.insideCount);
    for (let row = 0; row < this.rowCount; row++) this.carried[row] = this.sum(rowResource[row]!);
  }

  /** What a resource of the region carries. */
  private sum(resource: number): number {
    const { memberFlow, memberLoad, speed } = this;
    let carried = 0;
    for (let slot = resource * this.flows, end = slot + this.memberCount[resource]!; slot < end; slot++)
      carried += memberLoad[slot]! * speed[memberFlow[slot]!]!;
    return carried;
  }
}
