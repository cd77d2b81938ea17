import { divideCache, taskMissRatio } from './cache.ts';
import { idleLineNs } from './machine.ts';
import {
  COPYING,
  MIXTURE,
  NO_TRAFFIC,
  PART_COMPUTE,
  PART_DISTANCE,
  PART_FAULT,
  PART_LOCAL,
  PART_SHARED,
  PARTS,
  SEG_COPY,
  SEG_REFILL,
  SEG_RUN,
  SEG_TOUCH,
} from './states.ts';
import type { World } from './world.ts';
import { NONE } from './units.ts';
import { SWEEP } from './workload-api.ts';

/**
 * The traffic of a CPU's segment: time per unit without queueing, its parts by cause, and which resources it loads. Per unit,
 *     cycles / clock + accesses * (1 - m) * hit / M + accesses * m / M * sum_n share_n * idle(k, n)
 * with M lines in flight and idle(k, n) = latency * max(1, M / the most a core keeps in flight between k and n).
 */

/** The task on `cpu` competes for the node's cache with what its phase would fill. */
export function joinCache(w: World, cpu: number, task: number): void {
  const { machine } = w.scenario;
  const node = machine.cpuNode[cpu]!;
  const own = node * machine.nodeCount + node;
  const inFlight = Math.min(w.phaseInFlight[task]!, machine.coreLines[node]!);
  const accesses = w.phaseAccesses[task]!;
  const cycles = w.phaseCycles[task]! / machine.clockGHz;
  const demand = accesses / (cycles + (accesses / inFlight) * idleLineNs(machine, own, inFlight, 0));
  const need = w.phaseWorkingSet[task]!;
  if (w.cacheDemand[cpu] === demand && w.cacheNeed[cpu] === need) return;
  w.cacheDemand[cpu] = demand;
  w.cacheNeed[cpu] = need;
  w.nodeDirty[node] = 1;
}

export function leaveCache(w: World, cpu: number): void {
  if (w.cacheDemand[cpu] === 0) return;
  w.cacheDemand[cpu] = 0;
  w.cacheNeed[cpu] = 0;
  w.nodeDirty[w.scenario.machine.cpuNode[cpu]!] = 1;
  w.needsSettle = true;
}

/** Divides the caches of nodes whose running tasks changed; a CPU whose misses are different now gets its flow built anew. */
export function shareCaches(w: World, markPending: (w: World, cpu: number) => void): void {
  const { machine } = w.scenario;
  for (let node = 0; node < machine.nodeCount; node++) {
    if (w.nodeDirty[node] === 0) continue;
    w.nodeDirty[node] = 0;
    divideNode(w, node);
    const first = machine.nodeFirstCpu[node]!;
    for (let cpu = first; cpu < first + machine.nodeCpuCount[node]!; cpu++) {
      if (w.cacheDemand[cpu] === 0 || w.segKind[cpu] !== SEG_RUN) continue;
      if (missRatioNow(w, cpu) !== w.missRatio[cpu]) markPending(w, cpu);
    }
  }
}

/** Bytes of its node's cache that the task on `cpu` is about to have. */
export function shareOf(w: World, cpu: number, task: number): number {
  joinCache(w, cpu, task);
  divideNode(w, w.scenario.machine.cpuNode[cpu]!);
  return w.cacheShare[cpu]!;
}

function divideNode(w: World, node: number): void {
  const { spec, nodeFirstCpu, nodeCpuCount } = w.scenario.machine;
  divideCache(spec.llcBytes.value, w.cacheDemand, w.cacheNeed, nodeFirstCpu[node]!, nodeCpuCount[node]!, w.cacheShare);
}

function missRatioNow(w: World, cpu: number): number {
  return taskMissRatio(w, w.vcpuTask[w.cpuVcpu[cpu]!]!, w.cacheShare[cpu]!);
}

/** Builds the flow of the segment on `cpu` and gives it to the contention solver, unless it is the one that stands there. */
export function buildFlow(w: World, cpu: number): void {
  const task = w.vcpuTask[w.cpuVcpu[cpu]!]!;
  switch (w.segKind[cpu]) {
    case SEG_RUN:
      return buildRun(w, cpu, task);
    case SEG_TOUCH:
      w.flowNode[cpu] = w.segNode[cpu]!;
      return buildLines(w, cpu, 0, 1, w.partNs[cpu * PARTS + PART_FAULT]!);
    case SEG_REFILL:
      findNodes(w, cpu, task);
      return buildLines(w, cpu, 1, 0, 0);
    case SEG_COPY:
      return buildCopy(w, cpu);
  }
}

function buildRun(w: World, cpu: number, task: number): void {
  const { machine } = w.scenario;
  const node = machine.cpuNode[cpu]!;
  const part = cpu * PARTS;
  const computeNs = (w.phaseCycles[task]! / machine.clockGHz) * slowdown(w, cpu);
  const accesses = w.cacheDemand[cpu]! > 0 ? w.phaseAccesses[task]! : 0;
  if (accesses === 0) {
    dropTraffic(w, cpu);
    w.partNs[part + PART_COMPUTE] = computeNs;
    return;
  }
  const alone = taskMissRatio(w, task, machine.spec.llcBytes.value);
  const misses = missRatioNow(w, cpu);
  const inFlight = Math.min(w.phaseInFlight[task]!, machine.coreLines[node]!);
  const writeShare = w.phaseWriteShare[task]!;
  const slot = accesses / inFlight; // latencies in sequence per unit
  const hitNs = machine.llcHitNs;
  w.missRatio[cpu] = misses;
  if (misses === 0) {
    dropTraffic(w, cpu);
    w.partNs[part + PART_COMPUTE] = computeNs + slot * hitNs;
    return;
  }
  findNodes(w, cpu, task);
  const localNs = idleNs(w, node, node, inFlight, writeShare);
  const meanNs = meanIdleNs(w, cpu, inFlight, writeShare);
  w.partNs[part + PART_COMPUTE] = computeNs + slot * (1 - alone) * hitNs;
  w.partNs[part + PART_LOCAL] = slot * alone * localNs;
  w.partNs[part + PART_DISTANCE] = slot * alone * (meanNs - localNs);
  w.partNs[part + PART_SHARED] = slot * (misses - alone) * (meanNs - hitNs);
  w.partNs[part + PART_FAULT] = 0;
  w.sharedShare[cpu] = (misses - alone) / misses;
  offerFlow(w, cpu, computeNs + slot * (1 - misses) * hitNs + slot * misses * meanNs, accesses * misses, inFlight, 1, writeShare);
}

/** What the other busy threads of its core cost a CPU that computes. */
function slowdown(w: World, cpu: number): number {
  const { threadsPerCore, threadSlowdown } = w.scenario.machine;
  if (threadsPerCore === 1) return 1;
  const first = cpu - (cpu % threadsPerCore);
  let busy = -1; // besides itself
  for (let sibling = first; sibling < first + threadsPerCore; sibling++) if (w.cpuVcpu[sibling]! >= 0) busy++;
  return threadSlowdown[busy]!;
}

/**
 * A unit is one line: filling a cache fetches it, touching memory clears it. A page is cleared by storing whole lines, which need not
 * be fetched for ownership first, so that a cleared line is half the traffic of a written one (assumed: rep stos and non-temporal stores).
 */
function buildLines(w: World, cpu: number, readShare: number, writeShare: number, faultNs: number): void {
  const { machine } = w.scenario;
  const node = machine.cpuNode[cpu]!;
  const part = cpu * PARTS;
  const inFlight = machine.coreLines[node]!;
  const localNs = idleNs(w, node, node, inFlight, writeShare);
  const meanNs = meanIdleNs(w, cpu, inFlight, writeShare);
  w.partNs[part + PART_COMPUTE] = 0;
  w.partNs[part + PART_LOCAL] = localNs / inFlight;
  w.partNs[part + PART_DISTANCE] = (meanNs - localNs) / inFlight;
  w.partNs[part + PART_FAULT] = faultNs;
  w.partNs[part + PART_SHARED] = 0;
  w.sharedShare[cpu] = 0;
  offerFlow(w, cpu, meanNs / inFlight + faultNs, 1, inFlight, readShare, writeShare);
}

/** A unit is one line of the block that is moved: read from where it is, written where it goes. */
function buildCopy(w: World, cpu: number): void {
  const { machine } = w.scenario;
  const N = machine.nodeCount;
  const node = machine.cpuNode[cpu]!;
  const vcpu = w.cpuVcpu[cpu]!;
  const from = w.memory.nodeOf(w.copies.block[vcpu]!);
  const to = w.copies.to[vcpu]!;
  const inFlight = machine.coreLines[node]!;
  const baseNs = (idleNs(w, node, from, inFlight, 0) + idleNs(w, node, to, inFlight, 1)) / inFlight;
  w.flowNode[cpu] = COPYING;
  w.offeredNode[cpu] = COPYING; // what comes next is another flow
  w.linesPerUnit[cpu] = 1;
  w.contention.beginFlow(cpu, baseNs, 1, inFlight);
  w.contention.addUse(cpu, node * N + from, 1, 1, 0);
  w.contention.addUse(cpu, node * N + to, 1, 1, 1);
  if (machine.cpuPort[cpu] !== NONE) w.contention.addPort(cpu, machine.cpuPort[cpu]!, 2); // the line, and its place for ownership
  w.contention.commitFlow(cpu);
}

/** Counts lines fetched by the segment on `cpu`. Copies load the machine but are no accesses of the guest. */
export function countLines(w: World, cpu: number, vcpu: number, guest: number, lines: number): void {
  const { machine } = w.scenario;
  const N = machine.nodeCount;
  const row = machine.cpuNode[cpu]! * N;
  const from = w.flowNode[cpu]!;
  w.cpuLines[cpu]! += from === COPYING ? 2 * lines : lines * w.readShare[cpu]!;
  if (from >= 0) {
    w.pmu.lines[vcpu * N + from]! += lines * w.readShare[cpu]!;
    countPair(w, guest, row + from, lines, w.readShare[cpu]!, w.writeShare[cpu]!);
  } else if (from === MIXTURE) {
    for (let node = 0; node < N; node++) {
      const share = w.nodeShare[cpu * N + node]!;
      if (share === 0) continue;
      w.pmu.lines[vcpu * N + node]! += lines * share * w.readShare[cpu]!;
      countPair(w, guest, row + node, lines * share, w.readShare[cpu]!, w.writeShare[cpu]!);
    }
  } else if (from === COPYING) {
    const to = row + w.copies.to[vcpu]!;
    w.copies.bookedLines += lines;
    w.pairLines[row + w.memory.nodeOf(w.copies.block[vcpu]!)]! += lines;
    w.pairLines[to]! += lines;
    w.pairWritten[to]! += lines;
  }
}

function countPair(w: World, guest: number, pair: number, lines: number, readShare: number, writeShare: number): void {
  w.pairLines[pair]! += lines * readShare;
  w.pairWritten[pair]! += lines * writeShare;
  w.counts.hopLines[guest * 4 + w.scenario.machine.hopClass[pair]!]! += lines;
}

/** The segment on `cpu` draws on no memory any more. */
export function dropTraffic(w: World, cpu: number): void {
  if (w.linesPerUnit[cpu]! > 0) {
    w.contention.clearFlow(cpu);
    w.linesPerUnit[cpu] = 0;
    w.needsSettle = true;
  }
  w.flowNode[cpu] = NO_TRAFFIC;
  w.sharedShare[cpu] = 0;
  w.partNs.fill(0, cpu * PARTS, (cpu + 1) * PARTS);
  w.contention.queueNs.fill(0, cpu * 3, cpu * 3 + 3);
}

function findNodes(w: World, cpu: number, task: number): void {
  if (w.phasePattern[task] === SWEEP) w.flowNode[cpu] = w.segNode[cpu]!;
  else mixNodes(w, cpu, w.phaseRegion[task]!);
}

/** Where a random access finds its data: the share of the region's blocks on each node, weighted by their heat. */
function mixNodes(w: World, cpu: number, region: number): void {
  const { memory, nodeShare } = w;
  const { nodeCount, cpuNode } = w.scenario.machine;
  const first = cpu * nodeCount;
  const total = memory.accessesByNode(region, w.nowNs, nodeShare, first);
  w.replicas?.redirect(region, cpuNode[cpu]!, w.nowNs, nodeShare, first);
  let nodes = 0;
  let single = cpuNode[cpu]!; // memory never touched reads as the zero page, which is everywhere
  for (let node = 0; node < nodeCount; node++) {
    if (nodeShare[first + node] === 0) continue;
    single = node;
    nodes++;
  }
  if (nodes <= 1) {
    w.flowNode[cpu] = single;
    return;
  }
  w.flowNode[cpu] = MIXTURE;
  for (let node = 0; node < nodeCount; node++) nodeShare[first + node]! /= total;
}

function idleNs(w: World, cpuNode: number, node: number, inFlight: number, writeShare: number): number {
  const { machine } = w.scenario;
  return idleLineNs(machine, cpuNode * machine.nodeCount + node, inFlight, writeShare);
}

function meanIdleNs(w: World, cpu: number, inFlight: number, writeShare: number): number {
  const { nodeCount, cpuNode } = w.scenario.machine;
  const from = w.flowNode[cpu]!;
  if (from >= 0) return idleNs(w, cpuNode[cpu]!, from, inFlight, writeShare);
  let sum = 0;
  for (let node = 0; node < nodeCount; node++) {
    const share = w.nodeShare[cpu * nodeCount + node]!;
    if (share > 0) sum += share * idleNs(w, cpuNode[cpu]!, node, inFlight, writeShare);
  }
  return sum;
}

/** Hands a flow to the solver. The same single-node flow as before is left alone: most phases only repeat. */
function offerFlow(w: World, cpu: number, baseNs: number, lines: number, inFlight: number, readShare: number, writeShare: number): void {
  const { contention } = w;
  const { nodeCount, cpuNode, cpuPort } = w.scenario.machine;
  const row = cpuNode[cpu]! * nodeCount;
  const from = w.flowNode[cpu]!;
  const isSame =
    from >= 0 &&
    from === w.offeredNode[cpu] &&
    lines === w.linesPerUnit[cpu] &&
    baseNs === contention.baseNs[cpu] &&
    inFlight === w.linesInFlight[cpu] &&
    readShare === w.readShare[cpu] &&
    writeShare === w.writeShare[cpu];
  if (isSame) return;
  w.offeredNode[cpu] = from;
  w.linesPerUnit[cpu] = lines;
  w.linesInFlight[cpu] = inFlight;
  w.readShare[cpu] = readShare;
  w.writeShare[cpu] = writeShare;
  contention.beginFlow(cpu, baseNs, lines, inFlight);
  if (from >= 0) contention.addUse(cpu, row + from, 1, readShare, writeShare);
  else {
    for (let node = 0; node < nodeCount; node++) {
      const share = w.nodeShare[cpu * nodeCount + node]!;
      if (share > 0) contention.addUse(cpu, row + node, share, readShare, writeShare);
    }
  }
  if (cpuPort[cpu] !== NONE && readShare > 0) contention.addPort(cpu, cpuPort[cpu]!, readShare);
  contention.commitFlow(cpu);
}
