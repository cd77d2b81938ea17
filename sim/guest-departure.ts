import { bookWaiting } from './guest-scheduler.ts';
import type { GuestState } from './guest-state.ts';
import {
  BLOCKED_CAUSE,
  SLEEPING,
  TASK_BLOCKED,
  TASK_OFF,
  TASK_ON_VCPU,
  TASK_READY,
  TASK_SLEEPING,
  WAIT_GUEST,
  WAIT_HOST,
} from './states.ts';
import type { World } from './world.ts';

/** Ends all tasks of a guest that departs, whose vCPUs are off their CPUs already; timers that were set for it find nothing to do. */
export function removeTasks(w: World, guest: GuestState): void {
  for (let queue = guest.firstQueue; queue < guest.firstQueue + guest.topology.vnodes; queue++) {
    while (w.ready.lengths[queue]! > 0) w.ready.pop(queue);
  }
  for (let task = guest.firstTask; task < guest.firstTask + guest.taskCount; task++) {
    const state = w.taskState[task];
    if (state === TASK_OFF) continue;
    if (state === TASK_READY) bookWaiting(w, task, WAIT_GUEST);
    else if (state === TASK_SLEEPING) bookWaiting(w, task, SLEEPING);
    else if (state === TASK_BLOCKED) bookWaiting(w, task, BLOCKED_CAUSE);
    else if (state === TASK_ON_VCPU && w.taskSinceNs[task]! < w.nowNs && w.stoppedNs[w.taskVcpu[task]!]! < w.nowNs)
      bookWaiting(w, task, WAIT_HOST);
    w.trace?.taskLeaves(w, task, state === TASK_ON_VCPU ? w.taskVcpu[task]! : -1, TASK_OFF);
    w.taskState[task] = TASK_OFF;
    w.isSpinning[task] = 0;
    w.taskLifetimeNs[task]! += w.nowNs - w.taskBornNs[task]!;
  }
  for (let vcpu = guest.firstVcpu; vcpu < guest.firstVcpu + guest.vcpuCount; vcpu++) {
    w.vcpuTask[vcpu] = -1;
  }
  guest.liveTasks = 0;
  guest.waitingTasks = 0;
  guest.hasDeparted = true;
  if (guest.endedNs >= 0) return;
  guest.leftUndone = true;
  guest.endedNs = w.nowNs;
  if (!guest.isHostNoise) w.guestsLeft--;
}
