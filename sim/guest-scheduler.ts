import type { GuestState } from './guest-state.ts';
import { HANDICAP_SLICES, handicap, vcpuForFork, vcpuForWake, vnodeForFork, vnodeToServe } from './guest-topology.ts';
import { CAUSE_COUNT, TASK_ON_VCPU, TASK_READY, VCPU_BLOCKED, VCPU_RUNNING, WAIT_GUEST } from './states.ts';
import { setDue, type World } from './world.ts';

/**
 * The guest's own scheduler: one fair queue of ready tasks a guest, shared by its vCPUs. The task that has had the least CPU time runs
 * next; CPU time is that of the vCPU, so what the host takes away is not charged. A woken task takes a vCPU that has nothing to do, its
 * last one if it can, else it waits its turn: a vCPU for which others wait looks for it after each slice.
 * A guest that believes in nodes or caches of its own chooses by them (guest-topology.ts): it has a queue a node, in which tasks wait
 * near their memory.
 */

/** A task that may run from now on: after a sleep it is owed no more than a slice, a new one (isNew) nothing. */
export function makeReady(w: World, guest: GuestState, task: number, wakerCpu: number, isNew: boolean): void {
  if (w.trace !== null) w.trace.readies(w, task, wakerCpu);
  if (!guest.isThreaded) {
    const { virtualNs } = w.ready;
    const leastNs = leastVirtualNs(w, guest);
    virtualNs[task] = isNew ? leastNs : Math.max(virtualNs[task]!, leastNs - w.scenario.costs.guestSliceNs);
  }
  if (isNew && guest.topology.vnodes > 1) {
    w.taskHome[task] = vnodeForFork(
      guest.topology,
      w.vcpuTask,
      guest.firstVcpu,
      w.ready,
      guest.firstQueue,
      parentVnode(w, guest, wakerCpu),
    );
  }
  const vcpu = vcpuWithoutTask(w, guest, task, isNew);
  if (vcpu >= 0) {
    putOnVcpu(w, task, vcpu, -1);
    if (w.vcpuState[vcpu] === VCPU_BLOCKED) {
      w.wakerCpu[vcpu] = wakerCpu;
      if (w.trace !== null) w.trace.wakesFor(vcpu);
      w.wakeQueue[w.wakeCount++] = vcpu;
    } else if (w.vcpuState[vcpu] === VCPU_RUNNING) w.fresh.add(w.vcpuCpu[vcpu]!); // it was about to halt
    return;
  }
  w.taskState[task] = TASK_READY;
  w.taskSinceNs[task] = w.nowNs;
  w.ready.push(guest.firstQueue + homeOf(w, guest, task), task);
  for (let other = guest.firstVcpu; other < guest.firstVcpu + guest.vcpuCount; other++) {
    if (w.vcpuState[other] !== VCPU_RUNNING) continue;
    const cpu = w.vcpuCpu[other]!;
    if (w.guestSliceEndNs[cpu] < Infinity) continue;
    w.guestSliceFromNs[other] = vcpuRuntimeNs(w, other); // until now nobody waited
    armGuestSlice(w, guest, cpu);
  }
}

/** The vCPU's task stops: the next one follows, if there is one. */
export function takeNextTask(w: World, guest: GuestState, vcpu: number): void {
  charge(w, guest, vcpu);
  if (w.trace !== null) w.trace.taskLeaves(w, w.vcpuTask[vcpu]!, vcpu, w.taskState[w.vcpuTask[vcpu]!]!);
  w.vcpuTask[vcpu] = -1;
  const next = queueToServe(w, guest, vcpu);
  if (next >= 0) switchTo(w, guest, vcpu, next);
}

/** The running vCPU's slice inside the guest is over: its task waits its turn, unless none has had less. */
export function rotate(w: World, cpu: number): void {
  const vcpu = w.cpuVcpu[cpu]!;
  const guest = w.guests[w.vcpuGuest[vcpu]!]!;
  const task = w.vcpuTask[vcpu]!;
  charge(w, guest, vcpu);
  const next = queueToServe(w, guest, vcpu);
  if (
    next < 0 ||
    turnNs(w, guest, vcpu, w.ready.head(next), next - guest.firstQueue) > turnNs(w, guest, vcpu, task, homeOf(w, guest, task))
  ) {
    w.guestSliceFromNs[vcpu] = vcpuRuntimeNs(w, vcpu);
    armGuestSlice(w, guest, cpu);
    return;
  }
  w.taskState[task] = TASK_READY;
  if (w.trace !== null) w.trace.taskLeaves(w, task, vcpu, TASK_READY);
  w.taskSinceNs[task] = w.nowNs;
  w.ready.push(guest.firstQueue + homeOf(w, guest, task), task); // behind the other, even with equal times
  switchTo(w, guest, vcpu, next);
  w.fresh.add(cpu);
}

/** Sets when the guest of the vCPU that now runs on `cpu` looks for another task: when its slice, in time that it runs, is over. */
export function armGuestSlice(w: World, guest: GuestState, cpu: number): void {
  const vcpu = w.cpuVcpu[cpu]!;
  const ranNs = vcpuRuntimeNs(w, vcpu) - w.guestSliceFromNs[vcpu]!;
  const leftNs = Math.max(1, w.scenario.costs.guestSliceNs - ranNs);
  w.guestSliceEndNs[cpu] = isAnyWaiting(w, guest) ? w.nowNs + leftNs : Infinity;
  setDue(w, cpu);
}

/** Books the stretch of waiting that ends now. */
export function bookWaiting(w: World, task: number, cause: number): void {
  w.causes[task * CAUSE_COUNT + cause]! += w.nowNs - w.taskSinceNs[task]!;
  w.taskSinceNs[task] = w.nowNs;
}

function switchTo(w: World, guest: GuestState, vcpu: number, queue: number): void {
  putOnVcpu(w, w.ready.pop(queue), vcpu, WAIT_GUEST);
  w.contextSwitchNs[vcpu]! += w.scenario.costs.contextSwitchNs;
  w.counts.contextSwitches[guest.id]!++;
  armGuestSlice(w, guest, w.vcpuCpu[vcpu]!);
}

function putOnVcpu(w: World, task: number, vcpu: number, waited: number): void {
  if (waited >= 0) bookWaiting(w, task, waited);
  w.taskState[task] = TASK_ON_VCPU;
  w.taskVcpu[task] = vcpu;
  w.vcpuTask[vcpu] = task;
  if (w.trace !== null) w.trace.taskOn(w, task, vcpu, waited >= 0);
  w.taskSinceNs[task] = w.nowNs;
  w.chargedNs[vcpu] = vcpuRuntimeNs(w, vcpu);
  w.guestSliceFromNs[vcpu] = w.chargedNs[vcpu]!;
}

function vcpuWithoutTask(w: World, guest: GuestState, task: number, isNew: boolean): number {
  if (guest.isThreaded) return guest.firstVcpu + (task - guest.firstTask);
  const last = w.taskVcpu[task]!;
  if (!guest.topology.isFlat) return nearVcpu(w, guest, task, isNew);
  if (last >= 0 && w.vcpuTask[last] === -1) return last;
  for (let vcpu = guest.firstVcpu; vcpu < guest.firstVcpu + guest.vcpuCount; vcpu++) {
    if (w.vcpuTask[vcpu] === -1) return vcpu;
  }
  return -1;
}

/** The vCPU of a guest that knows nodes or caches for a task that wakes; for a new one, where least is done. */
function nearVcpu(w: World, guest: GuestState, task: number, isNew: boolean): number {
  const { topology, firstVcpu } = guest;
  const home = homeOf(w, guest, task);
  const last = w.taskVcpu[task]! - firstVcpu;
  const forked = isNew ? vcpuForFork(topology, w.vcpuTask, firstVcpu, home) : -1;
  const vcpu = forked >= 0 ? forked : vcpuForWake(topology, w.vcpuTask, firstVcpu, home, last);
  return vcpu < 0 ? -1 : firstVcpu + vcpu;
}

/** The vnode a task belongs on: that of its memory, else where it last ran. */
function homeOf(w: World, { topology, firstVcpu }: GuestState, task: number): number {
  if (topology.vnodes === 1) return 0;
  const home = w.taskHome[task]!;
  return home >= 0 ? home : topology.vcpuVnode[Math.max(0, w.taskVcpu[task]! - firstVcpu)]!;
}

/** The vnode of the task that starts another, vnode 0 for those that start with the guest. */
function parentVnode(w: World, guest: GuestState, wakerCpu: number): number {
  const parent = wakerCpu < 0 ? -1 : w.cpuVcpu[wakerCpu]!;
  return parent >= 0 && w.vcpuGuest[parent] === guest.id ? guest.topology.vcpuVnode[parent - guest.firstVcpu]! : 0;
}

/** The queue that the vCPU takes its next task from, or NONE when nobody waits. */
function queueToServe(w: World, guest: GuestState, vcpu: number): number {
  const { topology, firstQueue } = guest;
  if (topology.vnodes === 1) return w.ready.lengths[firstQueue]! > 0 ? firstQueue : -1;
  const own = topology.vcpuVnode[vcpu - guest.firstVcpu]!;
  const vnode = vnodeToServe(topology, w.ready, firstQueue, own, HANDICAP_SLICES * w.scenario.costs.guestSliceNs);
  return vnode < 0 ? -1 : firstQueue + vnode;
}

/** By what a vCPU ranks a task of a vnode: the least is next. */
function turnNs(w: World, guest: GuestState, vcpu: number, task: number, vnode: number): number {
  const own = guest.topology.vcpuVnode[vcpu - guest.firstVcpu]!;
  return w.ready.virtualNs[task]! + handicap(guest.topology, own, vnode, HANDICAP_SLICES * w.scenario.costs.guestSliceNs);
}

function isAnyWaiting(w: World, { firstQueue, topology }: GuestState): boolean {
  for (let vnode = 0; vnode < topology.vnodes; vnode++) if (w.ready.lengths[firstQueue + vnode]! > 0) return true;
  return false;
}

/** Adds to the virtual time of the vCPU's task what it has run since this was last done. */
function charge(w: World, guest: GuestState, vcpu: number): void {
  if (guest.isThreaded) return; // nobody ever waits
  const runtimeNs = vcpuRuntimeNs(w, vcpu);
  w.ready.virtualNs[w.vcpuTask[vcpu]!]! += runtimeNs - w.chargedNs[vcpu]!;
  w.chargedNs[vcpu] = runtimeNs;
  leastVirtualNs(w, guest);
}

/**
 * The least virtual time among the tasks of a guest that run or are ready; it never goes back, and with no such task it stays. A new task
 * and one that slept are measured by it. After: Linux, kernel/sched/fair.c, update_min_vruntime (up to 6.5).
 */
function leastVirtualNs(w: World, guest: GuestState): number {
  const { virtualNs } = w.ready;
  let leastNs = Infinity;
  for (let queue = guest.firstQueue; queue < guest.firstQueue + guest.topology.vnodes; queue++) {
    const head = w.ready.head(queue);
    if (head >= 0) leastNs = Math.min(leastNs, virtualNs[head]!);
  }
  for (let vcpu = guest.firstVcpu; vcpu < guest.firstVcpu + guest.vcpuCount; vcpu++) {
    const task = w.vcpuTask[vcpu]!;
    if (task >= 0) leastNs = Math.min(leastNs, virtualNs[task]! + vcpuRuntimeNs(w, vcpu) - w.chargedNs[vcpu]!);
  }
  if (leastNs < Infinity && leastNs > guest.leastVirtualNs) guest.leastVirtualNs = leastNs;
  return guest.leastVirtualNs;
}

function vcpuRuntimeNs(w: World, vcpu: number): number {
  return w.runtimeNs[vcpu]! + (w.vcpuState[vcpu] === VCPU_RUNNING ? w.nowNs - w.runSinceNs[vcpu]! : 0);
}
