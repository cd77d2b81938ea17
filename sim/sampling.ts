import { PolicyError } from './assert.ts';
import { LINE_BYTES, NONE, type NodeId, type VcpuId } from './units.ts';
import { interruptSegment } from './segments.ts';
import { TIMER_WATCH } from './timers.ts';
import type { World } from './world.ts';

/** A hint fault: trap, look-up, return. Assumed; the measured 112-213 us of 128 threads are an upper bound with contention. */
const HINT_FAULT_NS = 2_000;

/**
 * Hint faults on the memory of running vCPUs, as AutoNUMA has them: some blocks of what each works on are looked at in turn; the
 * policy may ask for one to be moved, which the vCPU then pays for before it runs on. Moves are held to the policy's rate.
 */
export function sampleMemory(w: World): void {
  const { memory: rules } = w.policy;
  const { periodNs, blocks } = rules.sampling!;
  w.timers.push(w.nowNs + periodNs, TIMER_WATCH, 1);
  const rate = rules.moveBytesPerSecond ?? Infinity;
  w.moveBudgetBytes = Math.min(w.moveBudgetBytes + (rate * periodNs) / 1e9, Math.max(rate, w.memory.blockBytes));
  const offset = w.sampleTurn++;
  const cpus = w.cpuVcpu.length;
  for (let i = 0; i < cpus; i++) {
    const cpu = (i + offset) % cpus; // no CPU is first in line for the budget every time
    if (w.cpuVcpu[cpu]! >= 0) sampleCpu(w, cpu, blocks);
  }
}

function sampleCpu(w: World, cpu: number, blocks: number): void {
  const { memory } = w;
  const { machine } = w.scenario;
  const vcpu = w.cpuVcpu[cpu]!;
  const task = w.vcpuTask[vcpu]!;
  if (task < 0 || w.copyBlock[vcpu]! >= 0) return;
  const region = w.phaseRegion[task]!;
  if (region < 0 || memory.regionBlocks[region] === 0) return;
  if (w.sampleRegion[task] !== region) {
    w.sampleRegion[task] = region;
    w.sampleBlock[task] = memory.regionHead[region]!;
  }
  const cpuNode = machine.cpuNode[cpu]!;
  const guest = w.vcpuGuest[vcpu]!;
  interruptSegment(w, cpu);
  for (let i = 0; i < Math.min(blocks, memory.regionBlocks[region]!); i++) {
    const block = w.sampleBlock[task]!;
    const following = memory.nextOf(guest, block);
    w.sampleBlock[task] = following < 0 ? memory.regionHead[region]! : following;
    w.samplingNs[vcpu]! += HINT_FAULT_NS;
    if (!memory.isBacked(block)) continue;
    w.hook = 'onHintFault';
    const to = w.policy.memory.onHintFault!(w.kernel, vcpu as VcpuId, memory.nodeOf(block) as NodeId, cpuNode as NodeId);
    if (to !== NONE && !(Number.isInteger(to) && to >= 0 && to < machine.nodeCount))
      throw new PolicyError(`node ${String(to)}, want 0 to ${machine.nodeCount - 1} or NONE`);
    w.hook = '';
    if (to === NONE || to === memory.nodeOf(block)) continue;
    if (w.moveBudgetBytes < memory.blockBytes || memory.nodeFree[to] === 0) continue;
    w.moveBudgetBytes -= memory.blockBytes;
    w.copyBlock[vcpu] = block;
    w.copyTo[vcpu] = to;
    w.copyRegion[vcpu] = region;
    w.copyLines[vcpu] = memory.blockBytes / LINE_BYTES;
    return;
  }
}
