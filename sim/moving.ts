import { assert } from './assert.ts';
import type { GuestState } from './guest-state.ts';
import { release } from './guest-sync.ts';
import { COPY_MERGE, COPY_MOVE, COPY_REPLICA, COPY_RETURN, PageMoves } from './page-moves.ts';
import { MOST_REPLICA_NODES, Replicas } from './replicas.ts';
import { interruptSegment } from './segments.ts';
import { SEG_COPY, TASK_BLOCKED } from './states.ts';
import { TIMER_ORDER, TIMER_RETURN } from './timers.ts';
import { type GuestId, LINE_BYTES, NONE } from './units.ts';
import type { World } from './world.ts';

/**
 * Who is to copy which block: what policies ask for is checked here against rate, cooldown and room, queued for the vCPU that faulted or
 * for the kernel thread of the target's node, and handed out when that runs (copying.ts).
 */

/** What an order looks at before it lets others go first; and what a look at a block costs, in ns (assumed: one entry of a page table). */
const BLOCKS_AT_ONCE = 4096;
const LOOK_NS = 10;

export function movesOf(w: World): PageMoves {
  if (w.moves) return w.moves;
  const blocks = w.memory.trackPages().regionOf.length;
  return (w.moves = new PageMoves(blocks, w.vcpuGuest.length, w.scenario.machine.nodeCount));
}

function replicasOf(w: World): Replicas {
  if (w.replicas) return w.replicas;
  const { regionOf, markedCount } = w.memory.trackPages();
  return (w.replicas = new Replicas(w.memory, regionOf.length, markedCount.length, w.scenario.machine.nodeCount));
}

/** Bytes that the policy's rate allows to be asked for now: up to a second's worth can be saved up, and always a mapping's. */
export function moveRoomBytes(w: World): number {
  const rate = w.policy.memory.moveBytesPerSecond ?? Infinity;
  if (rate === Infinity) return Infinity;
  const moves = movesOf(w);
  const most = Math.max(rate, w.huge.blocks * w.memory.blockBytes);
  moves.roomBytes = Math.min(most, moves.roomBytes + (rate * (w.nowNs - moves.roomSinceNs)) / 1e9);
  moves.roomSinceNs = w.nowNs;
  return moves.roomBytes;
}

/** Asks for the mapping of a block to be moved, by `vcpu`. False when that may not be; see Kernel.moveBlock. */
export function requestMove(w: World, vcpu: number, guest: number, block: number, to: number, kind: number): boolean {
  const { memory, huge } = w;
  const moves = movesOf(w);
  const first = huge.first(guest, block);
  const from = memory.nodeOf(first);
  if (from < 0 || from === to || moves.isFull || moves.isWaiting[first] === 1) return false;
  if (w.replicas?.has(first) || !mayLieOn(w, guest, first, to)) return false;
  const { cooldownNs = 0 } = w.policy.memory;
  if (kind === COPY_MOVE && w.nowNs - moves.movedNs[first]! < cooldownNs) return false;
  const bytes = (huge.end(guest, block) - first) * memory.blockBytes;
  if (moveRoomBytes(w) < bytes) return false;
  if (memory.nodeFree[to] === 0) {
    w.counts.failedMoves[guest]!++;
    return false;
  }
  moves.roomBytes -= bytes;
  enqueue(w, vcpu, guest, first, to, kind);
  return true;
}

/** Asks for a copy of a block beside it; see Kernel.replicateBlock. */
export function requestReplica(w: World, vcpu: number, guest: number, block: number, node: number): boolean {
  if (node >= MOST_REPLICA_NODES) return false;
  const { memory } = w;
  const moves = movesOf(w);
  const replicas = replicasOf(w);
  const from = memory.nodeOf(block);
  if (from < 0 || from === node || w.memory.pages!.regionOf[block]! < 0) return false;
  if (w.huge.isHuge(guest, block) || replicas.isOn(block, node) || !mayLieOn(w, guest, block, node)) return false;
  if (moves.isFull || moves.isWaiting[block] === 1 || memory.nodeFree[node] === 0 || moveRoomBytes(w) < memory.blockBytes) return false;
  moves.roomBytes -= memory.blockBytes;
  enqueue(w, vcpu, guest, block, node, COPY_REPLICA);
  return true;
}

/** Asks for a split mapping to be made one again; see Kernel.mergeBlock. */
export function requestMerge(w: World, vcpu: number, guest: number, block: number): boolean {
  const { memory, huge } = w;
  const moves = movesOf(w);
  if (huge.blocks === 1 || huge.isHuge(guest, block) || moves.isFull) return false;
  const first = huge.firstWhole(guest, block);
  const end = huge.endWhole(guest, block);
  const node = memory.nodeOf(first);
  if (node < 0) return false;
  for (let part = first; part < end; part++) {
    if (memory.nodeOf(part) !== node || moves.isWaiting[part] === 1 || w.replicas?.has(part)) return false;
  }
  enqueue(w, vcpu, guest, first, node, COPY_MERGE);
  return true;
}

/** migrate_pages: see Actuators.migratePages. */
export function order(w: World, guest: number, from: number, to: number): void {
  const moves = movesOf(w);
  for (const orders of moves.orders) {
    const same = orders.findIndex((one) => one.guest === guest && one.from === from);
    if (same >= 0) orders.splice(same, 1);
  }
  if (from === to || !mayLieOn(w, guest, NONE, to)) return;
  moves.orders[to]!.push({ guest, from, to, at: w.memory.guestBlocks.first[guest]! });
  wakeMover(w, w.copies.mover[to]!);
}

/** A rate let an order wait; it goes on. */
export function resumeOrders(w: World, node: number): void {
  w.moves!.isOrderTimed[node] = 0;
  wakeMover(w, w.copies.mover[node]!);
}

/** The blocks whose time away is over go home, unless they have moved since. */
export function returnBlocks(w: World): void {
  const moves = w.moves!;
  const afterNs = w.policy.memory.revertAfterNs!;
  while (moves.returns.nextNs <= w.nowNs) {
    const block = moves.returns.pop();
    const home = moves.origin[block]!;
    const guest = w.memory.guestOf(block);
    if (home < 0 || w.nowNs - moves.movedNs[block]! < afterNs || !w.memory.isBacked(block)) continue;
    if (w.memory.nodeOf(block) === home) moves.origin[block] = -1;
    else if (!requestMove(w, w.copies.mover[home]!, guest, block, home, COPY_RETURN)) moves.returns.push(block, w.nowNs + afterNs);
  }
  if (moves.returns.nextNs < Infinity) w.timers.push(moves.returns.nextNs, TIMER_RETURN, 0);
}

/** It has been moved for a time: when that is over it goes back. */
export function bookReturn(w: World, block: number): void {
  const { returns } = w.moves!;
  const dueNs = w.nowNs + w.policy.memory.revertAfterNs!;
  if (returns.nextNs === Infinity) w.timers.push(dueNs, TIMER_RETURN, 0);
  returns.push(block, dueNs);
}

/** Gives a vCPU the next block it is to copy. False when there is none, or none now. */
export function takeCopy(w: World, vcpu: number): boolean {
  const moves = w.moves!;
  for (let copy = moves.first(vcpu); copy >= 0; copy = moves.first(vcpu)) {
    const guest = moves.guestOf(copy);
    const block = moves.blockOf(copy);
    const to = moves.toOf(copy);
    const kind = moves.kindOf(copy);
    moves.pop(vcpu);
    w.copies.waiting[vcpu]!--;
    if (setCopy(w, vcpu, guest, block, to, kind)) return true;
    moves.isWaiting[block] = 0;
    if (kind === COPY_RETURN && w.memory.isBacked(block)) bookReturn(w, block);
  }
  return takeOrdered(w, vcpu);
}

/** A guest goes: nobody copies its blocks any more. Its own vCPUs are off their CPUs, with what they had to copy. */
export function forsakeGuest(w: World, { id, firstVcpu, vcpuCount, regionCount }: GuestState): void {
  const { moves, memory } = w;
  const firstRegion = memory.firstRegion[id]!;
  for (let region = firstRegion; region < firstRegion + regionCount; region++) w.replicas?.dropRegion(id, region);
  if (!moves) return;
  for (const orders of moves.orders) {
    for (let i = orders.length - 1; i >= 0; i--) if (orders[i]!.guest === id) orders.splice(i, 1);
  }
  for (let vcpu = 0; vcpu < w.copies.block.length; vcpu++) {
    const isOwn = vcpu >= firstVcpu && vcpu < firstVcpu + vcpuCount;
    const block = w.copies.block[vcpu]!;
    if (!isOwn && (block < 0 || w.copies.guest[vcpu] !== id)) continue;
    const cpu = w.vcpuCpu[vcpu]!;
    if (cpu >= 0 && w.cpuVcpu[cpu] === vcpu && w.segKind[cpu] === SEG_COPY) interruptSegment(w, cpu);
    dropCopy(w, vcpu);
    if (isOwn) dropQueue(w, vcpu);
  }
}

function dropCopy(w: World, vcpu: number): void {
  const block = w.copies.block[vcpu]!;
  if (block < 0) return;
  w.moves!.isWaiting[block] = 0;
  w.copies.block[vcpu] = -1;
  w.copies.startedLines -= w.copies.lines[vcpu]!;
}

function dropQueue(w: World, vcpu: number): void {
  const moves = w.moves!;
  for (let copy = moves.first(vcpu); copy >= 0; copy = moves.first(vcpu)) {
    moves.isWaiting[moves.blockOf(copy)] = 0;
    moves.pop(vcpu);
  }
  w.copies.waiting[vcpu] = 0;
}

function takeOrdered(w: World, vcpu: number): boolean {
  const moves = w.moves!;
  if (w.copies.isMover[vcpu] === 0) return false;
  for (let served = 0; served < w.copies.mover.length; served++) {
    if (w.copies.mover[served] !== vcpu) continue; // it serves nodes without CPUs as well
    for (let one = moves.orders[served]![0]; one; one = moves.orders[served]![0]) {
      const block = nextOrdered(w, vcpu, one);
      if (block === WAIT) return false;
      if (block < 0) {
        moves.orders[served]!.shift();
        continue;
      }
      moves.isWaiting[block] = 1;
      if (setCopy(w, vcpu, one.guest, block, served, COPY_MOVE)) return true;
      moves.isWaiting[block] = 0;
    }
  }
  return false;
}

/** The order waits for the policy's rate, or has looked at so many blocks that it lets others go first. */
const WAIT = -2;

/** Next block of an order that may be moved; NONE when it is done, or WAIT. */
function nextOrdered(w: World, vcpu: number, one: { guest: number; from: number; to: number; at: number }): number {
  const { memory, huge } = w;
  const { guest, from, to } = one;
  const moves = w.moves!;
  const { first, count } = memory.guestBlocks;
  const end = first[guest]! + count[guest]!;
  const N = w.scenario.machine.nodeCount;
  const { cooldownNs = 0 } = w.policy.memory;
  for (let looked = 0; one.at < end && memory.guestNodeBlocks[guest * N + from]! > 0; looked++) {
    if (looked === BLOCKS_AT_ONCE) {
      w.copies.owedNs[vcpu]! += BLOCKS_AT_ONCE * LOOK_NS;
      return WAIT;
    }
    const block = one.at;
    const isFit =
      memory.nodeOf(block) === from &&
      moves.isWaiting[huge.first(guest, block)] === 0 &&
      w.nowNs - moves.movedNs[block]! >= cooldownNs &&
      !w.replicas?.has(block);
    if (!isFit) {
      one.at++;
      continue;
    }
    const begin = huge.first(guest, block);
    const stop = huge.end(guest, block);
    const bytes = (stop - begin) * memory.blockBytes;
    if (moveRoomBytes(w) < bytes) {
      const waitNs = ((bytes - moves.roomBytes) / w.policy.memory.moveBytesPerSecond!) * 1e9;
      if (waitNs < Infinity && moves.isOrderTimed[to] === 0) {
        moves.isOrderTimed[to] = 1;
        w.timers.push(w.nowNs + Math.max(1, Math.ceil(waitNs)), TIMER_ORDER, to);
      }
      return WAIT;
    }
    one.at = stop;
    if (memory.nodeFree[to] === 0) {
      w.counts.failedMoves[guest]!++;
      continue;
    }
    moves.roomBytes -= bytes;
    return begin;
  }
  return -1;
}

/** The copy that the vCPU does next. False when it has become needless or impossible since it was asked for. */
function setCopy(w: World, vcpu: number, guest: number, block: number, to: number, kind: number): boolean {
  const { memory, huge } = w;
  const from = memory.nodeOf(block);
  if (from < 0 || (from === to && kind !== COPY_MERGE)) return false;
  if (kind === COPY_MERGE ? huge.isHuge(guest, block) : memory.nodeFree[to] === 0) {
    if (kind !== COPY_MERGE) w.counts.failedMoves[guest]!++;
    return false;
  }
  const first = kind === COPY_MERGE ? huge.firstWhole(guest, block) : huge.first(guest, block);
  const end = kind === COPY_MERGE ? huge.endWhole(guest, block) : kind === COPY_REPLICA ? block + 1 : huge.end(guest, block);
  w.copies.guest[vcpu] = guest;
  w.copies.block[vcpu] = kind === COPY_REPLICA ? block : first;
  w.copies.to[vcpu] = to;
  w.copies.kind[vcpu] = kind;
  w.copies.lines[vcpu] = (end - first) * copyLinesOf(w);
  w.copies.sinceNs[vcpu] = w.nowNs;
  w.copies.startedLines += w.copies.lines[vcpu]!;
  return true;
}

/** Lines that are copied of a block: none where copies are free. */
export function copyLinesOf(w: World): number {
  return (w.memory.blockBytes / LINE_BYTES) * w.scenario.costs.copyShare;
}

function enqueue(w: World, vcpu: number, guest: number, block: number, to: number, kind: number): void {
  assert(vcpu >= 0, 'nobody is there to copy a block');
  const moves = w.moves!;
  moves.isWaiting[block] = 1;
  moves.push(vcpu, guest, block, to, kind);
  w.copies.waiting[vcpu]!++;
  if (vcpu !== w.faultingVcpu) wakeMover(w, vcpu);
}

/** A kernel thread has something to do: it is woken when the hook that asks is over, as that may be about its very vCPU. */
function wakeMover(w: World, vcpu: number): void {
  const { wantedMovers } = w.copies;
  if (wantedMovers.length === 0 || wantedMovers[wantedMovers.length - 1] !== vcpu) wantedMovers.push(vcpu); // twice does no harm
}

export function wakeMovers(w: World): void {
  for (const vcpu of w.copies.wantedMovers) {
    const guest = w.guests[w.vcpuGuest[vcpu]!]!;
    if (w.taskState[guest.firstTask] === TASK_BLOCKED) release(w, guest, guest.firstTask);
  }
  w.copies.wantedMovers.length = 0;
}

/**
 * membind, cpusets: memory does not leave the nodes it is held on.
 * @param block one of the guest's, or NONE for what holds for all of them
 */
function mayLieOn(w: World, guest: number, block: number, node: number): boolean {
  const { memory: rules } = w.policy;
  const own = block - w.memory.guestBlocks.first[guest]!;
  const held = block === NONE ? null : (rules.heldTo?.(w.kernel, guest as GuestId, own) ?? null);
  if (held) return held.some((one) => (one as number) === node);
  if (rules.fallback !== 'within') return true;
  const { memoryNodes } = w.placements[guest]!;
  return memoryNodes.length === 0 || memoryNodes.some((held) => (held as number) === node);
}
