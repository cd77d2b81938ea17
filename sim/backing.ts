import { PolicyError } from './assert.ts';
import type { Fallback } from './policy-api.ts';
import { renewMixtures } from './segments.ts';
import type { GuestId, NodeId } from './units.ts';
import { boundNode } from './vnuma-host.ts';
import { BACKED, witness } from './witness.ts';
import type { World } from './world.ts';

/**
 * Backs a block of guest memory where the policy says, or its virtual node is bound to, or where the policy's fallback leads.
 * @param region the region it belongs to, or NONE
 * @param cpuNode node of the CPU that touches it, or NONE while the guest is built
 * @param within nodes that the thread which touches it has bound itself to: the policy is not asked; null without
 * @returns its node, or NONE when the policy allows no node with room: out of memory
 * @throws PolicyError for a node that does not exist
 */
export function backBlock(
  w: World,
  guest: number,
  region: number,
  block: number,
  cpuNode: number,
  within: readonly number[] | null = null,
): number {
  const { policy } = w;
  const { memoryNodes } = w.placements[guest]!;
  const bound = within === null ? [] : ofCpuset(within, policy.memory.fallback === 'within' ? memoryNodes : []);
  if (bound.length > 0) return backOn(w, guest, region, block, cpuNode, 'within', bound);
  const wanted = wantedNode(w, guest, block, cpuNode);
  return backOn(w, guest, region, block, wanted, policy.memory.fallback, memoryNodes);
}

/** What set_mempolicy takes of these nodes: those of the cpuset, where there is one. Without one in common it fails, and changes nothing. */
function ofCpuset(nodes: readonly number[], held: readonly number[]): readonly number[] {
  return held.length === 0 ? nodes : nodes.filter((node) => held.includes(node));
}

function wantedNode(w: World, guest: number, block: number, cpuNode: number): number {
  const { memory, policy, scenario } = w;
  const own = block - memory.guestBlocks.first[guest]!;
  w.hook = 'memory.alloc';
  const bound = boundNode(w, guest, own);
  const wanted = bound >= 0 ? bound : policy.memory.alloc(w.kernel, guest as GuestId, own, cpuNode as NodeId, w.placements[guest]!);
  const { nodeCount } = scenario.machine;
  if (!(Number.isInteger(wanted) && wanted >= 0 && wanted < nodeCount))
    throw new PolicyError(`node ${String(wanted)}, want 0 to ${nodeCount - 1}`);
  w.hook = '';
  return wanted;
}

function backOn(
  w: World,
  guest: number,
  region: number,
  block: number,
  wanted: number,
  fallback: Fallback,
  within: readonly number[],
): number {
  const { memory } = w;
  let node = memory.back(guest, region, block, wanted, fallback, within);
  if (node < 0 && dropAllReplicas(w)) node = memory.back(guest, region, block, wanted, fallback, within);
  if (w.witness !== null) witness(w, BACKED, block, node);
  if (node >= 0 && w.huge.isHuge(guest, block)) backMapping(w, guest, block, node);
  return node;
}

/** Copies of blocks are given up before anyone goes without memory. Rare, so all at once. False when there are none. */
function dropAllReplicas(w: World): boolean {
  if (!w.replicas || w.replicas.nodeBlocks.every((blocks) => blocks === 0)) return false;
  for (const { id, regionCount } of w.guests) {
    const first = w.memory.firstRegion[id]!;
    for (let region = first; region < first + regionCount; region++) {
      if (w.replicas.dropRegion(id, region) > 0) renewMixtures(w, id, region);
    }
  }
  return true;
}

/** The rest of a huge mapping is backed with its first block, on the same node; where there is no room for it, it is mapped block by block. */
function backMapping(w: World, guest: number, block: number, node: number): void {
  const { memory, huge } = w;
  const first = huge.first(guest, block);
  const end = huge.end(guest, block);
  let missing = 0;
  for (let part = first; part < end; part++) {
    if (!memory.isBacked(part)) missing++;
    else if (memory.nodeOf(part) !== node) missing = Infinity;
  }
  if (missing > memory.nodeFree[node]!) {
    huge.split(guest, block);
    return;
  }
  const { regionOf } = memory.trackPages();
  let renewed = -1;
  for (let part = first; part < end; part++) {
    if (memory.isBacked(part)) continue;
    const region = regionOf[part]!;
    memory.back(guest, region, part, node, 'none');
    if (region >= 0 && region !== renewed) renewMixtures(w, guest, (renewed = region)); // parts may be of other regions
  }
}
