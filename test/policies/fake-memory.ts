import type { Actuators, Kernel } from '../../sim/policy-api.ts';
import { GiB, type GuestId, NONE, type NodeId } from '../../sim/units.ts';
import type { FakeSpec } from './fake-kernel.ts';

type MemoryCalls = Pick<
  Kernel,
  | 'guestBlockCount'
  | 'guestNodeBytes'
  | 'blockNode'
  | 'markBlocks'
  | 'moveBlock'
  | 'moveRoomBytes'
  | 'failedMoves'
  | 'replicateBlock'
  | 'splitBlock'
  | 'mergeBlock'
  | 'pmuInstructions'
  | 'pmuAccesses'
  | 'pmuLines'
  | 'nodeLines'
>;

/** What memory parts and daemons of a policy are told and have asked for, in a kernel where every move is done at once. */
export interface FakeMemory {
  /** [guest][block] the host node, NONE while not backed. */
  readonly nodes: NodeId[][];
  /** [guest] blocks that are marked. */
  readonly marked: Set<number>[];
  /** 'guest.block:from>to', oldest first; replicas as 'guest.block+node', orders of migratePages as 'guest:from>>to'. */
  readonly orders: string[];
  /** Targets that are full: moves there fail. */
  readonly full: Set<number>;
  readonly failed: number[];
  roomBytes: number;
  /** [vcpu] what its counters say. */
  readonly counters: { instructions: number; accesses: number; lines: number[] }[];
  /** [cpuNode][memoryNode] */
  readonly nodeLines: number[][];
}

export function fakeMemory(
  spec: FakeSpec,
  blockBytes: number,
): { memory: FakeMemory; calls: MemoryCalls; migratePages: Actuators['migratePages'] } {
  const nodeCount = spec.nodeCpus.length;
  const vcpus = spec.guests.reduce((sum, guest) => sum + guest.vcpus, 0);
  const memory: FakeMemory = {
    nodes: spec.guests.map((guest) => Array<NodeId>(Math.ceil(GiB(guest.memoryGiB ?? 1) / blockBytes)).fill(NONE)),
    marked: spec.guests.map(() => new Set()),
    orders: [],
    full: new Set(),
    failed: spec.guests.map(() => 0),
    roomBytes: Infinity,
    counters: Array.from({ length: vcpus }, () => ({ instructions: 0, accesses: 0, lines: Array<number>(nodeCount).fill(0) })),
    nodeLines: spec.nodeCpus.map(() => Array<number>(nodeCount).fill(0)),
  };
  const isBacked = (guest: GuestId, block: number): boolean => memory.nodes[guest]![block]! !== NONE;
  const calls: MemoryCalls = {
    guestBlockCount: (guest) => memory.nodes[guest]!.length,
    guestNodeBytes: (guest, node) => memory.nodes[guest]!.filter((on) => on === node).length * blockBytes,
    blockNode: (guest, block) => memory.nodes[guest]![block]!,
    markBlocks(guest, first, count) {
      const { size } = memory.marked[guest]!;
      for (let block = first; block < first + count; block++) if (isBacked(guest, block)) memory.marked[guest]!.add(block);
      return memory.marked[guest]!.size - size;
    },
    moveBlock(guest, block, to) {
      const from = memory.nodes[guest]![block]!;
      if (from === NONE || from === to || memory.roomBytes < blockBytes) return false;
      if (memory.full.has(to)) {
        memory.failed[guest]!++;
        return false;
      }
      memory.orders.push(`${guest}.${block}:${from}>${to}`);
      memory.nodes[guest]![block] = to;
      memory.roomBytes -= blockBytes;
      return true;
    },
    get moveRoomBytes() {
      return memory.roomBytes;
    },
    failedMoves: (guest) => memory.failed[guest]!,
    replicateBlock(guest, block, node) {
      if (!isBacked(guest, block) || memory.nodes[guest]![block] === node) return false;
      memory.orders.push(`${guest}.${block}+${node}`);
      return true;
    },
    splitBlock: () => false,
    mergeBlock: () => false,
    pmuInstructions: (vcpu) => memory.counters[vcpu]!.instructions,
    pmuAccesses: (vcpu) => memory.counters[vcpu]!.accesses,
    pmuLines: (vcpu, node) => memory.counters[vcpu]!.lines[node]!,
    nodeLines: (cpuNode, memoryNode) => memory.nodeLines[cpuNode]![memoryNode]!,
  };
  return { memory, calls, migratePages: (guest, from, to) => void memory.orders.push(`${guest}:${from}>>${to}`) };
}
