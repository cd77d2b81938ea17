import type { Kernel, MemoryPolicy, PageSample } from '../../sim/policy-api.ts';
import { type GuestId, NONE, type NodeId } from '../../sim/units.ts';
import { BlockIndex } from './block-index.ts';
import { MaxHeap } from './max-heap.ts';

/** Blocks whose samples are remembered, over the whole host. Assumed; 32 GiB in blocks of 2 MiB. */
const REMEMBERED = 16_384;
/** Samples a block must be worth before it is moved: two within one half-life, so that what is touched once drags nothing along. Assumed. */
const LEAST_SAMPLES = 1.5;
/** A block worth less than this is forgotten. Assumed. */
const FORGOTTEN_SAMPLES = 0.25;
/** What SLIT calls local. */
const LOCAL_DISTANCE = 10;

export interface HotPagesOptions {
  readonly periodLines: number;
  readonly periodNs: number;
  /** Time after which a sample counts half. */
  readonly halfLifeNs: number;
  /** For how long a block is thought to stay as hot, and its users where they are. */
  readonly stayNs: number;
  /** What an access to local memory is thought to take. */
  readonly latencyNs: number;
  /** Rate at which a block is thought to be copied, in bytes per second, and what a move costs beside; Infinity and 0 for free moves. */
  readonly copyBytesPerSecond: number;
  readonly moveNs: number;
  /** Infinity for no limit. */
  readonly moveBytesPerSecond: number;
  readonly cooldownNs: number;
  /** Time after which a moved block goes back; 0 for never. */
  readonly revertNs: number;
}

/**
 * Hot pages first: samples of accesses give each block a count by the node of the CPU that made them, which fades with time. Every period
 * each block with more than half of its count from one node, and lying on another, is weighed:
 *     saved = rate of accesses * (latency from where they come to where it lies - to where it would lie) * stay  >  copy + move
 * with latencies as the distances of SLIT have them. Those that save most are moved first, as far as the rate allows. What a copy costs is
 * the same for each, so this is the order in which the rate is worth most; of equally far blocks it is hottest first.
 * With `revertNs` migration is temporary: a moved block goes back after that time, so it stays no longer and is paid for twice. To move is
 * worth it while   2 * (block / copy rate + move)  <  extra latency * access rate * min(stay, revert).
 * No block is looked at that was not sampled: at most 16384 are remembered, new ones only while there is room.
 * After: A. Przywara, "Virtualizing NUMA", Linux Plumbers 2010 ("rebalancing with page migration? hot pages first, maybe temporary?"). The
 * deck has no rules: these are numalab's own, the figures assumed. Twice seen before it is moved: Linux, should_numa_migrate_memory.
 * @param base where memory lies at first
 */
export function hotPages(base: MemoryPolicy, options: HotPagesOptions): MemoryPolicy {
  const pages = new HotPages(options);
  return {
    ...base,
    name: options.revertNs > 0 ? 'temporary' : 'hot-pages',
    samples: { periodLines: options.periodLines },
    onSample: (k, sample) => pages.sample(k, sample),
    onMoved: (_k, guest, block, _from, to) => pages.moved(guest, block, to),
    plan: { periodNs: options.periodNs, step: (k) => pages.plan(k) },
    cooldownNs: options.cooldownNs,
    ...(options.moveBytesPerSecond < Infinity ? { moveBytesPerSecond: options.moveBytesPerSecond } : {}),
    ...(options.revertNs > 0 ? { revertAfterNs: options.revertNs } : {}),
  };
}

export class HotPages {
  private readonly options: HotPagesOptions;
  private readonly fading: number; // what a count is worth a period later
  private readonly blocks = new BlockIndex(REMEMBERED);
  private readonly node = new Int32Array(REMEMBERED); // [slot] where it was last known to lie
  private counts = new Float64Array(0); // [slot * nodeCount + node] faded samples of CPUs of that node
  private readonly queue = new MaxHeap(REMEMBERED);
  private readonly to = new Int32Array(REMEMBERED); // [slot] where it should lie
  private nodeCount = 0;
  private window = 0; // periods the counts stand for, as faded as they are

  constructor(options: HotPagesOptions) {
    this.options = options;
    this.fading = 0.5 ** (options.periodNs / options.halfLifeNs);
  }

  sample(k: Kernel, { guest, block, node, cpuNode }: PageSample): void {
    const slot = this.slotOf(k, guest, block);
    if (slot === NONE) return;
    this.node[slot] = node;
    this.counts[slot * this.nodeCount + cpuNode]!++;
  }

  moved(guest: GuestId, block: number, to: NodeId): void {
    const slot = this.blocks.find(guest, block);
    if (slot !== NONE) this.node[slot] = to;
  }

  plan(k: Kernel): void {
    const { blocks, queue } = this;
    this.window = 1 + this.fading * this.window;
    queue.clear();
    for (let slot = 0; slot < blocks.end; slot++) if (blocks.guest[slot] !== NONE) this.weigh(k, slot);
    while (queue.size > 0 && k.moveRoomBytes >= k.blockBytes) {
      const slot = queue.pop();
      k.moveBlock(blocks.guest[slot] as GuestId, blocks.block[slot]!, this.to[slot] as NodeId);
    }
    for (let slot = 0; slot < blocks.end; slot++) if (blocks.guest[slot] !== NONE) this.fade(k, slot);
  }

  private slotOf(k: Kernel, guest: GuestId, block: number): number {
    if (this.nodeCount === 0) {
      this.nodeCount = k.nodeCount;
      this.counts = new Float64Array(REMEMBERED * k.nodeCount);
    }
    const found = this.blocks.find(guest, block);
    if (found !== NONE) return found;
    const slot = this.blocks.add(guest, block);
    if (slot !== NONE) this.counts.fill(0, slot * this.nodeCount, (slot + 1) * this.nodeCount);
    return slot;
  }

  /** Queues a block that it would pay to move. */
  private weigh(k: Kernel, slot: number): void {
    if (!k.isHere(this.blocks.guest[slot] as GuestId)) return;
    const { counts, nodeCount } = this;
    const first = slot * nodeCount;
    let all = 0;
    let to = 0 as NodeId;
    for (let node = 0 as NodeId; node < nodeCount; node++) {
      all += counts[first + node]!;
      if (counts[first + node]! > counts[first + to]!) to = node;
    }
    const from = this.node[slot] as NodeId;
    if (to === from || all < LEAST_SAMPLES || counts[first + to]! * 2 <= all) return;
    let nearer = 0; // sum over samples of how much nearer the block would be, in distances of SLIT
    for (let node = 0 as NodeId; node < nodeCount; node++) {
      nearer += counts[first + node]! * (k.distance(node, from) - k.distance(node, to));
    }
    const savedNs = this.savedNs(nearer);
    if (savedNs <= this.costNs(k.blockBytes)) return;
    this.to[slot] = to;
    this.queue.push(slot, savedNs);
  }

  /** Time saved while the block stays: of a sum of samples times distances. */
  private savedNs(nearer: number): number {
    const { periodLines, latencyNs, periodNs, stayNs, revertNs } = this.options;
    const perNs = (nearer * periodLines * latencyNs) / LOCAL_DISTANCE / (this.window * periodNs);
    return perNs * (revertNs > 0 ? Math.min(stayNs, revertNs) : stayNs);
  }

  private costNs(blockBytes: number): number {
    const { copyBytesPerSecond, moveNs, revertNs } = this.options;
    return ((blockBytes / copyBytesPerSecond) * 1e9 + moveNs) * (revertNs > 0 ? 2 : 1);
  }

  private fade(k: Kernel, slot: number): void {
    const { counts, nodeCount } = this;
    let all = 0;
    for (let at = slot * nodeCount; at < (slot + 1) * nodeCount; at++) all += counts[at]! *= this.fading;
    if (all < FORGOTTEN_SAMPLES || !k.isHere(this.blocks.guest[slot] as GuestId)) this.blocks.remove(slot);
  }
}
