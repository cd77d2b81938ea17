import { assert } from './assert.ts';
import { SEG_COPY } from './states.ts';
import type { World } from './world.ts';

/** What was copied is what was begun, less what is left; floating sums, so to a millionth of a line for each. */
export function checkCopies(w: World): void {
  let left = 0;
  for (let vcpu = 0; vcpu < w.copies.block.length; vcpu++) {
    if (w.copies.block[vcpu]! < 0) continue;
    const cpu = w.vcpuCpu[vcpu]!;
    const isCopying = cpu >= 0 && w.cpuVcpu[cpu] === vcpu && w.segKind[cpu] === SEG_COPY && w.finishNs[cpu]! < Infinity;
    left += isCopying ? w.segLeft[cpu]! : w.copies.lines[vcpu]!;
  }
  const wanted = w.copies.startedLines - left;
  assert(Math.abs(w.copies.bookedLines - wanted) <= 1e-6 * (1 + wanted), 'lines copied are not those of the blocks moved');
}

/** What must hold of single blocks, once a policy has asked for them: looked at in full, in tests. */
export function checkPages(w: World): void {
  if (w.memory.pages === null) return;
  checkMarks(w);
  checkWaiting(w);
  checkHeld(w);
  w.replicas?.certify();
}

/** Marks are in the lists of their regions, and a huge mapping lies on one node and has no copies. */
function checkMarks(w: World): void {
  const { guestBlocks } = w.memory;
  const pages = w.memory.pages!;
  const marked = new Int32Array(pages.markedCount.length);
  for (let guest = 0; guest < w.guests.length; guest++) {
    const first = guestBlocks.first[guest]!;
    for (let block = first; block < first + guestBlocks.count[guest]!; block++) {
      const region = pages.regionOf[block]!;
      if (pages.isMarked(block) && region >= 0) marked[region]!++;
      if (w.huge.isHuge(guest, block)) {
        const node = w.memory.nodeOf(block);
        assert(node === w.memory.nodeOf(w.huge.first(guest, block)), 'a huge mapping lies on two nodes');
        assert(!w.replicas?.has(block), 'a part of a huge mapping has a copy');
      }
    }
  }
  marked.forEach((count, region) => assert(count === pages.markedCount[region], 'a region miscounts its marked blocks'));
}

/** A block waits exactly while a copy of it is queued or under way, and there is one of these at most. */
function checkWaiting(w: World): void {
  const { moves } = w;
  if (!moves) return;
  const copies = new Uint8Array(moves.isWaiting.length);
  for (let vcpu = 0; vcpu < w.copies.block.length; vcpu++) {
    if (w.copies.block[vcpu]! >= 0) copies[w.copies.block[vcpu]!]!++;
    let queued = 0;
    for (let copy = moves.first(vcpu); copy >= 0; copy = moves.nextOf(copy)) {
      copies[moves.blockOf(copy)]!++;
      queued++;
    }
    assert(queued === w.copies.waiting[vcpu], 'a vCPU miscounts the copies that wait for it');
  }
  copies.forEach((count, block) => assert(count === moves.isWaiting[block], 'a block waits without a copy, or has two'));
}

/** membind: memory, copies included, lies where it is held. */
function checkHeld(w: World): void {
  const { nodeCount } = w.scenario.machine;
  if (w.policy.memory.fallback !== 'within') return;
  for (const { id } of w.guests) {
    const nodes: readonly number[] = w.placements[id]!.memoryNodes;
    if (nodes.length === 0) continue;
    for (let node = 0; node < nodeCount; node++) {
      if (nodes.includes(node)) continue;
      assert(w.memory.guestNodeBlocks[id * nodeCount + node] === 0, 'memory has left the nodes it is held on');
      const { first, count } = w.memory.guestBlocks;
      for (let block = first[id]!; w.replicas && block < first[id]! + count[id]!; block++)
        assert(!w.replicas.isOn(block, node), 'a copy is not on the nodes its guest is held on');
    }
  }
}
