import { enter, leave } from './hooks.ts';
import type { HostKernel } from './host-kernel.ts';
import { HEAT_GROUPS } from './heat.ts';
import { below, type Random } from './random.ts';
import { book } from './booking.ts';
import { interruptSegment } from './segments.ts';
import { SEG_RUN, SEG_TOUCH } from './states.ts';
import { TIMER_WATCH } from './timers.ts';
import { tellAccess } from './told-access.ts';
import { SWEEP } from './workload-api.ts';
import type { World } from './world.ts';

/** Samples are told to the policy this often. Assumed: a buffer of the unit (PEBS) is read out about so often. */
export const SAMPLE_BATCH_NS = 10_000_000;
/** Samples that one batch of one CPU holds at most. Assumed: what is beyond is lost, as a full buffer loses it. */
const MOST_SAMPLES = 256;

/**
 * Samples of the performance monitoring unit: one in so many lines that a vCPU fetches from memory. Which block a sample is of is drawn:
 * of accesses at random by heat, of a sweep any of its region, as it passes over them all between two batches or soon after (assumed).
 */
export function sampleAccesses(w: World): void {
  const cpus = w.cpuVcpu.length;
  w.timers.push(w.nowNs + SAMPLE_BATCH_NS, TIMER_WATCH, 1);
  for (let i = 0; i < cpus; i++) {
    const cpu = w.cpuOrder[i]!;
    if (w.cpuVcpu[cpu]! >= 0) sampleCpu(w, cpu);
  }
}

function sampleCpu(w: World, cpu: number): void {
  const { periodLines } = w.policy.memory.samples!;
  const vcpu = w.cpuVcpu[cpu]!;
  if (w.finishNs[cpu]! < Infinity) book(w, cpu, false);
  const due = Math.floor((linesOf(w, vcpu) - w.pmu.sampledLines[vcpu]!) / periodLines);
  if (due <= 0) return;
  if (w.segKind[cpu] !== SEG_RUN && w.segKind[cpu] !== SEG_TOUCH) return; // they come with the next batch
  const task = w.vcpuTask[vcpu]!;
  const region = w.phaseRegion[task]!;
  if (region < 0 || w.memory.regionBlocks[region] === 0) return;
  w.pmu.sampledLines[vcpu]! += due * periodLines;
  for (let i = Math.min(due, MOST_SAMPLES); i > 0; i--) sample(w, cpu, vcpu, task, region);
  interruptSegment(w, cpu); // to pay for them
}

function sample(w: World, cpu: number, vcpu: number, task: number, region: number): void {
  const { memory } = w;
  const random = w.sampleStreams.of(w, vcpu);
  const guest = w.vcpuGuest[vcpu]!;
  const block = w.segKind[cpu] === SEG_TOUCH ? w.phaseBlock[task]! : drawBlock(w, guest, region, w.phasePattern[task] === SWEEP, random);
  const isWrite = random() < w.writeShare[cpu]!;
  w.samplingNs[vcpu]! += w.scenario.costs.sampleNs;
  w.counts.samples[guest]!++;
  if (!memory.isBacked(block) || !w.policy.memory.onSample) return;
  tellAccess(w, w.sample, cpu, vcpu, block, isWrite);
  const k = w.kernel as HostKernel;
  enter(w, k, 'onSample');
  w.policy.memory.onSample(k, w.sample);
  w.samplingNs[vcpu]! += leave(w, k);
}

/** A block of a region: any of a sweep, else one in proportion to its heat. */
function drawBlock(w: World, guest: number, region: number, isSweep: boolean, random: Random): number {
  const { blocks, starts } = w.memory.trackPages().indexOf(w.memory, guest, region);
  const group = isSweep || !w.memory.heat.isHeated(region) ? -1 : drawGroup(w, region, starts, random);
  const first = group < 0 ? 0 : starts[group]!;
  const end = group < 0 ? blocks.length : starts[group + 1]!;
  return blocks[first + below(random, end - first)]!;
}

/** A heat group by what its blocks draw together; NONE when none of them is ever drawn on. */
function drawGroup(w: World, region: number, starts: Int32Array, random: Random): number {
  let total = 0;
  for (let group = 0; group < HEAT_GROUPS; group++) total += groupWeight(w, region, starts, group);
  let left = random() * total;
  let drawn = -1;
  for (let group = 0; group < HEAT_GROUPS && left >= 0; group++) {
    const weight = groupWeight(w, region, starts, group);
    if (weight > 0) drawn = group;
    left -= weight;
  }
  return drawn;
}

function groupWeight(w: World, region: number, starts: Int32Array, group: number): number {
  const count = starts[group + 1]! - starts[group]!;
  return count > 0 ? count * w.memory.heat.weightNow(region, group, w.nowNs) : 0;
}

function linesOf(w: World, vcpu: number): number {
  const N = w.scenario.machine.nodeCount;
  let lines = 0;
  for (let node = 0; node < N; node++) lines += w.pmu.lines[vcpu * N + node]!;
  return lines;
}
