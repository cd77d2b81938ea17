import type { Heat } from './workload-api.ts';

/** A block's heat is that of its group: heat is resolved to a 64th of a region's blocks. */
export const HEAT_GROUPS = 64;
/** Mean weight of a group. With at most 2^24 blocks a guest, sums stay below 2^53: whole, and exact in any order. */
const MEAN_WEIGHT = 2 ** 23;

/**
 * The group of a guest's block: of every 64 blocks in a row (from a multiple of 64) each group has one, in an order that differs from
 * row to row, so that heat has nothing to do with address or with a policy's pattern. Worked out anew each time: it costs no memory.
 * A Feistel network of 2 * 3 bits, keyed by the row (Luby and Rackoff, SIAM J. Comput. 17(2), 1988).
 */
export function heatGroup(block: number): number {
  let key = Math.imul((block >>> 6) + 1, 0x9e3779b1);
  let low = block & 7;
  let high = (block >>> 3) & 7;
  for (let round = 0; round < 4; round++) {
    key = Math.imul(key ^ (key >>> 15), 0x85ebca6b);
    key ^= key >>> 13;
    const mixed = high ^ ((key >>> (3 * low)) & 7); // the key is a table of 8 entries
    high = low;
    low = mixed;
  }
  return high * 8 + low;
}

/**
 * Accesses to a block by the rank of its group, hottest first: whole numbers, 2^23 on average. A hot set that ends inside a group
 * shares it with the cold. Zipf: the r-th hottest 64th of the blocks is drawn on in proportion to 1/r^exponent. Normal: as dense as the
 * bell is in the middle of the r-th 64th from its centre.
 * @throws RangeError for a share outside 0..1, a hot set of nothing or everything, an exponent outside 0..4, a deviation outside 0.1..10
 */
export function rankWeights(heat: Heat): Float64Array {
  const weights = new Float64Array(HEAT_GROUPS);
  if (heat.kind === 'zipf') {
    const { exponent } = heat;
    if (!(exponent >= 0 && exponent <= 4)) throw new RangeError(`heat: exponent = ${exponent}, want 0 to 4`);
    return inProportion(weights.map((_, rank) => (rank + 1) ** -exponent));
  }
  if (heat.kind === 'normal') {
    const { deviation } = heat;
    if (!(deviation >= 0.1 && deviation <= 10)) throw new RangeError(`heat: deviation = ${deviation}, want 0.1 to 10`);
    return inProportion(weights.map((_, rank) => Math.exp(-(((rank + 0.5) / HEAT_GROUPS / deviation) ** 2) / 2)));
  }
  const { blockShare, accessShare } = heat;
  if (!(blockShare > 0 && blockShare < 1)) throw new RangeError(`heat: blockShare = ${blockShare}, want more than 0 and less than 1`);
  if (!(accessShare >= 0 && accessShare <= 1)) throw new RangeError(`heat: accessShare = ${accessShare}, want 0 to 1`);
  const accessesUpTo = (share: number): number =>
    share < blockShare ? (share / blockShare) * accessShare : 1 - ((1 - share) / (1 - blockShare)) * (1 - accessShare);
  return weights.map((_, rank) => {
    const share = accessesUpTo((rank + 1) / HEAT_GROUPS) - accessesUpTo(rank / HEAT_GROUPS);
    return Math.round(share * HEAT_GROUPS * MEAN_WEIGHT);
  });
}

/** Whole numbers in these proportions, 2^23 on average. */
function inProportion(shares: Float64Array): Float64Array {
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => Math.round((share / sum) * HEAT_GROUPS * MEAN_WEIGHT));
}

/**
 * How hot the backed blocks of heated regions are, by host node, kept as they are backed, moved and freed. Drift turns the ranks by
 * one group every driftNs of simulated time, counted from 0; that is found out when the sums are next asked for, and costs
 * groups * nodes then, nothing in between.
 */
export class RegionHeat {
  private readonly slotOf: Int32Array; //  [region] or NONE: blocks are all alike
  private readonly weights: Float64Array; // [slot * groups + rank]
  private readonly driftNs: Float64Array; // [slot] 0: stays
  private readonly turned: Uint8Array; //   [slot] groups the ranks are turned by, as the sums have it
  private readonly counts: Int32Array; //   [(slot * N + node) * groups + group] backed blocks
  private readonly sums: Float64Array; //   [slot * N + node] their weights
  private readonly nodeCount: number;

  constructor(nodeCount: number, heats: readonly (Heat | null)[]) {
    const heated = heats.filter((heat) => heat !== null);
    this.nodeCount = nodeCount;
    let slots = 0;
    this.slotOf = Int32Array.from(heats, (heat) => (heat === null ? -1 : slots++));
    this.weights = new Float64Array(slots * HEAT_GROUPS);
    heated.forEach((heat, slot) => this.weights.set(rankWeights(heat), slot * HEAT_GROUPS));
    this.driftNs = Float64Array.from(heated, (heat) => heat.driftNs);
    this.turned = new Uint8Array(slots);
    this.counts = new Int32Array(slots * nodeCount * HEAT_GROUPS);
    this.sums = new Float64Array(slots * nodeCount);
  }

  /** How long the heat of a region stays as it is; 0 for ever. */
  driftOf(region: number): number {
    const slot = this.slotOf[region]!;
    return slot < 0 ? 0 : this.driftNs[slot]!;
  }

  isHeated(region: number): boolean {
    return this.slotOf[region]! >= 0;
  }

  /** Accesses to a block of a heated region in proportion to others of it, by its group (`heatGroup`). */
  weightNow(region: number, group: number, nowNs: number): number {
    const slot = this.slotOf[region]!;
    this.turn(slot, nowNs);
    return this.weightOf(slot, group);
  }

  /** Sum of the weights of a heated region's backed blocks. */
  total(region: number, nowNs: number): number {
    const slot = this.slotOf[region]!;
    this.turn(slot, nowNs);
    let total = 0;
    for (let node = 0; node < this.nodeCount; node++) total += this.sums[slot * this.nodeCount + node]!;
    return total;
  }

  /** Counts blocks (1 or -1) of a region in or out of a node. `block` is counted from the guest's first. */
  count(region: number, block: number, node: number, blocks: number): void {
    const slot = this.slotOf[region]!;
    if (slot < 0) return;
    const at = slot * this.nodeCount + node;
    const group = heatGroup(block);
    this.counts[at * HEAT_GROUPS + group]! += blocks;
    this.sums[at]! += blocks * this.weightOf(slot, group);
  }

  /** A block of a region goes from one node to another: as counting it out of the one and into the other. */
  move(region: number, block: number, from: number, to: number): void {
    const slot = this.slotOf[region]!;
    if (slot < 0) return;
    const first = slot * this.nodeCount;
    const group = heatGroup(block);
    const weight = this.weightOf(slot, group);
    this.counts[(first + from) * HEAT_GROUPS + group]!--;
    this.counts[(first + to) * HEAT_GROUPS + group]!++;
    this.sums[first + from]! -= weight;
    this.sums[first + to]! += weight;
  }

  /** The region has no blocks any more. */
  clear(region: number): void {
    const slot = this.slotOf[region]!;
    if (slot < 0) return;
    const first = slot * this.nodeCount;
    this.sums.fill(0, first, first + this.nodeCount);
    this.counts.fill(0, first * HEAT_GROUPS, (first + this.nodeCount) * HEAT_GROUPS);
  }

  /**
   * Heat of a region's backed blocks by node, into out[at + node].
   * @returns their sum; 0 when the region is not heated, or when nothing backed is hot
   */
  byNode(region: number, nowNs: number, out: Float64Array, at: number): number {
    const slot = this.slotOf[region]!;
    if (slot < 0) return 0;
    this.turn(slot, nowNs);
    let total = 0;
    for (let node = 0; node < this.nodeCount; node++) total += out[at + node] = this.sums[slot * this.nodeCount + node]!;
    return total;
  }

  private turn(slot: number, nowNs: number): void {
    const driftNs = this.driftNs[slot]!;
    const turned = driftNs > 0 ? Math.floor(nowNs / driftNs) % HEAT_GROUPS : 0;
    if (turned === this.turned[slot]) return;
    this.turned[slot] = turned;
    for (let at = slot * this.nodeCount; at < (slot + 1) * this.nodeCount; at++) {
      let sum = 0;
      for (let group = 0; group < HEAT_GROUPS; group++) sum += this.counts[at * HEAT_GROUPS + group]! * this.weightOf(slot, group);
      this.sums[at] = sum;
    }
  }

  private weightOf(slot: number, group: number): number {
    return this.weights[slot * HEAT_GROUPS + ((group - this.turned[slot]!) & (HEAT_GROUPS - 1))]!;
  }
}
