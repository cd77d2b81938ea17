import type { Kernel, MemoryPolicy, PageSample } from '../../sim/policy-api.ts';
import { type CpuId, type GuestId, NONE, type NodeId } from '../../sim/units.ts';
import { BlockIndex } from './block-index.ts';
import { firstTouch } from './first-touch.ts';
import { HotList } from './hot-list.ts';
import { MaxHeap } from './max-heap.ts';

/** Blocks that are looked at in a round, and how many may wait to be moved. */
const CANDIDATES = 64;
const QUEUE_LENGTH = 1024;
/** A block is moved to the node that has this much of its score, and this share of it. */
const LEAST_SCORE = 1;
const LEAST_PERCENT = 60;
/** Rounds in which a move may be refused before it is given up. */
const MOST_TRIES = 16;

export interface HotListOptions {
  readonly periodLines: number;
  /** How often moves are decided and carried out; the tool (xen-automem) leaves it to its user. */
  readonly periodNs: number;
  readonly cooldownNs: number;
}

/**
 * Of the blocks on the lists of all CPUs (HotList) the 64 with the highest score on any are asked for: the node whose CPUs have the most
 * of its score is where a block belongs, if that is at least 60 % of it. They wait in a queue, those with the largest share first, until the
 * next round begins, which carries them out; then all lists start anew.
 * After: G. Voron's xen-tokyo (the engine of "An Interface to Implement NUMA Policies in the Xen Hypervisor", EuroSys 2017),
 * xen/common/migration.c, monitor.c (refill_migration_buffer, drain_migration_queue), tools/xen-automem. What differs: it moves 512 KiB
 * around a page, here a block; of one that was moved within the cooldown it moves a single page, here nothing; its tries wait for a sample
 * that tells the guest's address, which samples have here, so that a try is a move that the host refused.
 */
export function hotLists({ periodLines, periodNs, cooldownNs }: HotListOptions): MemoryPolicy {
  const lists = new HotLists();
  return {
    ...firstTouch(),
    name: 'hot-list',
    samples: { periodLines },
    onSample: (_k, sample) => lists.touch(sample),
    plan: {
      periodNs,
      step(k) {
        lists.perform(k);
        lists.decide(k);
      },
    },
    cooldownNs,
  };
}

export class HotLists {
  private readonly lists: (HotList | undefined)[] = []; // [cpu] since its first sample
  private readonly heap = new MaxHeap(CANDIDATES);
  private merge = new MaxHeap(0); // of CPUs, by the score of the entry they are at
  private at = new Int32Array(0); // [cpu] slot of that entry
  private readonly candidates = new BlockIndex(CANDIDATES);
  private readonly to = new Int32Array(CANDIDATES); // [candidate] node
  private readonly queue = new BlockIndex(QUEUE_LENGTH);
  private readonly queuedTo = new Int32Array(QUEUE_LENGTH); // [slot of the queue] node
  private readonly tries = new Uint8Array(QUEUE_LENGTH);
  private nodeScores = new Float64Array(0);

  touch({ cpu, guest, block }: PageSample): void {
    (this.lists[cpu] ??= new HotList()).touch(guest, block);
  }

  /** Asks for the moves that were decided. What is moved, or is where it belongs, leaves the lists. */
  perform(k: Kernel): void {
    const { queue } = this;
    for (let slot = 0; slot < queue.end; slot++) {
      if (queue.guest[slot] === NONE) continue;
      const guest = queue.guest[slot] as GuestId;
      const block = queue.block[slot]!;
      const to = this.queuedTo[slot] as NodeId;
      if (!k.isHere(guest)) queue.remove(slot);
      else if (k.blockNode(guest, block) === to || k.moveBlock(guest, block, to)) {
        for (const list of this.lists) list?.forget(guest, block);
        queue.remove(slot);
      } else if (++this.tries[slot]! >= MOST_TRIES) queue.remove(slot);
    }
  }

  decide(k: Kernel): void {
    this.choose(k);
    while (this.heap.size > 0) this.enqueue(this.heap.pop());
    for (const list of this.lists) list?.clear();
  }

  /** Goes down the lists of all CPUs at once, from the highest score on, until there are candidates enough. */
  private choose(k: Kernel): void {
    if (this.at.length === 0) {
      this.at = new Int32Array(k.cpuCount);
      this.merge = new MaxHeap(k.cpuCount);
      this.nodeScores = new Float64Array(k.nodeCount);
    }
    this.candidates.clear();
    this.merge.clear();
    for (let cpu = 0; cpu < this.lists.length; cpu++) this.goTo(cpu, this.lists[cpu]?.first ?? NONE);
    while (this.merge.size > 0 && !this.candidates.isFull) {
      const cpu = this.merge.pop();
      const { blocks, after } = this.lists[cpu]!;
      const slot = this.at[cpu]!;
      this.goTo(cpu, after[slot]!);
      this.consider(k, blocks.guest[slot] as GuestId, blocks.block[slot]!);
    }
  }

  private goTo(cpu: number, slot: number): void {
    this.at[cpu] = slot;
    if (slot !== NONE) this.merge.push(cpu, this.lists[cpu]!.scores[slot]!);
  }

  private consider(k: Kernel, guest: GuestId, block: number): void {
    if (this.candidates.find(guest, block) !== NONE) return;
    const candidate = this.candidates.add(guest, block);
    const { nodeScores } = this;
    nodeScores.fill(0);
    let all = 0;
    for (let cpu = 0; cpu < this.lists.length; cpu++) {
      const score = this.lists[cpu]?.scoreOf(guest, block) ?? 0;
      nodeScores[k.cpuNode(cpu as CpuId)]! += score;
      all += score;
    }
    const to = indexOfMost(nodeScores);
    const percent = Math.floor((nodeScores[to]! * 100) / all);
    this.to[candidate] = to;
    if (nodeScores[to]! >= LEAST_SCORE && percent >= LEAST_PERCENT) this.heap.push(candidate, percent * 2 ** 32 + nodeScores[to]!);
  }

  private enqueue(candidate: number): void {
    const guest = this.candidates.guest[candidate] as GuestId;
    const block = this.candidates.block[candidate]!;
    if (this.queue.find(guest, block) !== NONE) return;
    const slot = this.queue.add(guest, block);
    if (slot === NONE) return;
    this.queuedTo[slot] = this.to[candidate]!;
    this.tries[slot] = 0;
  }
}

/** The first of the largest. */
function indexOfMost(values: Float64Array): number {
  let most = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[most]!) most = i;
  return most;
}
