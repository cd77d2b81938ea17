import { assert, PolicyError } from './assert.ts';
import { changeCpu, leaveWarm } from './cold-cache.ts';
import { armGuestSlice, bookWaiting } from './guest-scheduler.ts';
import type { HostKernel } from './host-kernel.ts';
import { ENQ_LAST, ENQ_PREEMPTED, ENQ_SLICE_END, ENQ_WAKEUP, WAKE_FORK, WAKE_TTWU } from './policy-api.ts';
import { stopSegment } from './segments.ts';
import { TASK_ON_VCPU, VCPU_BLOCKED, VCPU_RUNNABLE, VCPU_RUNNING, WAIT_HOST } from './states.ts';
import { note, setDue, type World } from './world.ts';
import type { CpuId, VcpuId } from './units.ts';

/**
 * The host's dispatching, in the order of kernel/sched/ext.c: a wake asks selectCpu, then enqueue; a CPU that must choose takes
 * from its local queue, else the machine's, else asks dispatch; the vCPU that leaves is queued after the next has been found.
 */

/** Wakes a blocked vCPU: the policy says where it should be queued. */
export function wakeVcpu(w: World, k: HostKernel, vcpu: number): void {
  const { cpu: ops } = w.policy;
  const { costs } = w.scenario;
  const guest = w.vcpuGuest[vcpu]!;
  const isFirst = w.vcpuCpu[vcpu] === -1;
  w.vcpuState[vcpu] = VCPU_RUNNABLE;
  w.waitSinceNs[vcpu] = w.nowNs;
  w.wakes[guest]!++;
  w.delayedWakes[guest]!++; // taken back if it runs at this instant
  w.wakeNs[vcpu]! += costs.ipiNs + (w.guests[guest]!.spec.kind === 'bare' ? 0 : costs.exitNs);
  const previous = isFirst ? firstAllowed(w, vcpu) : w.vcpuCpu[vcpu]!;
  let cpu = previous;
  if (ops.selectCpu) {
    w.hook = 'selectCpu';
    k.selecting = vcpu;
    cpu = ops.selectCpu(k, vcpu as VcpuId, previous as CpuId, isFirst ? WAKE_FORK : WAKE_TTWU);
    k.selecting = -1;
    if (!k.isCpu(cpu) || !k.allows(vcpu as VcpuId, cpu as CpuId)) cpu = previous; // a hint, not binding
  }
  if (isFirst) w.vcpuCpu[vcpu] = cpu;
  note(w, 1, vcpu, cpu);
  if (ops.runnable) {
    w.hook = 'runnable';
    ops.runnable(k, vcpu as VcpuId, ENQ_WAKEUP);
  }
  k.finishSelect(vcpu, cpu);
  if (!k.isQueued(vcpu)) enqueue(w, k, vcpu, cpu, ENQ_WAKEUP);
  w.hook = '';
  if (w.cpuVcpu[cpu] === -1) k.resched(cpu);
}

/** A CPU chooses what to run: keeps its vCPU while that has slice left, else takes the next. */
export function schedule(w: World, k: HostKernel, cpu: number): void {
  let previous = w.cpuVcpu[cpu]!;
  if (previous >= 0 && w.vcpuTask[previous] === -1) {
    halt(w, k, cpu, previous);
    previous = -1;
  }
  const isSliceOver = w.sliceEndNs[cpu]! <= w.nowNs;
  if (previous >= 0 && !isSliceOver && w.cpuPreempt[cpu] === 0) return;
  const leaving = previous;
  let next = choose(w, k, cpu, previous);
  const isPreempted = w.cpuPreempt[cpu] === 1 && !isSliceOver;
  w.cpuPreempt[cpu] = 0;
  if (next === -1 && previous >= 0 && w.policy.cpu.enqLast) {
    preempt(w, k, cpu, previous, (isPreempted ? ENQ_PREEMPTED : ENQ_SLICE_END) | ENQ_LAST);
    previous = -1;
    next = choose(w, k, cpu, -1);
  }
  if (next === -1) {
    if (previous >= 0) {
      w.sliceEndNs[cpu] = w.nowNs + w.vcpuSliceLengthNs[previous]!; // nobody waits: it keeps running
      setDue(w, cpu);
      return;
    }
    becomeIdle(w, k, cpu);
    return;
  }
  if (previous >= 0) preempt(w, k, cpu, previous, isPreempted ? ENQ_PREEMPTED : ENQ_SLICE_END);
  start(w, k, cpu, next, next === leaving);
}

/** From the CPU's own queue, else the machine's, else what dispatch moves there; NONE without. */
function choose(w: World, k: HostKernel, cpu: number, previous: number): number {
  const waiting = k.takeLocal(cpu);
  if (waiting >= 0 || !w.policy.cpu.dispatch) return waiting;
  w.hook = 'dispatch';
  k.dispatching = cpu;
  w.policy.cpu.dispatch(k, cpu as CpuId, previous as VcpuId);
  k.dispatching = -1;
  w.hook = '';
  return k.takeLocal(cpu);
}

function start(w: World, k: HostKernel, cpu: number, vcpu: number, isSame: boolean): void {
  const { machine, costs } = w.scenario;
  const guest = w.vcpuGuest[vcpu]!;
  assert(w.cpuVcpu[cpu] === -1 && w.vcpuState[vcpu] === VCPU_RUNNABLE, 'a CPU or vCPU would be used twice');
  assert(w.masks[w.vcpuMask[vcpu]!]![cpu] === 1, 'a vCPU would run outside its hard mask');
  const waitedNs = w.nowNs - w.waitSinceNs[vcpu]!;
  w.waitNs[vcpu]! += waitedNs;
  if (k.wokenAt(vcpu) && waitedNs === 0 && w.delayedWakes[guest]! > 0) w.delayedWakes[guest]!--; // 0 if the books began between
  k.clearWoken(vcpu);
  const task = w.vcpuTask[vcpu]!;
  if (w.taskState[task] === TASK_ON_VCPU) bookWaiting(w, task, WAIT_HOST);
  const last = w.vcpuCpu[vcpu]!;
  const hasRun = k.hasRun(vcpu);
  if (last !== cpu && hasRun) {
    const from = machine.cpuNode[last]!;
    const to = machine.cpuNode[cpu]!;
    const distance = from === to ? 0 : machine.nodeSocket[from] === machine.nodeSocket[to] ? 1 : 2;
    w.migrations[guest * 3 + distance]!++;
    changeCpu(w, vcpu, from, to);
  }
  if (w.idleSinceNs[cpu]! < Infinity) {
    w.idleNs[cpu]! += w.nowNs - w.idleSinceNs[cpu]!;
    w.idleSinceNs[cpu] = Infinity;
    w.hook = 'updateIdle';
    w.policy.cpu.updateIdle?.(k, cpu as CpuId, false);
  }
  w.cpuIdle[cpu] = 0;
  w.cpuVcpu[cpu] = vcpu;
  w.vcpuCpu[vcpu] = cpu;
  w.vcpuState[vcpu] = VCPU_RUNNING;
  w.runSinceNs[vcpu] = w.nowNs;
  w.sliceEndNs[cpu] = w.nowNs + Math.max(1, w.vcpuSliceNs[vcpu]!);
  if (!isSame) {
    w.contextSwitches[guest]!++;
    w.contextSwitchNs[vcpu]! += costs.contextSwitchNs;
  }
  w.fresh.add(cpu);
  armGuestSlice(w, w.guests[guest]!, cpu);
  note(w, 2, vcpu, cpu);
  w.hook = 'running';
  w.policy.cpu.running?.(k, vcpu as VcpuId, cpu as CpuId);
  w.hook = '';
}

function preempt(w: World, k: HostKernel, cpu: number, vcpu: number, flags: number): void {
  w.vcpuSliceNs[vcpu] = Math.max(0, w.sliceEndNs[cpu]! - w.nowNs);
  stop(w, k, cpu, vcpu, true);
  w.vcpuState[vcpu] = VCPU_RUNNABLE;
  w.waitSinceNs[vcpu] = w.nowNs;
  const task = w.vcpuTask[vcpu]!;
  w.taskSinceNs[task] = w.nowNs;
  enqueue(w, k, vcpu, cpu, flags);
}

/** The guest of the vCPU has nothing to run: HLT. */
function halt(w: World, k: HostKernel, cpu: number, vcpu: number): void {
  stop(w, k, cpu, vcpu, false);
  w.vcpuState[vcpu] = VCPU_BLOCKED;
  note(w, 3, vcpu, cpu);
  w.hook = 'quiescent';
  w.policy.cpu.quiescent?.(k, vcpu as VcpuId);
  w.hook = '';
}

function stop(w: World, k: HostKernel, cpu: number, vcpu: number, isRunnable: boolean): void {
  stopSegment(w, cpu);
  leaveWarm(w, cpu, vcpu);
  w.runtimeNs[vcpu]! += w.nowNs - w.runSinceNs[vcpu]!;
  w.runSinceNs[vcpu] = w.nowNs;
  w.stoppedNs[vcpu] = w.nowNs;
  w.cpuVcpu[cpu] = -1;
  w.sliceEndNs[cpu] = Infinity;
  w.guestSliceEndNs[cpu] = Infinity;
  setDue(w, cpu);
  w.hook = 'stopping';
  w.policy.cpu.stopping?.(k, vcpu as VcpuId, cpu as CpuId, isRunnable);
  w.hook = '';
}

function becomeIdle(w: World, k: HostKernel, cpu: number): void {
  w.cpuIdle[cpu] = 1;
  if (w.idleSinceNs[cpu]! < Infinity) return; // was idle and found nothing
  w.idleSinceNs[cpu] = w.nowNs;
  note(w, 4, cpu, 0);
  w.hook = 'updateIdle';
  w.policy.cpu.updateIdle?.(k, cpu as CpuId, true);
  w.hook = '';
}

function enqueue(w: World, k: HostKernel, vcpu: number, cpu: number, flags: number): void {
  w.hook = 'enqueue';
  k.enqueueing = vcpu;
  k.enqueueCpu = cpu;
  w.policy.cpu.enqueue(k, vcpu as VcpuId, flags);
  k.enqueueing = -1;
  if (!k.isQueued(vcpu)) throw new PolicyError(`enqueue put vCPU ${vcpu} into no queue`, 'illegal', vcpu);
  w.hook = '';
}

function firstAllowed(w: World, vcpu: number): number {
  const mask = w.masks[w.vcpuMask[vcpu]!]!;
  return mask.indexOf(1);
}
