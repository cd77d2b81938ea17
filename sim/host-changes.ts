import { PolicyError } from './assert.ts';
import { enter, leave } from './hooks.ts';
import type { HostKernel } from './host-kernel.ts';
import { firstAllowed, makeRunnable, mayRunOn, schedule, selectCpu, stop, tellQuiescent, tellRunning, tellStopping } from './host.ts';
import { order } from './moving.ts';
import { DEQ_SAVE, ENQ_RESTORE, type Actuators } from './policy-api.ts';
import { VCPU_BLOCKED, VCPU_RUNNABLE, VCPU_RUNNING } from './states.ts';
import type { Threads } from './threads.ts';
import type { CpuId, GuestId, NodeId, VcpuId } from './units.ts';
import { note, type World } from './world.ts';

/**
 * Changes of what a vCPU may do, in the order of kernel/sched/core.c: it is taken out of its queue or off its CPU, changed, and put back
 * (sched_change, DEQUEUE_SAVE and ENQUEUE_RESTORE); and CPUs that come and go.
 */
export class HostActuators implements Actuators {
  readonly #w: World; // private to the policy's code too
  readonly #k: HostKernel;

  constructor(w: World, k: HostKernel) {
    this.#w = w;
    this.#k = k;
    Object.freeze(this);
  }

  setAffinity(vcpu: VcpuId, cpus: readonly CpuId[] | null): void {
    const [w, k] = [this.#w, this.#k];
    this.checkVcpu(vcpu);
    w.vcpuMask[vcpu] = this.change(vcpu, w.vcpuMask, cpus);
    if (w.threads !== null) w.threads.givenMask[vcpu] = w.vcpuMask[vcpu]!;
    takeOut(w, k, vcpu);
    tellMask(w, k, vcpu);
    putBack(w, k, vcpu);
  }

  setSoftAffinity(vcpu: VcpuId, cpus: readonly CpuId[] | null): void {
    const [w, k] = [this.#w, this.#k];
    this.checkVcpu(vcpu);
    w.vcpuSoftMask[vcpu] = this.change(vcpu, w.vcpuSoftMask, cpus);
    takeOut(w, k, vcpu);
    tellMask(w, k, vcpu);
    putBack(w, k, vcpu);
  }

  setWeight(guest: GuestId, weight: number): void {
    const [w, k] = [this.#w, this.#k];
    const state = w.guests[guest];
    if (!state) throw new PolicyError(`guest ${String(guest)}, want 0 to ${w.guests.length - 1}`);
    if (!(weight >= 1 && weight <= 10_000)) throw new PolicyError(`weight ${weight} of guest ${guest}, want 1 to 10000`);
    note(w, 6, guest, weight);
    w.guestWeight[guest] = weight;
    for (let vcpu = state.firstVcpu; vcpu < state.firstVcpu + state.vcpuCount; vcpu++) {
      takeOut(w, k, vcpu);
      tellWeight(w, k, vcpu);
      putBack(w, k, vcpu);
    }
  }

  migratePages(guest: GuestId, from: NodeId, to: NodeId): void {
    const w = this.#w;
    if (!w.guests[guest]) throw new PolicyError(`guest ${String(guest)}, want 0 to ${w.guests.length - 1}`);
    for (const node of [from, to]) {
      if (!(Number.isInteger(node) && node >= 0 && node < w.scenario.machine.nodeCount))
        throw new PolicyError(`node ${String(node)}, want 0 to ${w.scenario.machine.nodeCount - 1}`);
    }
    order(w, guest, from, to);
  }

  private change(vcpu: number, masks: Int32Array, cpus: readonly CpuId[] | null): number {
    const mask = cpus === null ? 0 : this.#w.masks.ofCpus(cpus);
    if (masks[vcpu] !== mask) {
      note(this.#w, 5, vcpu, mask);
      this.#w.trace?.affinity(this.#w, vcpu, mask, masks === this.#w.vcpuSoftMask);
    }
    return mask;
  }

  private checkVcpu(vcpu: number): void {
    const { length } = this.#w.vcpuState;
    if (!(Number.isInteger(vcpu) && vcpu >= 0 && vcpu < length)) throw new PolicyError(`vCPU ${String(vcpu)}, want 0 to ${length - 1}`);
  }
}

/** What threads have asked the kernel for at this instant is done, in the order they asked; each then goes on, where it now may. */
export function changeThreads(w: World, k: HostKernel): void {
  const { threads } = w;
  if (threads === null || threads.pendingCount === 0) return;
  for (let i = 0; i < threads.pendingCount; i++) changeThread(w, k, threads, threads.pending[i]!);
  threads.pendingCount = 0;
}

/** It runs now, as it is the one who asks. */
function changeThread(w: World, k: HostKernel, threads: Threads, vcpu: number): void {
  const cpu = w.vcpuCpu[vcpu]!;
  const mask = threads.askedMask[vcpu]!;
  const weight = threads.askedWeight[vcpu]!;
  const sliceNs = threads.askedSliceNs[vcpu]!;
  threads.changed(vcpu);
  takeOut(w, k, vcpu);
  if (mask >= 0) {
    threads.ownMask[vcpu] = mask;
    w.vcpuMask[vcpu] = w.masks.both(mask, threads.givenMask[vcpu]!);
    note(w, 5, vcpu, w.vcpuMask[vcpu]!);
    tellMask(w, k, vcpu);
  }
  if (weight >= 0 || sliceNs >= 0) {
    if (weight >= 0) {
      threads.weight[vcpu] = weight;
      w.trace?.renice(w, vcpu);
    }
    if (sliceNs >= 0) threads.sliceNs[vcpu] = sliceNs;
    note(w, 12, vcpu, Math.round(threads.weight[vcpu]!));
    tellWeight(w, k, vcpu);
  }
  putBack(w, k, vcpu);
  if (w.cpuVcpu[cpu] === vcpu) w.fresh.add(cpu);
}

/** A CPU goes: what runs there and what is queued there goes elsewhere. All other queues too, if the policy does not see to it itself. */
export function offline(w: World, k: HostKernel, cpu: number): void {
  w.masks.setOnline(cpu, false);
  w.cpuIdle[cpu] = 0;
  note(w, 9, cpu, 0);
  w.trace?.cpuOnline(w, cpu, false);
  const { cpu: ops } = w.policy;
  if (ops.cpuOffline) {
    enter(w, k, 'cpuOffline');
    k.inTimer = true;
    ops.cpuOffline(k, cpu as CpuId);
    k.inTimer = false;
    leave(w, k);
  }
  const running = w.cpuVcpu[cpu]!;
  if (running >= 0) requeue(w, k, running);
  for (let vcpu = 0; vcpu < w.vcpuState.length; vcpu++) {
    if (w.vcpuState[vcpu] === VCPU_RUNNABLE && (!ops.cpuOffline || k.isInLocal(vcpu, cpu))) requeue(w, k, vcpu);
  }
}

/** It comes back: vCPUs whose masks had been broken for want of it leave the CPUs that are not theirs. */
export function online(w: World, k: HostKernel, cpu: number): void {
  w.masks.setOnline(cpu, true);
  note(w, 9, cpu, 1);
  w.trace?.cpuOnline(w, cpu, true);
  const { cpu: ops } = w.policy;
  if (ops.cpuOnline) {
    enter(w, k, 'cpuOnline');
    ops.cpuOnline(k, cpu as CpuId);
    leave(w, k);
  }
  for (let vcpu = 0; vcpu < w.vcpuState.length; vcpu++) {
    if (w.vcpuState[vcpu] === VCPU_RUNNABLE || (w.vcpuState[vcpu] === VCPU_RUNNING && !mayRunOn(w, vcpu, w.vcpuCpu[vcpu]!))) {
      requeue(w, k, vcpu);
    }
  }
  k.resched(cpu);
}

/** Queued anew, on a CPU that the policy selects. */
function requeue(w: World, k: HostKernel, vcpu: number): void {
  takeOut(w, k, vcpu);
  if (w.vcpuState[vcpu] === VCPU_RUNNING) leaveCpu(w, k, vcpu);
  makeRunnable(w, k, vcpu, selectCpu(w, k, vcpu, false), ENQ_RESTORE);
}

/**
 * Some vCPUs are held to other CPUs all at once: they leave theirs, those look for other work, and only then each starts where the policy
 * selects for a new one, as when a guest has been stopped, moved and resumed.
 * @param cpusOf the CPUs a vCPU may use from now on
 */
export function moveTogether(w: World, k: HostKernel, first: number, count: number, cpusOf: (vcpu: number) => readonly CpuId[]): void {
  const left: number[] = [];
  for (let vcpu = first; vcpu < first + count; vcpu++) {
    const mask = w.masks.ofCpus(cpusOf(vcpu));
    note(w, 5, vcpu, mask);
    w.trace?.affinity(w, vcpu, mask, false);
    takeOut(w, k, vcpu);
    if (w.vcpuState[vcpu] === VCPU_RUNNING) {
      left.push(w.vcpuCpu[vcpu]!);
      leaveCpu(w, k, vcpu);
    }
    w.vcpuMask[vcpu] = mask;
    if (w.threads !== null) w.threads.givenMask[vcpu] = mask;
    tellMask(w, k, vcpu);
  }
  for (const cpu of left) schedule(w, k, cpu);
  for (let vcpu = first; vcpu < first + count; vcpu++) {
    if (w.vcpuState[vcpu] === VCPU_RUNNABLE) makeRunnable(w, k, vcpu, selectCpu(w, k, vcpu, true), ENQ_RESTORE);
  }
}

/** Out of its queue; or, running, out of the policy's sight for a moment. One that sleeps is left alone. */
export function takeOut(w: World, k: HostKernel, vcpu: number): void {
  const { cpu: ops } = w.policy;
  if (w.vcpuState[vcpu] === VCPU_BLOCKED) return;
  if (w.vcpuState[vcpu] === VCPU_RUNNABLE) {
    k.unqueue(vcpu);
    if (ops.dequeue) {
      enter(w, k, 'dequeue');
      ops.dequeue(k, vcpu as VcpuId, DEQ_SAVE);
      w.wakeNs[vcpu]! += leave(w, k);
    }
  } else tellStopping(w, k, w.vcpuCpu[vcpu]!, vcpu, false);
  w.wakeNs[vcpu]! += tellQuiescent(w, k, vcpu, DEQ_SAVE);
}

function putBack(w: World, k: HostKernel, vcpu: number): void {
  if (w.vcpuState[vcpu] === VCPU_BLOCKED) return;
  if (w.vcpuState[vcpu] === VCPU_RUNNING) {
    const cpu = w.vcpuCpu[vcpu]!;
    if (mayRunOn(w, vcpu, cpu)) {
      tellRunning(w, k, cpu, vcpu);
      return;
    }
    leaveCpu(w, k, vcpu);
  }
  const queued = w.vcpuState[vcpu] === VCPU_RUNNABLE ? w.queuedCpu[vcpu]! : w.vcpuCpu[vcpu]!;
  makeRunnable(w, k, vcpu, mayRunOn(w, vcpu, queued) ? queued : firstAllowed(w, vcpu), ENQ_RESTORE);
}

/** A running vCPU whose policy has been told already is taken off its CPU, which looks for another. */
function leaveCpu(w: World, k: HostKernel, vcpu: number): void {
  const cpu = w.vcpuCpu[vcpu]!;
  stop(w, k, cpu, vcpu, null);
  w.vcpuState[vcpu] = VCPU_RUNNABLE;
  w.waitSinceNs[vcpu] = w.nowNs;
  w.taskSinceNs[w.vcpuTask[vcpu]!] = w.nowNs;
  k.resched(cpu);
}

function tellWeight(w: World, k: HostKernel, vcpu: number): void {
  if (!w.policy.cpu.setWeight) return;
  enter(w, k, 'setWeight');
  w.policy.cpu.setWeight(k, vcpu as VcpuId, k.weight(vcpu as VcpuId));
  w.wakeNs[vcpu]! += leave(w, k);
}

function tellMask(w: World, k: HostKernel, vcpu: number): void {
  if (!w.policy.cpu.setCpumask) return;
  enter(w, k, 'setCpumask');
  w.policy.cpu.setCpumask(k, vcpu as VcpuId);
  w.wakeNs[vcpu]! += leave(w, k);
}
