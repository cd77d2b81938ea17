import { CAUSE_COUNT, TASK_ON_VCPU, TASK_READY, VCPU_BLOCKED, VCPU_RUNNING, WAIT_GUEST } from './states.ts';
import { type GuestState, setDue, type World } from './world.ts';

/**
 * The guest's own scheduler: one fair queue of ready tasks a guest, shared by its vCPUs. The task that has had the least CPU time runs
 * next; CPU time is that of the vCPU, so what the host takes away is not charged. A woken task takes a vCPU that has nothing to do, its
 * last one if it can, else it waits its turn: a vCPU for which others wait looks for it after each slice.
 */

/** A task that may run from now on: after a sleep it is owed no more than a slice, a new one (isNew) nothing. */
export function makeReady(w: World, guest: GuestState, task: number, wakerCpu: number, isNew: boolean): void {
  if (!guest.isThreaded) {
    const { virtualNs } = w.ready;
    const leastNs = leastVirtualNs(w, guest);
    virtualNs[task] = isNew ? leastNs : Math.max(virtualNs[task]!, leastNs - w.scenario.costs.guestSliceNs);
  }
  const vcpu = vcpuWithoutTask(w, guest, task);
  if (vcpu >= 0) {
    putOnVcpu(w, task, vcpu, -1);
    if (w.vcpuState[vcpu] === VCPU_BLOCKED) {
      w.wakerCpu[vcpu] = wakerCpu;
      w.wakeQueue[w.wakeCount++] = vcpu;
    } else if (w.vcpuState[vcpu] === VCPU_RUNNING) w.fresh.add(w.vcpuCpu[vcpu]!); // it was about to halt
    return;
  }
  w.taskState[task] = TASK_READY;
  w.taskSinceNs[task] = w.nowNs;
  w.ready.push(guest.id, task);
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
  w.vcpuTask[vcpu] = -1;
  if (w.ready.lengths[guest.id] === 0) return;
  switchTo(w, guest, vcpu);
}

/** The running vCPU's slice inside the guest is over: its task waits its turn, unless none has had less. */
export function rotate(w: World, cpu: number): void {
  const vcpu = w.cpuVcpu[cpu]!;
  const guest = w.guests[w.vcpuGuest[vcpu]!]!;
  const task = w.vcpuTask[vcpu]!;
  charge(w, guest, vcpu);
  const next = w.ready.head(guest.id);
  const { virtualNs } = w.ready;
  if (next < 0 || virtualNs[next]! > virtualNs[task]!) {
    w.guestSliceFromNs[vcpu] = vcpuRuntimeNs(w, vcpu);
    armGuestSlice(w, guest, cpu);
    return;
  }
  w.taskState[task] = TASK_READY;
  w.taskSinceNs[task] = w.nowNs;
  w.ready.push(guest.id, task); // behind the other, even with equal times
  switchTo(w, guest, vcpu);
  w.fresh.add(cpu);
}

/** Sets when the guest of the vCPU that now runs on `cpu` looks for another task: when its slice, in time that it runs, is over. */
export function armGuestSlice(w: World, guest: GuestState, cpu: number): void {
  const vcpu = w.cpuVcpu[cpu]!;
  const ranNs = vcpuRuntimeNs(w, vcpu) - w.guestSliceFromNs[vcpu]!;
  const leftNs = Math.max(1, w.scenario.costs.guestSliceNs - ranNs);
  w.guestSliceEndNs[cpu] = w.ready.lengths[guest.id]! > 0 ? w.nowNs + leftNs : Infinity;
  setDue(w, cpu);
}

/** Books the stretch of waiting that ends now. */
export function bookWaiting(w: World, task: number, cause: number): void {
  w.causes[task * CAUSE_COUNT + cause]! += w.nowNs - w.taskSinceNs[task]!;
  w.taskSinceNs[task] = w.nowNs;
}

function switchTo(w: World, guest: GuestState, vcpu: number): void {
  putOnVcpu(w, w.ready.pop(guest.id), vcpu, WAIT_GUEST);
  w.contextSwitchNs[vcpu]! += w.scenario.costs.contextSwitchNs;
  w.contextSwitches[guest.id]!++;
  armGuestSlice(w, guest, w.vcpuCpu[vcpu]!);
}

function putOnVcpu(w: World, task: number, vcpu: number, waited: number): void {
  if (waited >= 0) bookWaiting(w, task, waited);
  w.taskState[task] = TASK_ON_VCPU;
  w.taskVcpu[task] = vcpu;
  w.vcpuTask[vcpu] = task;
  w.taskSinceNs[task] = w.nowNs;
  w.chargedNs[vcpu] = vcpuRuntimeNs(w, vcpu);
  w.guestSliceFromNs[vcpu] = w.chargedNs[vcpu]!;
}

function vcpuWithoutTask(w: World, guest: GuestState, task: number): number {
  if (guest.isThreaded) return guest.firstVcpu + (task - guest.firstTask);
  const last = w.taskVcpu[task]!;
  if (last >= 0 && w.vcpuTask[last] === -1) return last;
  for (let vcpu = guest.firstVcpu; vcpu < guest.firstVcpu + guest.vcpuCount; vcpu++) {
    if (w.vcpuTask[vcpu] === -1) return vcpu;
  }
  return -1;
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
  const head = w.ready.head(guest.id);
  let leastNs = head < 0 ? Infinity : virtualNs[head]!;
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
