import type { Kernel, MemoryPolicy, PageSample } from '../../sim/policy-api.ts';
import { type GuestId, NONE, type NodeId, seconds } from '../../sim/units.ts';
import { BlockIndex } from './block-index.ts';
import { firstTouch } from './first-touch.ts';
import { Traffic } from './traffic.ts';

const ROUND_NS = seconds(1);
const MOST_LOCAL_PERCENT = 100; // interleaving below it
const MOST_LOCAL_TO_MIGRATE_PERCENT = 80;
const LEAST_IMBALANCE_PERCENT = 35;
const MOST_MEMORY_PERCENT = 25; // replication up to it
const LEAST_READ_PERCENT = 95;
const LEAST_SAMPLES_TO_MIGRATE = 2;
/** After a round with fewer orders than this only one sample in four is taken (0x3FFE0 operations in place of 0xFFF8). */
const LEAST_ORDERS = 10;
const CHEAP_FACTOR = 4;
/** Blocks watched in a round: of its pages Carrefour keeps so many with accurate sampling and with cheap. */
const WATCHED = 30_000;
const WATCHED_CHEAP = 10_000;
/** The port for Xen: the gain in locality or balance, in percent, that is worth its while, and how long it rests without. */
const LEAST_GAIN_PERCENT = 10;
const REST_NS = seconds(5);

/** Fate of a block that is carried out when those of all are known. */
const REPLICATE = 1;
const DONE = 0;

export interface CarrefourOptions {
  readonly port: 'linux' | 'xen';
  /** 0xFFF8 operations there; that as many lines are fetched between two samples is assumed. */
  readonly periodLines: number;
  /** Blocks that must be up for replication before it begins at all; from then on one will do. */
  readonly leastReplicas: number;
}

/**
 * Carrefour: every second the counters tell whether the machine waits for memory, and which remedies are called for; then each block that
 * was sampled since is treated by what its samples show:
 *   read from several nodes, never written   -> a copy on each of them, while memory is not scarce and hardly anything is written
 *   used from several nodes                  -> where nodes are unequally loaded: with the probability of its node's share of all accesses
 *                                               to another node, drawn with weight 100 minus that one's percentage
 *   used from one node, and not there        -> there, if accesses are far from local (and it was sampled twice), or nodes unequally loaded
 * `xen` is the port for Xen: it looks at lines per node and us, does not replicate, and after a round that made neither locality nor
 * balance better by a tenth it is off for one round and looks only every 5 s.
 * After: M. Dashti et al., ASPLOS 2013, as its code has it: carrefour-runtime carrefour.c, carrefour-module decide_page_fate; xen-tokyo
 * tools/xen-carrefour. What differs: pages of 4 KiB there, blocks here; samples of writes stand for refills in modified state; the cheap
 * rate only drops samples, which still cost their interrupt.
 */
export function carrefour(options: CarrefourOptions): MemoryPolicy {
  const policy = new Carrefour(options);
  return {
    ...firstTouch(),
    name: 'carrefour',
    samples: { periodLines: options.periodLines },
    onSample: (k, sample) => policy.sample(k, sample),
    plan: { periodNs: ROUND_NS, step: (k) => policy.step(k) },
  };
}

export class Carrefour {
  private readonly isXen: boolean;
  private leastReplicas: number;
  private readonly traffic = new Traffic();
  private percents = new Float64Array(0); // [node] whole percent of all lines that were fetched from it
  private readonly blocks = new BlockIndex(WATCHED);
  private nodeCount = 0;
  private counts = new Uint32Array(0); // [slot * nodeCount + node] samples of CPUs of that node
  private readonly writes = new Uint32Array(WATCHED); // [slot] samples that were writes
  private readonly fate = new Uint8Array(WATCHED); //    [slot]
  private samples = 0;
  private writeSamples = 0;
  private isCheap = false;
  private turn = 0; // samples since one was taken, at the cheap rate
  private orders = 0;
  // Feedback of the port for Xen
  private nextNs = 0;
  private wasOn = false;
  private lastLocalPercent = -1; // so that the first round counts as good
  private lastImbalancePercent = 0;

  constructor({ port, leastReplicas }: CarrefourOptions) {
    this.isXen = port === 'xen';
    this.leastReplicas = leastReplicas;
  }

  sample(k: Kernel, { guest, block, cpuNode, isWrite }: PageSample): void {
    if (this.isCheap && ++this.turn % CHEAP_FACTOR !== 0) return;
    this.samples++;
    if (isWrite) this.writeSamples++;
    const slot = this.slotOf(k, guest, block);
    if (slot === NONE) return;
    this.counts[slot * this.nodeCount + cpuNode]!++;
    if (isWrite) this.writes[slot]!++;
  }

  private slotOf(k: Kernel, guest: GuestId, block: number): number {
    if (this.nodeCount === 0) {
      this.nodeCount = k.nodeCount;
      this.counts = new Uint32Array(WATCHED * k.nodeCount);
    }
    const found = this.blocks.find(guest, block);
    if (found !== NONE || this.blocks.size >= (this.isCheap ? WATCHED_CHEAP : WATCHED)) return found;
    const slot = this.blocks.add(guest, block);
    this.counts.fill(0, slot * this.nodeCount, (slot + 1) * this.nodeCount);
    this.writes[slot] = 0;
    return slot;
  }

  step(k: Kernel): void {
    if (k.nowNs < this.nextNs) return;
    this.traffic.read(k);
    this.orders = 0;
    if (!this.isXen || this.isWorthIt(k)) this.round(k);
    this.isCheap = this.orders < LEAST_ORDERS;
    this.blocks.clear();
    this.samples = this.writeSamples = 0;
  }

  private round(k: Kernel): void {
    const { linesPerUs, localPercent, imbalancePercent } = this.traffic;
    const [lines, least] = this.isXen ? [linesPerUs / k.nodeCount, 15] : [linesPerUs, 50];
    if (lines < least) return;
    const readPercent = this.samples === 0 ? 100 : (1 - this.writeSamples / this.samples) * 100;
    const replicates = !this.isXen && memoryPercent(k) <= MOST_MEMORY_PERCENT && readPercent >= LEAST_READ_PERCENT;
    const interleaves = localPercent < MOST_LOCAL_PERCENT && imbalancePercent > LEAST_IMBALANCE_PERCENT;
    const migrates = localPercent < MOST_LOCAL_TO_MIGRATE_PERCENT;
    this.percents = this.traffic.lines.map((from) => Math.floor((from * 100) / this.traffic.allLines));
    let replicas = 0;
    for (let slot = 0; slot < this.blocks.end; slot++) {
      this.fate[slot] = this.treat(k, slot, replicates, interleaves, migrates);
      if (this.fate[slot] === REPLICATE) replicas++;
    }
    if (replicas < this.leastReplicas) return;
    this.leastReplicas = 1;
    for (let slot = 0; slot < this.blocks.end; slot++) if (this.fate[slot] === REPLICATE) this.replicate(k, slot);
  }

  /** Decides what becomes of a block, and does all but replicate. */
  private treat(k: Kernel, slot: number, replicates: boolean, interleaves: boolean, migrates: boolean): number {
    const guest = this.blocks.guest[slot] as GuestId;
    const block = this.blocks.block[slot]!;
    if (!k.isHere(guest)) return DONE;
    let users = 0;
    let user: NodeId = NONE;
    let samples = 0;
    for (let node = 0 as NodeId; node < this.nodeCount; node++) {
      const count = this.counts[slot * this.nodeCount + node]!;
      if (count === 0) continue;
      users++;
      user = node;
      samples += count;
    }
    if (users > 1 && replicates && this.writes[slot] === 0) return REPLICATE;
    let to: NodeId = NONE;
    if (users > 1 && interleaves) to = this.interleaved(k, k.blockNode(guest, block));
    else if (users === 1 && ((migrates && samples >= LEAST_SAMPLES_TO_MIGRATE) || interleaves)) to = user;
    if (to !== NONE && k.moveBlock(guest, block, to)) this.orders++;
    return DONE;
  }

  /** Where a block on a node goes to even out the load, perhaps where it is; NONE for nowhere. */
  private interleaved(k: Kernel, from: NodeId): NodeId {
    const { percents } = this;
    if (from === NONE || k.random() * 100 >= percents[from]!) return NONE;
    let weights = 0;
    for (const percent of percents) weights += 100 - percent;
    let left = k.random() * weights;
    for (let node = 0; node < percents.length; node++) {
      left -= 100 - percents[node]!;
      if (left < 0) return node as NodeId;
    }
    return from;
  }

  private replicate(k: Kernel, slot: number): void {
    const guest = this.blocks.guest[slot] as GuestId;
    const block = this.blocks.block[slot]!;
    const lies = k.blockNode(guest, block);
    let isOrdered = false;
    for (let node = 0 as NodeId; node < this.nodeCount; node++) {
      if (node === lies || this.counts[slot * this.nodeCount + node] === 0) continue;
      if (k.replicateBlock(guest, block, node)) isOrdered = true;
    }
    if (isOrdered) this.orders++;
  }

  /** Whether the last round did some good, or was left out; if not, or if that was no good, the next is due after a rest. */
  private isWorthIt(k: Kernel): boolean {
    const { localPercent, imbalancePercent } = this.traffic;
    const isBetter =
      localPercent > (this.lastLocalPercent * (100 + LEAST_GAIN_PERCENT)) / 100 ||
      imbalancePercent < (this.lastImbalancePercent * (100 - LEAST_GAIN_PERCENT)) / 100;
    this.lastLocalPercent = localPercent;
    this.lastImbalancePercent = imbalancePercent;
    if (!isBetter) this.nextNs = k.nowNs + REST_NS;
    this.wasOn = isBetter || !this.wasOn;
    return this.wasOn;
  }
}

/** Memory of the host that is taken, in percent. */
function memoryPercent(k: Kernel): number {
  let all = 0;
  let free = 0;
  for (let node = 0 as NodeId; node < k.nodeCount; node++) {
    all += k.nodeMemoryBytes(node);
    free += k.nodeFreeBytes(node);
  }
  return ((all - free) / all) * 100;
}
