import { assert } from './assert.ts';
import { bookWaiting, makeReady, takeNextTask } from './guest-scheduler.ts';
import type { GuestState } from './guest-state.ts';
import { BLOCKED_CAUSE, SEG_SPIN, TASK_BLOCKED, TASK_OFF, VCPU_RUNNING } from './states.ts';
import { BARRIERS, CONDITIONS, LOCKS, SEMAPHORES } from './sync-objects.ts';
import { BARRIER, BROADCAST, DOWN, JOIN, LOCK, type Phase, SIGNAL, UNLOCK, UP, WAIT } from './workload-api.ts';
import type { World } from './world.ts';

/**
 * How the tasks of a guest wait for one another. What a task waits for is handed to it directly, first come first served: a sleeper is
 * woken, a spinner goes on where its vCPU runs, or as soon as that runs again. The operations themselves take no time.
 */

/** Does what the phase says for the task that runs on the vCPU. True when the task goes on, spinning or not; false when it sleeps. */
export function synchronise(w: World, guest: GuestState, task: number, phase: Phase): boolean {
  const { sync } = w;
  switch (phase.kind) {
    case LOCK: {
      const lock = sync.object(guest.id, LOCKS, phase.object);
      assert(sync.value[lock] !== task, 'program takes a lock it holds');
      if (sync.value[lock] !== -1) return waitFor(w, guest, task, lock, phase.spinNs);
      sync.value[lock] = task;
      return true;
    }
    case UNLOCK:
      unlock(w, guest, task, sync.object(guest.id, LOCKS, phase.object));
      return true;
    case BARRIER: {
      const barrier = sync.object(guest.id, BARRIERS, phase.object);
      if (++sync.value[barrier]! < sync.size[barrier]!) return waitFor(w, guest, task, barrier, phase.spinNs);
      sync.value[barrier] = 0;
      releaseAll(w, guest, barrier);
      return true;
    }
    case DOWN: {
      const semaphore = sync.object(guest.id, SEMAPHORES, phase.object);
      if (sync.value[semaphore] === 0) return waitFor(w, guest, task, semaphore, phase.spinNs);
      sync.value[semaphore]!--;
      return true;
    }
    case UP: {
      const semaphore = sync.object(guest.id, SEMAPHORES, phase.object);
      const next = sync.takeWaiter(semaphore);
      if (next >= 0) release(w, guest, next);
      else sync.value[semaphore]!++;
      return true;
    }
    case WAIT: {
      const lock = sync.object(guest.id, LOCKS, phase.lock);
      sync.heldLock[task] = lock;
      unlock(w, guest, task, lock);
      return waitFor(w, guest, task, sync.object(guest.id, CONDITIONS, phase.object), phase.spinNs);
    }
    case SIGNAL:
      signal(w, guest, sync.takeWaiter(sync.object(guest.id, CONDITIONS, phase.object)));
      return true;
    case BROADCAST: {
      const condition = sync.object(guest.id, CONDITIONS, phase.object);
      while (sync.hasWaiter(condition)) signal(w, guest, sync.takeWaiter(condition));
      return true;
    }
    case JOIN: {
      assert(phase.object >= 0 && phase.object < guest.program.tasks, 'program waits for a task it has not');
      const other = guest.firstTask + phase.object;
      return w.taskState[other] === TASK_OFF || waitFor(w, guest, task, sync.endOf(other), phase.spinNs);
    }
    default:
      assert(false, 'phase of no known kind');
  }
}

/** Those that waited for a task to end go on. */
export function releaseAll(w: World, guest: GuestState, object: number): void {
  for (let task = w.sync.takeWaiter(object); task >= 0; task = w.sync.takeWaiter(object)) release(w, guest, task);
}

/** What the task waited for has come. */
export function release(w: World, guest: GuestState, task: number): void {
  guest.waitingTasks--;
  if (w.isSpinning[task] === 1) {
    w.isSpinning[task] = 0;
    const vcpu = w.taskVcpu[task]!;
    const cpu = w.vcpuCpu[vcpu]!;
    if (w.vcpuTask[vcpu] === task && w.vcpuState[vcpu] === VCPU_RUNNING && w.segKind[cpu] === SEG_SPIN) w.fresh.add(cpu);
    return;
  }
  assert(w.taskState[task] === TASK_BLOCKED, 'a task that waits is not asleep');
  bookWaiting(w, task, BLOCKED_CAUSE);
  makeReady(w, guest, task, w.currentCpu, false);
}

/** A spinner has spun long enough: it sleeps, and its vCPU takes another task. */
export function stopSpinning(w: World, vcpu: number): void {
  const task = w.vcpuTask[vcpu]!;
  w.isSpinning[task] = 0;
  w.taskState[task] = TASK_BLOCKED;
  w.taskSinceNs[task] = w.nowNs;
  takeNextTask(w, w.guests[w.taskGuest[task]!]!, vcpu);
}

function unlock(w: World, guest: GuestState, task: number, lock: number): void {
  const { sync } = w;
  assert(sync.value[lock] === task, 'program releases a lock it does not hold');
  const next = sync.takeWaiter(lock);
  sync.value[lock] = next;
  if (next >= 0) release(w, guest, next);
}

/** A task that waited for a condition, if there is one, goes on once it has its lock again. */
function signal(w: World, guest: GuestState, task: number): void {
  if (task < 0) return;
  const { sync } = w;
  const lock = sync.heldLock[task]!;
  if (sync.value[lock] !== -1) {
    sync.addWaiter(lock, task);
    return;
  }
  sync.value[lock] = task;
  release(w, guest, task);
}

function waitFor(w: World, guest: GuestState, task: number, object: number, spinNs: number): boolean {
  assert(spinNs >= 0, 'program spins for less than no time');
  w.sync.addWaiter(object, task);
  guest.waitingTasks++;
  if (spinNs === 0) {
    w.taskState[task] = TASK_BLOCKED;
    return false;
  }
  w.isSpinning[task] = 1;
  w.spinLeftNs[task] = Math.ceil(spinNs);
  return true;
}
