import { PolicyError } from './assert.ts';
import { enter, leave } from './hooks.ts';
import type { HostKernel } from './host-kernel.ts';
import { HEAT_GROUPS } from './heat.ts';
import type { PageTracking } from './page-tracking.ts';
import { exponential, type Random } from './random.ts';
import { interruptSegment } from './segments.ts';
import { SEG_RUN, SEG_TOUCH } from './states.ts';
import { tellAccess } from './told-access.ts';
import { SWEEP, TOUCH } from './workload-api.ts';
import { setDue, type World } from './world.ts';

/**
 * Hint faults: a policy marks blocks, and the next access to each faults. When that is follows from what the vCPU does: a sweep or a touch
 * faults where it comes to a marked block; accesses at random fall on marked blocks as a Poisson stream, as often as their share of the
 * heat says, and which block it is is drawn by heat. Faults that would follow one another within a millisecond are taken together, each
 * paid for by itself: times are known to that precision (assumed), which is what Linux keeps them to.
 */
const TOGETHER_NS = 1_000_000;
const MOST_TOGETHER = 64;
/** Marked blocks of a walk that follow one another and are faulted together. Assumed. */
const MOST_WALKED = 8;

/** Marks the backed blocks of [first, first + count), mapping by mapping. @returns how many were not marked before */
export function markBlocks(w: World, guest: number, first: number, end: number): number {
  if (w.faultingVcpu >= 0) throw new PolicyError('markBlocks in onHintFault, want it in another hook');
  const { memory, huge } = w;
  const pages = memory.trackPages();
  let marked = 0;
  let mappings = 0;
  for (let block = huge.first(guest, first); block < end;) {
    const stop = huge.end(guest, block);
    let isNew = false;
    for (; block < stop; block++) {
      if (!memory.isBacked(block) || !pages.mark(block, w.nowNs)) continue;
      isNew = true;
      marked++;
    }
    if (isNew) mappings++;
  }
  if (marked > 0) findFaults(w, guest);
  w.pageWorkNs += mappings * w.scenario.costs.markNs;
  return marked;
}

/** What runs in a guest may now come to marked blocks earlier than it thought. */
function findFaults(w: World, guest: number): void {
  const { firstVcpu, vcpuCount } = w.guests[guest]!;
  for (let vcpu = firstVcpu; vcpu < firstVcpu + vcpuCount; vcpu++) {
    const cpu = w.vcpuCpu[vcpu]!;
    if (cpu < 0 || w.cpuVcpu[cpu] !== vcpu || w.finishNs[cpu] === Infinity) continue;
    if (w.segKind[cpu] !== SEG_RUN && w.segKind[cpu] !== SEG_TOUCH) continue;
    if (w.segBlocks[cpu]! > 0) interruptSegment(w, cpu);
    else {
      armFault(w, cpu);
      setDue(w, cpu);
    }
  }
}

/** When what runs at random on `cpu` next touches a marked block, at its present speed. */
export function armFault(w: World, cpu: number): void {
  const { pages } = w.memory;
  w.faultNs[cpu] = Infinity;
  if (pages === null || w.segKind[cpu] !== SEG_RUN || w.segBlocks[cpu]! > 0) return;
  const vcpu = w.cpuVcpu[cpu]!;
  const task = w.vcpuTask[vcpu]!;
  const region = w.phaseRegion[task]!;
  if (region < 0 || pages.markedCount[region] === 0 || w.phasePattern[task] === SWEEP) return;
  const rate = faultsPerNs(w, cpu, task);
  w.faultRate[cpu] = rate;
  if (rate === 0) return;
  const fromNs = Math.max(w.nowNs, w.faultFreeNs[vcpu]!);
  w.faultNs[cpu] = fromNs + Math.max(1, Math.ceil(exponential(w.faultStreams.of(w, vcpu), 1 / rate)));
}

/** It has come to one: that fault, and those that follow closely. */
export function takeRandomFaults(w: World, cpu: number): void {
  const pages = w.memory.pages!;
  const vcpu = w.cpuVcpu[cpu]!;
  const task = w.vcpuTask[vcpu]!;
  const region = w.phaseRegion[task]!;
  const random = w.faultStreams.of(w, vcpu);
  if (random() * w.faultRate[cpu]! >= faultsPerNs(w, cpu, task)) {
    armFault(w, cpu); // others have taken marked blocks since it was armed: its stream has thinned, and this was none of what is left
    setDue(w, cpu);
    return;
  }
  interruptSegment(w, cpu);
  let aheadNs = 0;
  for (let taken = 1; ; taken++) {
    const block = drawMarked(w, pages, region, random);
    if (block < 0) break;
    fault(w, cpu, vcpu, block, random() < w.phaseWriteShare[task]!);
    const rate = faultsPerNs(w, cpu, task);
    if (rate === 0 || taken === MOST_TOGETHER) break;
    const gapNs = exponential(random, 1 / rate);
    if (aheadNs + gapNs >= TOGETHER_NS) {
      aheadNs = TOGETHER_NS;
      break;
    }
    aheadNs += gapNs;
  }
  w.faultFreeNs[vcpu] = w.nowNs + Math.ceil(aheadNs); // what would have come until then has
}

/** How often what runs at random on `cpu` touches marked blocks, at its present speed. */
function faultsPerNs(w: World, cpu: number, task: number): number {
  return (w.phaseAccesses[task]! / w.segUnitNs[cpu]!) * markedShare(w, w.memory.pages!, w.phaseRegion[task]!);
}

/** A walk is about to go on at a marked block. True when it has faulted, and must pay for that first. */
export function takeWalkFaults(w: World, cpu: number, task: number): boolean {
  const { memory } = w;
  const pages = memory.pages!;
  let block = w.phaseBlock[task]!;
  if (block < 0 || !pages.isMarked(block)) return false;
  const vcpu = w.cpuVcpu[cpu]!;
  const guest = w.taskGuest[task]!;
  const isWrite = w.phaseKind[task] === TOUCH || w.faultStreams.of(w, vcpu)() < w.phaseWriteShare[task]!;
  const most = Math.min(MOST_WALKED, w.phaseBlocksLeft[task]!);
  for (let taken = 0; taken < most && block >= 0 && pages.isMarked(block); taken++) {
    fault(w, cpu, vcpu, block, isWrite);
    block = memory.nextOf(guest, block);
  }
  return true;
}

/** Share of a region's accesses at random that fall on its marked blocks. */
function markedShare(w: World, pages: PageTracking, region: number): number {
  const { heat, regionBlocks } = w.memory;
  if (!heat.isHeated(region)) return pages.markedCount[region]! / regionBlocks[region]!;
  const total = heat.total(region, w.nowNs);
  return total > 0 ? markedWeight(w, pages, region) / total : 0;
}

function markedWeight(w: World, pages: PageTracking, region: number): number {
  let weight = 0;
  for (let group = 0; group < HEAT_GROUPS; group++) {
    const count = pages.listCount[region * HEAT_GROUPS + group]!;
    if (count > 0) weight += count * w.memory.heat.weightNow(region, group, w.nowNs);
  }
  return weight;
}

/** A marked block, by heat. NONE when those that are marked are never touched. */
function drawMarked(w: World, pages: PageTracking, region: number, random: Random): number {
  const { heat } = w.memory;
  if (!heat.isHeated(region)) return pages.firstOf(region, 0); // NONE without
  let left = random() * markedWeight(w, pages, region);
  let last = -1;
  for (let group = 0; group < HEAT_GROUPS; group++) {
    const count = pages.listCount[region * HEAT_GROUPS + group]!;
    const weight = count > 0 ? count * heat.weightNow(region, group, w.nowNs) : 0;
    if (weight === 0) continue;
    last = group;
    left -= weight;
    if (left < 0) break;
  }
  return last < 0 ? -1 : pages.firstOf(region, last);
}

/** The fault itself: the mapping is restored, the policy is asked, the vCPU pays before it runs on. */
function fault(w: World, cpu: number, vcpu: number, block: number, isWrite: boolean): void {
  const { memory, huge } = w;
  const pages = memory.pages!;
  const guest = w.vcpuGuest[vcpu]!;
  const told = w.fault;
  told.markedNs = pages.markedNs[block]!;
  for (let part = huge.first(guest, block); part < huge.end(guest, block); part++) pages.unmark(part);
  w.counts.hintFaults[guest]!++;
  w.trace?.hintFault(w, guest, block, vcpu, cpu, isWrite);
  w.samplingNs[vcpu]! += w.scenario.costs.hintFaultNs;
  const { onHintFault } = w.policy.memory;
  if (!onHintFault) return;
  tellAccess(w, told, cpu, vcpu, block, isWrite);
  const k = w.kernel as HostKernel;
  enter(w, k, 'onHintFault');
  w.faultingVcpu = vcpu;
  w.policy.memory.onHintFault!(k, told);
  w.faultingVcpu = -1;
  w.samplingNs[vcpu]! += leave(w, k);
}
