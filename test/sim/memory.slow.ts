import { HEAT_GROUPS, heatGroup, rankWeights } from '../../sim/heat.ts';
import type { Machine } from '../../sim/machine.ts';
import type { GuestMemory } from '../../sim/memory.ts';
import type { Fallback } from '../../sim/policy-api.ts';

interface Block {
  readonly id: number;
  readonly guest: number;
  /** Counted from its guest's first. */
  readonly own: number;
  readonly vnode: number;
  node: number;
}

/** The two levels of memory the obvious way: a record a block, lists that are lists, and every sum a walk over all blocks. */
export class SlowMemory {
  readonly blocks: Block[] = [];
  readonly regions: Block[][] = []; //            over all guests
  readonly cache: number[]; //                    [node] blocks of the host's page cache
  private readonly free: Block[][][]; //          [guest][vnode] in the order they will be handed out
  private readonly heats: GuestMemory['heat'];
  private readonly guests: readonly GuestMemory[];
  private readonly machine: Machine;
  private readonly blockBytes: number;

  constructor(machine: Machine, blockBytes: number, guests: readonly GuestMemory[]) {
    this.machine = machine;
    this.blockBytes = blockBytes;
    this.cache = Array.from({ length: machine.nodeCount }, () => 0);
    this.guests = guests;
    this.free = guests.map(({ bytes, vnodes = 1, division }, guest) => {
      const count = Math.ceil(bytes / blockBytes);
      const lists: Block[][] = Array.from({ length: vnodes }, () => []);
      for (let own = 0; own < count; own++) {
        const vnode = lists.findLastIndex((_, part) => own >= (division?.firstBlock[part] ?? Math.floor((part * count) / vnodes)));
        const block = { id: this.blocks.length, guest, own, vnode, node: -1 };
        this.blocks.push(block);
        lists[vnode]!.push(block);
      }
      return lists;
    });
    this.regions = guests.flatMap(({ regions }) => Array.from({ length: regions }, () => []));
    this.heats = guests.flatMap(({ regions, heat }) => Array.from({ length: regions }, (_, i) => heat?.[i] ?? null));
  }

  allocate(guest: number, region: number, bytes: number, vnode: number): boolean {
    const lists = this.free[guest]!;
    const nearest = this.guests[guest]!.division?.nearest.slice(vnode * lists.length, (vnode + 1) * lists.length);
    const inTurn = nearest ? Array.from(nearest, (each) => lists[each]!) : [...lists.slice(vnode), ...lists.slice(0, vnode)];
    const count = Math.ceil(bytes / this.blockBytes);
    if (count > inTurn.flat().length) return false;
    for (let i = 0; i < count; i++) this.regions[region]!.push(inTurn.find((list) => list.length > 0)!.shift()!);
    return true;
  }

  /** The vnode with most of a region's blocks, the first of equals; NONE for a region without blocks, or of a flat guest. */
  home(region: number): number {
    const blocks = this.regions[region]!;
    const counts = this.free[blocks[0]?.guest ?? 0]!.map((_, vnode) => blocks.filter((block) => block.vnode === vnode).length);
    return blocks.length === 0 || counts.length === 1 ? -1 : counts.indexOf(Math.max(...counts));
  }

  release(region: number): void {
    for (const block of this.regions[region]!.splice(0)) this.free[block.guest]![block.vnode]!.unshift(block);
  }

  fillHostCache(bytes: number): void {
    for (let left = Math.ceil(bytes / this.blockBytes); left > 0; left--) this.cache[this.order(0, 'distance').find((node) => this.nodeFree(node) > 0)!]!++; // prettier-ignore
  }

  back(id: number, wanted: number, fallback: Fallback): number {
    const order = this.order(wanted, fallback);
    let node = order.find((candidate) => this.nodeFree(candidate) > 0);
    if (node === undefined) {
      node = order.find((candidate) => this.cache[candidate]! > 0);
      if (node === undefined) return -1;
      this.cache[node]!--;
    }
    this.blocks[id]!.node = node;
    return node;
  }

  move(id: number, to: number): boolean {
    if (this.nodeFree(to) === 0) return false;
    this.blocks[id]!.node = to;
    return true;
  }

  nodeFree(node: number): number {
    const used = this.blocks.filter((block) => block.node === node).length;
    return Math.floor(this.machine.memoryBytes[node]! / this.blockBytes) - used - this.cache[node]!;
  }

  /** [node] heat of the region's backed blocks; their number where all are alike or none is hot. */
  accessesByNode(region: number, nowNs: number): number[] {
    const heat = this.heats![region] ?? null;
    const sum = (weightOf: (own: number) => number): number[] => {
      const sums = Array.from({ length: this.machine.nodeCount }, () => 0);
      for (const { own, node } of this.regions[region]!) if (node >= 0) sums[node]! += weightOf(own);
      return sums;
    };
    if (heat !== null) {
      const weights = [...rankWeights(heat)];
      const steps = heat.driftNs > 0 ? Math.floor(nowNs / heat.driftNs) : 0;
      for (let i = 0; i < steps % HEAT_GROUPS; i++) weights.unshift(weights.pop()!);
      const sums = sum((own) => weights[heatGroup(own)]!);
      if (sums.some((weight) => weight > 0)) return sums;
    }
    return sum(() => 1);
  }

  private order(wanted: number, fallback: Fallback): number[] {
    const N = this.machine.nodeCount;
    const nodes = Array.from({ length: N }, (_, i) => i);
    const distance = (node: number): number => (node === wanted ? 0 : this.machine.slit[wanted * N + node]!);
    if (fallback === 'distance') return nodes.sort((a, b) => distance(a) - distance(b) || a - b);
    return fallback === 'none' ? [wanted] : nodes.map((i) => (wanted + i) % N);
  }
}
