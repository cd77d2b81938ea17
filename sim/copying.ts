import { assert } from './assert.ts';
import { enter, leave } from './hooks.ts';
import type { HostKernel } from './host-kernel.ts';
import { heatGroup } from './heat.ts';
import { bookReturn } from './moving.ts';
import { COPY_MERGE, COPY_MOVE, COPY_REPLICA, COPY_RETURN } from './page-moves.ts';
import { interruptSegment, renewMixtures } from './segments.ts';
import { SEG_RUN } from './states.ts';
import { type GuestId, type NodeId } from './units.ts';
import { SWEEP } from './workload-api.ts';
import { note, type World } from './world.ts';

/** A vCPU has copied a block, or the blocks of a mapping: they are mapped anew, and whoever touched them meanwhile has waited. */
export function finishCopy(w: World, vcpu: number): void {
  const { memory, huge } = w;
  const block = w.copies.block[vcpu]!;
  const to = w.copies.to[vcpu]!;
  const kind = w.copies.kind[vcpu]!;
  const { costs } = w.scenario;
  w.copies.block[vcpu] = -1;
  w.moves!.isWaiting[block] = 0;
  const guest = w.copies.guest[vcpu]!;
  if (!memory.isBacked(block)) return;
  w.copies.owedNs[vcpu]! += costs.remapNs + costs.shootdownNs;
  const first = kind === COPY_MERGE ? huge.firstWhole(guest, block) : block;
  const end = kind === COPY_MERGE ? huge.endWhole(guest, block) : kind === COPY_REPLICA ? block + 1 : huge.end(guest, block);
  stallOthers(w, vcpu, guest, first, end);
  if (kind === COPY_REPLICA) finishReplica(w, guest, block, to);
  else if (kind === COPY_MERGE) finishMerge(w, guest, first, end);
  else finishMove(w, vcpu, guest, first, end, to, kind);
}

function finishMove(w: World, vcpu: number, guest: number, first: number, end: number, to: number, kind: number): void {
  const { memory, huge, policy } = w;
  const moves = w.moves!;
  const pages = memory.pages!;
  if (end - first > memory.nodeFree[to]! && end - first > 1) huge.split(guest, first); // it moves as far as there is room
  let region = -1;
  let from = -1;
  for (let block = first; block < end; block++) {
    from = memory.nodeOf(block);
    if (from < 0 || from === to) continue;
    if (kind === COPY_MOVE) {
      assert(w.nowNs - moves.movedNs[block]! >= (policy.memory.cooldownNs ?? 0), 'a block is moved in its cooldown');
    }
    if (!memory.move(guest, pages.regionOf[block]!, block, to)) {
      w.counts.failedMoves[guest]!++;
      if (kind === COPY_RETURN) bookReturn(w, block);
      continue;
    }
    moves.movedNs[block] = w.nowNs;
    if (kind === COPY_RETURN || moves.origin[block] === to) moves.origin[block] = -1;
    else if (policy.memory.revertAfterNs !== undefined) {
      if (moves.origin[block]! < 0) moves.origin[block] = from;
      bookReturn(w, block);
    }
    w.counts.pageMoves[guest]!++;
    if (kind === COPY_RETURN) w.counts.pageReturns[guest]!++;
    note(w, 7, block, to);
    w.trace?.pageMoved(w, guest, block, from, to, kind === COPY_RETURN);
    if (pages.regionOf[block]! !== region && pages.regionOf[block]! >= 0) renewMixtures(w, guest, (region = pages.regionOf[block]!));
    w.copies.owedNs[vcpu]! += tellMoved(w, guest, block, from, to);
  }
}

function finishReplica(w: World, guest: number, block: number, node: number): void {
  const region = w.memory.pages!.regionOf[block]!;
  if (region < 0 || w.memory.nodeOf(block) === node || w.replicas!.isOn(block, node)) return;
  if (!w.replicas!.add(region, block, node)) {
    w.counts.failedMoves[guest]!++;
    return;
  }
  w.counts.pageReplicas[guest]!++;
  note(w, 10, block, node);
  w.trace?.pageCopied(w, guest, block, node);
  renewMixtures(w, guest, region);
}

function finishMerge(w: World, guest: number, first: number, end: number): void {
  const { movedNs, isWaiting } = w.moves!;
  const node = w.memory.nodeOf(first);
  let lastNs = -Infinity;
  for (let block = first; block < end; block++) {
    if (w.memory.nodeOf(block) !== node || isWaiting[block] === 1 || w.replicas?.has(block)) return; // no longer as it was
    lastNs = Math.max(lastNs, movedNs[block]!);
  }
  movedNs.fill(lastNs, first, end); // none of its blocks moves in its cooldown
  w.huge.merge(guest, first);
  note(w, 11, first, node);
}

/** Who runs in the guest is interrupted to forget the old mapping, and has waited if it touched the blocks while they were copied. */
function stallOthers(w: World, copier: number, guest: number, first: number, end: number): void {
  const { firstVcpu, vcpuCount } = w.guests[guest]!;
  const copiedNs = w.nowNs - w.copies.sinceNs[copier]!;
  for (let vcpu = firstVcpu; vcpu < firstVcpu + vcpuCount; vcpu++) {
    const cpu = w.vcpuCpu[vcpu]!;
    if (vcpu === copier || cpu < 0 || w.cpuVcpu[cpu] !== vcpu) continue;
    w.copies.owedNs[vcpu]! += w.scenario.costs.ipiNs;
    const rate = touchesPerNs(w, cpu, vcpu, first, end);
    if (rate > 0) w.copies.owedNs[vcpu]! += Math.round(meanStallNs(rate, copiedNs));
    interruptSegment(w, cpu); // it pays now, and a walk looks anew where its blocks are
  }
}

/** How long one waits on average that comes at this rate, at random, while something takes so long: of a Poisson stream's first arrival. */
export function meanStallNs(perNs: number, durationNs: number): number {
  return durationNs + Math.expm1(-perNs * durationNs) / perNs;
}

/** How often what runs on `cpu` touches one of the blocks: at random by their heat, in a sweep once a pass. */
function touchesPerNs(w: World, cpu: number, vcpu: number, first: number, end: number): number {
  const { memory } = w;
  const task = w.vcpuTask[vcpu]!;
  if (w.segKind[cpu] !== SEG_RUN || w.segUnitNs[cpu] === 0) return 0;
  const region = w.phaseRegion[task]!;
  if (region < 0) return 0;
  let share = 0;
  for (let block = first; block < end; block++) if (memory.pages!.regionOf[block] === region) share += shareOf(w, region, block);
  if (w.phasePattern[task] !== SWEEP) return (share * w.phaseAccesses[task]!) / w.segUnitNs[cpu]!;
  return share > 0 ? 1 / (w.phasePerBlock[task]! * memory.regionBlocks[region]! * w.segUnitNs[cpu]!) : 0;
}

/** Share of a region's accesses at random that a block draws. */
export function shareOf(w: World, region: number, block: number): number {
  const { memory } = w;
  if (!memory.heat.isHeated(region)) return 1 / memory.regionBlocks[region]!;
  const own = block - memory.guestBlocks.first[memory.guestOf(block)]!;
  return memory.heat.weightNow(region, heatGroup(own), w.nowNs) / memory.heat.total(region, w.nowNs);
}

/** @returns what it cost, ns */
function tellMoved(w: World, guest: number, block: number, from: number, to: number): number {
  const { onMoved } = w.policy.memory;
  if (!onMoved) return 0;
  const k = w.kernel as HostKernel;
  enter(w, k, 'onMoved');
  w.policy.memory.onMoved!(k, guest as GuestId, block - w.memory.guestBlocks.first[guest]!, from as NodeId, to as NodeId);
  return leave(w, k);
}
