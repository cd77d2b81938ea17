import { assert } from './assert.ts';
import { backBlock } from './backing.ts';
import { book, restartBooks } from './booking.ts';
import { oweCache } from './cold-cache.ts';
import { buildFlow, dropTraffic, joinCache, leaveCache, shareCaches } from './flows.ts';
import { finishCopy } from './copying.ts';
import { armFault, takeWalkFaults } from './hint-faults.ts';
import { takeCopy } from './moving.ts';
import { killGuest, nextPhase } from './guest-kernel.ts';
import { stopSpinning } from './guest-sync.ts';
import { LINE_BYTES, PAGE_BYTES } from './units.ts';
import { advanceWalk, clearWalk, walkLength } from './walk.ts';
import { SWEEP, TOUCH } from './workload-api.ts';
import {
  CACHE_COLD,
  CONTEXT_SWITCH,
  NO_TRAFFIC,
  PAGE_COPY,
  PART_COMPUTE,
  PART_FAULT,
  PARTS,
  SAMPLING,
  SEG_COPY,
  SEG_NONE,
  SEG_OVERHEAD,
  SEG_REFILL,
  SEG_RUN,
  SEG_SPIN,
  SEG_TOUCH,
  SPIN,
  WAKE,
} from './states.ts';
import { setDue, type World } from './world.ts';

/**
 * What each CPU does between two instants: a segment is a stretch at one speed. A vCPU first pays what it owes (switch, wake,
 * samples, copies, cold cache), then runs its task's phase; a sweep's segment ends where its memory changes node.
 */

const MAX_PHASES_AT_ONCE = 100_000;
const SPIN_STRETCH_NS = 1_000_000_000;

/** Starts what the vCPU on `cpu` does next. False when its guest has nothing to run: the vCPU halts. */
export function startSegment(w: World, cpu: number): boolean {
  const vcpu = w.cpuVcpu[cpu]!;
  if (w.segKind[cpu] === SEG_SPIN) interruptSegment(w, cpu); // what it waits for has come
  for (let phases = 0; ; phases++) {
    assert(phases < MAX_PHASES_AT_ONCE, 'a program gives phases without end at one instant');
    const task = w.vcpuTask[vcpu]!;
    if (task < 0) {
      stopSegment(w, cpu);
      return false;
    }
    if (w.contextSwitchNs[vcpu]! > 0) return startOverhead(w, cpu, w.contextSwitchNs, CONTEXT_SWITCH);
    if (w.wakeNs[vcpu]! > 0) return startOverhead(w, cpu, w.wakeNs, WAKE);
    if (w.samplingNs[vcpu]! > 0) return startOverhead(w, cpu, w.samplingNs, SAMPLING);
    if (w.copies.owedNs[vcpu]! > 0) return startOverhead(w, cpu, w.copies.owedNs, PAGE_COPY);
    if (w.copies.block[vcpu]! >= 0) return startCopy(w, cpu, vcpu);
    if (w.copies.waiting[vcpu]! > 0 || w.copies.isMover[vcpu] === 1) {
      if (w.moves !== null && takeCopy(w, vcpu)) return startCopy(w, cpu, vcpu);
      if (w.copies.owedNs[vcpu]! > 0) continue;
    }
    if (w.isSpinning[task] === 1) {
      if (w.spinLeftNs[task]! > 0) return startSpin(w, cpu, task);
      stopSpinning(w, vcpu);
      continue;
    }
    if (w.phaseBlocksLeft[task]! > 0 || w.phaseUnitsLeft[task]! > 0) {
      if (w.coldCache[vcpu]! > 0) oweCache(w, cpu, vcpu, task);
      if (w.refillLines[vcpu]! > 0) return startRefill(w, cpu, vcpu);
      if (w.memory.pages !== null && w.phaseBlocksLeft[task]! > 0 && takeWalkFaults(w, cpu, task)) continue;
      if (w.replicas !== null && dropReplicas(w, vcpu, task)) continue;
      if (w.phaseKind[task] !== TOUCH) return startRun(w, cpu, task);
      if (startTouch(w, cpu, task)) return true;
      continue; // out of memory: the guest's next phase is its end
    }
    nextPhase(w, vcpu);
    if (w.threads !== null && w.threads.isChanging(vcpu)) {
      stopSegment(w, cpu); // it goes on when that is done, here or elsewhere
      return true;
    }
    const guest = w.guests[w.vcpuGuest[vcpu]!]!;
    if (guest.restartsBooks) restartBooks(w, guest);
  }
}

/** The segment on `cpu` is done: books it and advances its phase. The caller then starts the next. */
export function finishSegment(w: World, cpu: number): void {
  book(w, cpu, true);
  const vcpu = w.cpuVcpu[cpu]!;
  const task = w.vcpuTask[vcpu]!;
  switch (w.segKind[cpu]) {
    case SEG_REFILL:
      w.refillLines[vcpu] = 0;
      break;
    case SEG_COPY:
      finishCopy(w, vcpu);
      break;
    case SEG_RUN:
    case SEG_TOUCH:
      advanceWalk(w, task, w.segBlocks[cpu]!, 0);
      w.touchFresh[task] = 0;
      break;
  }
  w.finishNs[cpu] = Infinity;
  w.faultNs[cpu] = Infinity;
  w.segLeft[cpu] = 0;
  setDue(w, cpu);
  w.fresh.add(cpu);
}

/** Takes the vCPU off: books what it did and keeps what is left for when it runs again. */
export function stopSegment(w: World, cpu: number): void {
  interruptSegment(w, cpu);
  leaveCache(w, cpu);
  dropTraffic(w, cpu);
  w.segKind[cpu] = SEG_NONE;
  w.fresh.delete(cpu);
}

/** Breaks the segment off, because something comes before it (a copy); the rest of it follows later. */
export function interruptSegment(w: World, cpu: number): void {
  const kind = w.segKind[cpu]!;
  if (kind === SEG_NONE || w.finishNs[cpu] === Infinity) return;
  book(w, cpu, false);
  const vcpu = w.cpuVcpu[cpu]!;
  const task = w.vcpuTask[vcpu]!;
  const left = w.segLeft[cpu]!;
  switch (kind) {
    case SEG_OVERHEAD: {
      owedFor(w, w.segCause[cpu]!)[vcpu]! += Math.ceil(left);
      break;
    }
    case SEG_SPIN:
      w.spinLeftNs[task]! += Math.ceil(left);
      break;
    case SEG_REFILL:
      w.refillLines[vcpu] = left;
      break;
    case SEG_COPY:
      w.copies.lines[vcpu] = left;
      break;
    case SEG_RUN:
    case SEG_TOUCH:
      if (w.segBlocks[cpu] === 0) w.phaseUnitsLeft[task] = left;
      else {
        const perBlock = w.phasePerBlock[task]!;
        const after = Math.max(0, Math.ceil(left / perBlock) - 1); // whole blocks left beyond the one it stands in
        const done = left > 0 ? w.segBlocks[cpu]! - 1 - after : w.segBlocks[cpu]!;
        advanceWalk(w, task, done, left - after * perBlock);
      }
      break;
  }
  w.finishNs[cpu] = Infinity;
  w.faultNs[cpu] = Infinity;
  w.segLeft[cpu] = 0;
  setDue(w, cpu);
  w.fresh.add(cpu);
}

/** Where is kept what a vCPU owes for one cause before it runs on. */
function owedFor(w: World, cause: number): Float64Array {
  if (cause === CONTEXT_SWITCH) return w.contextSwitchNs;
  if (cause === WAKE) return w.wakeNs;
  return cause === SAMPLING ? w.samplingNs : w.copies.owedNs;
}

/** New speeds for all CPUs whose traffic, or whose neighbours' traffic, changed. */
export function settle(w: World): void {
  if (!w.needsSettle) return;
  w.needsSettle = false;
  const { contention } = w;
  shareCaches(w, markPending);
  for (let i = 0; i < w.pendingCount; i++) {
    const cpu = w.pending[i]!;
    w.segPending[cpu] = 0;
    if (w.segKind[cpu] >= SEG_REFILL) {
      book(w, cpu, false);
      buildFlow(w, cpu);
      setFinish(w, cpu);
    }
  }
  w.pendingCount = 0;
  contention.solve();
  for (let i = 0; i < contention.changedCount; i++) {
    const cpu = contention.changed[i]!;
    if (w.flowNode[cpu] === NO_TRAFFIC) continue;
    book(w, cpu, false);
    contention.refresh(cpu);
    setFinish(w, cpu);
  }
  contention.takeChanged();
}

/** A CPU has got or lost its vCPU: the other threads of its core compute slower or faster from the next settling on. */
export function changeSiblings(w: World, cpu: number): void {
  const { threadsPerCore, threadSlowdown } = w.scenario.machine;
  if (threadSlowdown[threadsPerCore - 1] === 1) return;
  const first = cpu - (cpu % threadsPerCore);
  for (let sibling = first; sibling < first + threadsPerCore; sibling++) {
    if (sibling !== cpu && w.segKind[sibling] === SEG_RUN) markPending(w, sibling);
  }
}

function startOverhead(w: World, cpu: number, owed: Float64Array, cause: number): boolean {
  const vcpu = w.cpuVcpu[cpu]!;
  begin(w, cpu, SEG_OVERHEAD, owed[vcpu]!, 0, cause);
  owed[vcpu] = 0;
  dropTraffic(w, cpu);
  w.partNs[cpu * PARTS + PART_COMPUTE] = 1;
  setFinish(w, cpu);
  return true;
}

/** In stretches, as a segment has an end, and spinning need not have one. */
function startSpin(w: World, cpu: number, task: number): boolean {
  const stretchNs = Math.min(SPIN_STRETCH_NS, w.spinLeftNs[task]!);
  w.spinLeftNs[task]! -= stretchNs; // what is left when it is broken off is given back
  begin(w, cpu, SEG_SPIN, stretchNs, 0, SPIN);
  leaveCache(w, cpu);
  dropTraffic(w, cpu);
  w.partNs[cpu * PARTS + PART_COMPUTE] = 1;
  setFinish(w, cpu);
  return true;
}

function startCopy(w: World, cpu: number, vcpu: number): boolean {
  begin(w, cpu, SEG_COPY, w.copies.lines[vcpu]!, 0, PAGE_COPY);
  markPending(w, cpu);
  return true;
}

/** Where random accesses to a region go has changed: the flows of those that run are built anew at the next settling. */
export function renewMixtures(w: World, guest: number, region: number): void {
  const { firstVcpu, vcpuCount } = w.guests[guest]!;
  for (let vcpu = firstVcpu; vcpu < firstVcpu + vcpuCount; vcpu++) {
    const cpu = w.vcpuCpu[vcpu]!;
    if (cpu < 0 || w.cpuVcpu[cpu] !== vcpu || w.segKind[cpu] !== SEG_RUN) continue;
    const task = w.vcpuTask[vcpu]!;
    if (w.phaseRegion[task] === region && w.phasePattern[task] !== SWEEP) markPending(w, cpu);
  }
}

function startRefill(w: World, cpu: number, vcpu: number): boolean {
  begin(w, cpu, SEG_REFILL, w.refillLines[vcpu]!, 0, CACHE_COLD);
  markPending(w, cpu);
  return true;
}

function startRun(w: World, cpu: number, task: number): boolean {
  const { memory } = w;
  const region = w.phaseRegion[task]!;
  let units = w.phaseUnitsLeft[task]!;
  let blocks = 0;
  if (w.phaseBlocksLeft[task]! > 0) {
    blocks = walkLength(w, task);
    units += (blocks - 1) * w.phasePerBlock[task]!;
  }
  begin(w, cpu, SEG_RUN, units, blocks, -1);
  if (region < 0 || w.phaseAccesses[task] === 0 || memory.regionBlocks[region] === 0) {
    leaveCache(w, cpu);
  } else {
    joinCache(w, cpu, task);
  }
  markPending(w, cpu);
  return true;
}

/** Starts writing the next blocks; those never touched before get host memory first. False when there is none left. */
function startTouch(w: World, cpu: number, task: number): boolean {
  const { memory } = w;
  const { costs, machine } = w.scenario;
  const guest = w.taskGuest[task]!;
  const block = w.phaseBlock[task]!;
  if (!memory.isBacked(block)) {
    const bound = w.threads === null ? null : w.threads.nodes[w.cpuVcpu[cpu]!]!;
    const node = backBlock(w, guest, w.phaseRegion[task]!, block, machine.cpuNode[cpu]!, bound);
    if (node < 0) {
      killGuest(w, w.guests[guest]!);
      clearWalk(w, task);
      return false;
    }
    w.touchFresh[task] = 1;
    renewMixtures(w, guest, w.phaseRegion[task]!);
  }
  const isFresh = w.touchFresh[task] === 1;
  const blocks = isFresh ? 1 : walkLength(w, task);
  const faultNs = costs.guestFaultNs + (isFresh ? costs.hostFaultNs : 0);
  begin(w, cpu, SEG_TOUCH, w.phaseUnitsLeft[task]! + (blocks - 1) * w.phasePerBlock[task]!, blocks, -1);
  w.partNs[cpu * PARTS + PART_FAULT] = (faultNs * LINE_BYTES) / PAGE_BYTES;
  leaveCache(w, cpu);
  markPending(w, cpu);
  return true;
}

function begin(w: World, cpu: number, kind: number, units: number, blocks: number, cause: number): void {
  w.segKind[cpu] = kind;
  w.segLeft[cpu] = units;
  w.segBlocks[cpu] = blocks;
  w.segNode[cpu] = nodeOf(w, cpu, w.phaseBlock[w.vcpuTask[w.cpuVcpu[cpu]!]!]!);
  w.segCause[cpu] = cause;
  w.segSinceNs[cpu] = w.nowNs;
  w.fresh.delete(cpu);
}

/** A phase that writes makes copies of what it writes to wrong: they are dropped, at a fault a block. True when that must be paid first. */
function dropReplicas(w: World, vcpu: number, task: number): boolean {
  const region = w.phaseRegion[task]!;
  if (region < 0 || w.replicas!.countOf(region) === 0) return false;
  if (w.phaseKind[task] !== TOUCH && w.phaseWriteShare[task] === 0) return false;
  const guest = w.taskGuest[task]!;
  w.samplingNs[vcpu]! += w.replicas!.dropRegion(guest, region) * w.scenario.costs.hintFaultNs;
  renewMixtures(w, guest, region);
  breakOffWalks(w, guest, region);
  return true;
}

/** The copies are gone on which others of the guest walk. */
function breakOffWalks(w: World, guest: number, region: number): void {
  const { firstVcpu, vcpuCount } = w.guests[guest]!;
  for (let vcpu = firstVcpu; vcpu < firstVcpu + vcpuCount; vcpu++) {
    const cpu = w.vcpuCpu[vcpu]!;
    if (cpu < 0 || w.cpuVcpu[cpu] !== vcpu || w.segKind[cpu] !== SEG_RUN || w.segBlocks[cpu] === 0) continue;
    if (w.phaseRegion[w.vcpuTask[vcpu]!] === region) interruptSegment(w, cpu);
  }
}

/** Where a walk stands that is about to go on; memory never touched reads as the zero page, which is everywhere. */
function nodeOf(w: World, cpu: number, block: number): number {
  const own = w.scenario.machine.cpuNode[cpu]!;
  if (block < 0 || !w.memory.isBacked(block) || w.replicas?.isOn(block, own)) return own;
  return w.memory.nodeOf(block);
}

function markPending(w: World, cpu: number): void {
  w.needsSettle = true;
  if (w.segPending[cpu] === 1) return;
  w.segPending[cpu] = 1;
  w.pending[w.pendingCount++] = cpu;
}

function setFinish(w: World, cpu: number): void {
  const unitNs = w.flowNode[cpu] === NO_TRAFFIC ? w.partNs[cpu * PARTS + PART_COMPUTE]! : w.contention.unitNs[cpu]!;
  w.segUnitNs[cpu] = unitNs;
  w.finishNs[cpu] = w.nowNs + Math.max(1, Math.ceil(w.segLeft[cpu]! * unitNs));
  if (w.memory.pages !== null) armFault(w, cpu);
  setDue(w, cpu);
}
