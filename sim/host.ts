import { assert, PolicyError } from './assert.ts';
import { changeCpu, leaveWarm } from './cold-cache.ts';
import { armGuestSlice, bookWaiting } from './guest-scheduler.ts';
import { enter, leave } from './hooks.ts';
import type { HostKernel } from './host-kernel.ts';
import { DEQ_SLEEP, ENQ_LAST, ENQ_PREEMPTED, ENQ_SLICE_END, ENQ_WAKEUP, SLICE_DEFAULT_NS, WAKE_FORK, WAKE_TTWU } from './policy-api.ts';
import { changeSiblings, stopSegment } from './segments.ts';
import { TASK_ON_VCPU, VCPU_BLOCKED, VCPU_RUNNABLE, VCPU_RUNNING, WAIT_HOST } from './states.ts';
import { note, setDue, type World } from './world.ts';
import type { CpuId, VcpuId } from './units.ts';

/**
 * The host's dispatching, in the order of kernel/sched/ext.c: a wake asks selectCpu, then enqueue; a CPU that must choose takes
 * from its local queue, else the machine's, else asks dispatch; the vCPU that leaves is queued after the next has been found.
 */

/** Wakes a blocked vCPU: the policy says where it should be queued. */
export function wakeVcpu(w: World, k: HostKernel, vcpu: number): void {
  const { costs } = w.scenario;
  const guest = w.vcpuGuest[vcpu]!;
  if (w.vcpuTask[vcpu] === -1) return; // its guest has departed at this instant
  const isFirst = w.vcpuCpu[vcpu] === -1;
  w.vcpuState[vcpu] = VCPU_RUNNABLE;
  w.waitSinceNs[vcpu] = w.nowNs;
  w.counts.wakes[guest]!++;
  w.counts.delayedWakes[guest]!++; // taken back if it runs at this instant
  if (w.threads !== null) w.threads.wakes[vcpu]!++;
  w.wakeNs[vcpu]! += costs.ipiNs + (w.guests[guest]!.spec.kind === 'bare' ? 0 : costs.exitNs);
  const cpu = selectCpu(w, k, vcpu, isFirst);
  if (w.trace !== null) w.trace.wakes(w, vcpu, w.vcpuCpu[vcpu]!, cpu);
  if (isFirst) w.vcpuCpu[vcpu] = cpu;
  note(w, 1, vcpu, cpu);
  k.setWoken(vcpu);
  makeRunnable(w, k, vcpu, cpu, ENQ_WAKEUP);
}

/** Asks the policy for a CPU: a hint, not binding. A vCPU that may use one only is not asked for. */
export function selectCpu(w: World, k: HostKernel, vcpu: number, isFirst: boolean): number {
  const { cpu: ops } = w.policy;
  const last = w.vcpuCpu[vcpu]!;
  const previous = isFirst || !mayRunOn(w, vcpu, last) ? firstAllowed(w, vcpu) : last;
  if (!ops.selectCpu || w.masks.counts[w.vcpuMask[vcpu]!] === 1) return previous;
  enter(w, k, 'selectCpu');
  k.selecting = vcpu;
  const cpu = ops.selectCpu(k, vcpu as VcpuId, previous as CpuId, isFirst ? WAKE_FORK : WAKE_TTWU);
  k.selecting = -1;
  w.wakeNs[vcpu]! += leave(w, k);
  return k.isCpu(cpu) && mayRunOn(w, vcpu, cpu) ? cpu : previous;
}

/** It can be run from now on: tells the policy, which queues it. */
export function makeRunnable(w: World, k: HostKernel, vcpu: number, cpu: number, flags: number): void {
  w.vcpuState[vcpu] = VCPU_RUNNABLE;
  w.queuedCpu[vcpu] = cpu;
  const { cpu: ops } = w.policy;
  if (ops.runnable) {
    enter(w, k, 'runnable');
    ops.runnable(k, vcpu as VcpuId, flags);
    w.wakeNs[vcpu]! += leave(w, k);
  }
  k.finishSelect(vcpu, cpu);
  if (!k.isQueued(vcpu)) w.wakeNs[vcpu]! += enqueue(w, k, vcpu, cpu, flags);
  if (w.cpuVcpu[cpu] === -1 && w.masks.isOnline[cpu] === 1) k.resched(cpu);
}

/** A CPU chooses what to run: keeps its vCPU while that has slice left, else takes the next. */
export function schedule(w: World, k: HostKernel, cpu: number): void {
  let previous = w.cpuVcpu[cpu]!;
  if (previous >= 0 && w.vcpuTask[previous] === -1) {
    halt(w, k, cpu, previous);
    previous = -1;
  }
  if (w.cpuYield[cpu] === 1 && previous >= 0) yieldCpu(w, k, cpu, previous);
  w.cpuYield[cpu] = 0;
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
      w.sliceEndNs[cpu] = w.nowNs + SLICE_DEFAULT_NS; // nobody waits: it keeps running
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
  enter(w, k, 'dispatch');
  k.dispatching = cpu;
  w.policy.cpu.dispatch(k, cpu as CpuId, previous as VcpuId);
  k.dispatching = -1;
  w.cpuChargeNs[cpu]! += leave(w, k);
  return k.takeLocal(cpu);
}

/** sched_yield: without a hook of its own for it the slice ends. */
function yieldCpu(w: World, k: HostKernel, cpu: number, vcpu: number): void {
  if (!w.policy.cpu.yield) {
    w.sliceEndNs[cpu] = w.nowNs;
    return;
  }
  enter(w, k, 'yield');
  w.policy.cpu.yield(k, vcpu as VcpuId);
  w.cpuChargeNs[cpu]! += leave(w, k);
}

function start(w: World, k: HostKernel, cpu: number, vcpu: number, isSame: boolean): void {
  const { machine, costs } = w.scenario;
  const guest = w.vcpuGuest[vcpu]!;
  assert(w.cpuVcpu[cpu] === -1 && w.vcpuState[vcpu] === VCPU_RUNNABLE, 'a CPU or vCPU would be used twice');
  assert(mayRunOn(w, vcpu, cpu), 'a vCPU would run outside its hard mask');
  const waitedNs = w.nowNs - w.waitSinceNs[vcpu]!;
  w.waitNs[vcpu]! += waitedNs;
  if (k.wokenAt(vcpu) && waitedNs === 0 && w.counts.delayedWakes[guest]! > 0) w.counts.delayedWakes[guest]!--; // 0 if the books began between
  if (k.wokenAt(vcpu)) {
    w.counts.wakeWaitNs[guest]! += waitedNs;
    if (w.threads !== null) w.threads.wakeWaitNs[vcpu]! += waitedNs;
  }
  k.clearWoken(vcpu);
  const task = w.vcpuTask[vcpu]!;
  if (w.taskState[task] === TASK_ON_VCPU) bookWaiting(w, task, WAIT_HOST);
  const last = w.vcpuCpu[vcpu]!;
  const isMoved = k.hasRun(vcpu) && last !== cpu; // asked for all: it is remembered
  let distance = 0;
  if (isMoved) {
    const from = machine.cpuNode[last]!;
    const to = machine.cpuNode[cpu]!;
    const isSameCore = machine.cpuCore[last] === machine.cpuCore[cpu];
    distance = isSameCore ? 0 : from === to ? 1 : machine.nodeSocket[from] === machine.nodeSocket[to] ? 2 : 3;
    w.counts.migrations[guest * 4 + distance]!++;
    if (w.threads !== null) w.threads.migrations[vcpu]!++;
    if (!isSameCore) changeCpu(w, vcpu, from, to); // threads of a core share all its caches
  }
  if (w.idleSinceNs[cpu]! < Infinity) {
    w.idleNs[cpu]! += w.nowNs - w.idleSinceNs[cpu]!;
    w.idleSinceNs[cpu] = Infinity;
    updateIdle(w, k, cpu, false);
  }
  w.cpuIdle[cpu] = 0;
  w.cpuVcpu[cpu] = vcpu;
  if (w.trace !== null) w.trace.started(w, cpu, vcpu, isMoved ? last : -1, distance);
  changeSiblings(w, cpu);
  w.vcpuCpu[vcpu] = cpu;
  w.vcpuState[vcpu] = VCPU_RUNNING;
  w.runSinceNs[vcpu] = w.nowNs;
  w.sliceEndNs[cpu] = w.nowNs + Math.max(1, w.vcpuSliceNs[vcpu]!);
  if (!isSame) {
    w.counts.contextSwitches[guest]!++;
    if (w.threads !== null) w.threads.contextSwitches[vcpu]!++;
    w.contextSwitchNs[vcpu]! += costs.contextSwitchNs;
  }
  w.fresh.add(cpu);
  armGuestSlice(w, w.guests[guest]!, cpu);
  note(w, 2, vcpu, cpu);
  tellRunning(w, k, cpu, vcpu);
  w.contextSwitchNs[vcpu]! += w.cpuChargeNs[cpu]!;
  w.cpuChargeNs[cpu] = 0;
}

export function preempt(w: World, k: HostKernel, cpu: number, vcpu: number, flags: number): void {
  w.vcpuSliceNs[vcpu] = Math.max(0, w.sliceEndNs[cpu]! - w.nowNs);
  stop(w, k, cpu, vcpu, true);
  w.vcpuState[vcpu] = VCPU_RUNNABLE;
  w.waitSinceNs[vcpu] = w.nowNs;
  const task = w.vcpuTask[vcpu]!;
  w.taskSinceNs[task] = w.nowNs;
  w.queuedCpu[vcpu] = cpu;
  w.cpuChargeNs[cpu]! += enqueue(w, k, vcpu, cpu, flags);
}

/** The guest of the vCPU has nothing to run: HLT. */
export function halt(w: World, k: HostKernel, cpu: number, vcpu: number): void {
  stop(w, k, cpu, vcpu, false);
  w.vcpuState[vcpu] = VCPU_BLOCKED;
  note(w, 3, vcpu, cpu);
  w.cpuChargeNs[cpu]! += tellQuiescent(w, k, vcpu, DEQ_SLEEP);
}

/** @param isRunnable what the policy is told; null if it knows already */
export function stop(w: World, k: HostKernel, cpu: number, vcpu: number, isRunnable: boolean | null): void {
  stopSegment(w, cpu);
  leaveWarm(w, cpu, vcpu);
  const ranNs = w.nowNs - w.runSinceNs[vcpu]!;
  w.runtimeNs[vcpu]! += ranNs;
  if (w.looks !== null) w.looks.ran(w.vcpuGuest[vcpu]!, w.scenario.machine.cpuNode[cpu]!, ranNs);
  if (w.places !== null) w.places.ran(w, vcpu, cpu, ranNs);
  w.runSinceNs[vcpu] = w.nowNs;
  w.stoppedNs[vcpu] = w.nowNs;
  w.cpuVcpu[cpu] = -1;
  changeSiblings(w, cpu);
  w.sliceEndNs[cpu] = Infinity;
  w.guestSliceEndNs[cpu] = Infinity;
  setDue(w, cpu);
  if (isRunnable !== null) tellStopping(w, k, cpu, vcpu, isRunnable);
}

export function tellStopping(w: World, k: HostKernel, cpu: number, vcpu: number, isRunnable: boolean): void {
  if (!w.policy.cpu.stopping) return;
  enter(w, k, 'stopping');
  w.policy.cpu.stopping(k, vcpu as VcpuId, cpu as CpuId, isRunnable);
  w.cpuChargeNs[cpu]! += leave(w, k);
}

export function tellRunning(w: World, k: HostKernel, cpu: number, vcpu: number): void {
  if (!w.policy.cpu.running) return;
  enter(w, k, 'running');
  w.policy.cpu.running(k, vcpu as VcpuId, cpu as CpuId);
  w.cpuChargeNs[cpu]! += leave(w, k);
}

/** @returns what it cost, ns */
export function tellQuiescent(w: World, k: HostKernel, vcpu: number, flags: number): number {
  if (!w.policy.cpu.quiescent) return 0;
  enter(w, k, 'quiescent');
  w.policy.cpu.quiescent(k, vcpu as VcpuId, flags);
  return leave(w, k);
}

function updateIdle(w: World, k: HostKernel, cpu: number, isIdle: boolean): void {
  if (!w.policy.cpu.updateIdle) return;
  enter(w, k, 'updateIdle');
  w.policy.cpu.updateIdle(k, cpu as CpuId, isIdle);
  w.cpuChargeNs[cpu]! += leave(w, k);
}

function becomeIdle(w: World, k: HostKernel, cpu: number): void {
  w.cpuIdle[cpu] = w.masks.isOnline[cpu]!;
  w.cpuChargeNs[cpu] = 0; // the CPU has the time
  if (w.idleSinceNs[cpu]! < Infinity) return; // was idle and found nothing
  w.idleSinceNs[cpu] = w.nowNs;
  note(w, 4, cpu, 0);
  if (w.trace !== null) w.trace.idles(w, cpu);
  updateIdle(w, k, cpu, true);
}

/** @returns what it cost, ns */
function enqueue(w: World, k: HostKernel, vcpu: number, cpu: number, flags: number): number {
  enter(w, k, 'enqueue');
  k.enqueueing = vcpu;
  k.enqueueCpu = cpu;
  w.policy.cpu.enqueue(k, vcpu as VcpuId, flags);
  k.enqueueing = -1;
  if (!k.isQueued(vcpu)) throw new PolicyError(`enqueue put vCPU ${vcpu} into no queue`, 'illegal', vcpu);
  return leave(w, k);
}

export function mayRunOn(w: World, vcpu: number, cpu: number): boolean {
  return w.masks.allowed[w.vcpuMask[vcpu]!]![cpu] === 1;
}

export function firstAllowed(w: World, vcpu: number): number {
  return w.masks.allowed[w.vcpuMask[vcpu]!]!.indexOf(1);
}
