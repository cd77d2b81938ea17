import type { Kernel, MemoryPolicy } from '../../sim/policy-api.ts';
import { GiB, type GuestId, type NodeId } from '../../sim/units.ts';

/** A free run of blocks, first and past the last, counted over the memory of all nodes in order. */
interface Run {
  first: number;
  end: number;
}

/**
 * Physical memory filled from the top, zone by zone, with no regard to nodes: where Xen's memory goes when it knows no nodes.
 * A zone reaches from one power of two of the address to the next. Each guest gets one contiguous run of the highest zone that has
 * one left, drawn among the runs of its size (the order inside a zone is that of the free list: assumed random); when no run is long
 * enough it takes the longest and goes on. Memory in use before the first guest is the lowest of its node.
 * After: Xen 4.0, common/page_alloc.c, page_to_zone and alloc_heap_pages with numa=off.
 */
export function zoneFill(): MemoryPolicy {
  let zones: Run[][] | undefined; //       free runs of each zone, the highest zone first
  const nodeOfBlock: Uint8Array[] = []; // [guest][block]
  return {
    name: 'zone-fill',
    backs: 'at-build',
    fallback: 'next-id',
    alloc(k, guest, block) {
      zones ??= freeZones(k);
      nodeOfBlock[guest] ??= takeRuns(k, guest, zones);
      return nodeOfBlock[guest][block]! as NodeId;
    },
  };
}

function takeRuns(k: Kernel, guest: GuestId, zones: Run[][]): Uint8Array {
  const nodeOfBlock = new Uint8Array(Math.ceil(k.guestMemoryBytes(guest) / k.blockBytes));
  let done = 0;
  while (done < nodeOfBlock.length) {
    const free = zones.find((runs) => runs.length > 0);
    if (!free) break; // nothing free: the core finds that out as well
    const run = takeRun(k, free, nodeOfBlock.length - done);
    for (let at = run.first; at < run.end; at++) nodeOfBlock[done++] = nodeAt(k, at);
  }
  return nodeOfBlock;
}

/** Takes a run of `blocks` out of the free runs: one of all that fit, laid side by side; the longest one when none does. */
function takeRun(k: Kernel, free: Run[], blocks: number): Run {
  const slots = free.reduce((sum, run) => sum + Math.floor((run.end - run.first) / blocks), 0);
  if (slots === 0) {
    const longest = free.reduce((a, b) => (b.end - b.first > a.end - a.first ? b : a));
    return free.splice(free.indexOf(longest), 1)[0]!;
  }
  let slot = Math.floor(k.random() * slots);
  const at = free.findIndex((run) => {
    const here = Math.floor((run.end - run.first) / blocks);
    if (slot < here) return true;
    slot -= here;
    return false;
  });
  const from = free[at]!;
  const taken = { first: from.first + slot * blocks, end: from.first + (slot + 1) * blocks };
  const rest = [
    { first: from.first, end: taken.first },
    { first: taken.end, end: from.end },
  ];
  free.splice(at, 1, ...rest.filter((run) => run.end > run.first));
  return taken;
}

/** What is free of each zone, the highest first. The hole for devices ends at 4 GiB: memory from there on has higher addresses. */
function freeZones(k: Kernel): Run[][] {
  const runs = freeRuns(k);
  const holeAt = GiB(4) - k.memoryHoleBytes;
  const blockAt = (address: number): number =>
    Math.floor((address < GiB(4) ? Math.min(address, holeAt) : address - k.memoryHoleBytes) / k.blockBytes);
  const zones: Run[][] = [];
  let top = totalBlocks(k);
  for (let exponent = Math.floor(Math.log2(top * k.blockBytes + k.memoryHoleBytes)); top > 0; exponent--) {
    const bottom = blockAt(2 ** exponent);
    const zone = runs.map((run) => ({ first: Math.max(run.first, bottom), end: Math.min(run.end, top) }));
    zones.push(zone.filter((run) => run.end > run.first));
    top = bottom;
  }
  return zones;
}

function freeRuns(k: Kernel): Run[] {
  const runs: Run[] = [];
  let end = 0;
  for (let node = 0; node < k.nodeCount; node++) {
    end += nodeBlocks(k, node);
    const first = end - Math.floor(k.nodeFreeBytes(node as NodeId) / k.blockBytes);
    const last = runs[runs.length - 1];
    if (last?.end === first) last.end = end;
    else if (end > first) runs.push({ first, end });
  }
  return runs;
}

function nodeAt(k: Kernel, at: number): number {
  let node = 0;
  for (let end = nodeBlocks(k, 0); at >= end; end += nodeBlocks(k, node)) node++;
  return node;
}

function nodeBlocks(k: Kernel, node: number): number {
  return Math.floor(k.nodeMemoryBytes(node as NodeId) / k.blockBytes);
}

function totalBlocks(k: Kernel): number {
  let blocks = 0;
  for (let node = 0; node < k.nodeCount; node++) blocks += nodeBlocks(k, node);
  return blocks;
}
