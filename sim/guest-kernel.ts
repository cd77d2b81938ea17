import { assert } from './assert.ts';
import { startDrift } from './drift.ts';
import type { GuestState } from './guest-state.ts';
import { ALL_CPUS } from './masks.ts';
import { clearWalk, setWalk } from './walk.ts';
import { bookWaiting, makeReady, rotate, takeNextTask } from './guest-scheduler.ts';
import { release, releaseAll, synchronise } from './guest-sync.ts';
import { TIMER_ARRIVAL, TIMER_TASK_WAKE } from './timers.ts';
import { below } from './random.ts';
import {
  AFFINITY,
  BLOCK,
  DONE,
  FORK,
  type GuestCalls,
  MEMBIND,
  type Phase,
  RENICE,
  resetPhase,
  RUN,
  SLEEP,
  SWEEP,
  TOUCH,
  YIELD,
} from './workload-api.ts';
import { SLEEPING, TASK_BLOCKED, TASK_OFF, TASK_SLEEPING } from './states.ts';
import type { World } from './world.ts';
import { LINE_BYTES } from './units.ts';

/**
 * The guest's own kernel: the life of its tasks, phase by phase. Which task is on which vCPU is guest-scheduler.ts, how tasks wait for one
 * another guest-sync.ts. A vCPU without a task halts (HLT).
 */

/** Starts a task: from here its lifetime counts. */
export function startTask(w: World, task: number, wakerCpu = -1): void {
  assert(w.taskState[task] === TASK_OFF, 'task is started already');
  const guest = w.guests[w.taskGuest[task]!]!;
  guest.liveTasks++;
  if (w.trace !== null) w.trace.taskStarts(w, task);
  w.taskBornNs[task] = w.nowNs;
  w.taskSinceNs[task] = w.nowNs;
  clearPhase(w, task);
  makeReady(w, guest, task, wakerCpu, true);
}

/** A timer of a sleeping task has run out. */
export function endSleep(w: World, task: number): void {
  const guest = w.guests[w.taskGuest[task]!]!;
  if (guest.hasDeparted) return;
  assert(w.taskState[task] === TASK_SLEEPING, 'task is not asleep');
  bookWaiting(w, task, SLEEPING);
  makeReady(w, guest, task, w.phaseDisk[task] === 1 ? interruptedCpu(w, guest) : -1, false);
}

/** Opens a guest: its tasks start, or its first arrival is awaited. */
export function startGuest(w: World, guest: GuestState): void {
  if (guest.hasDeparted) return;
  guest.startedNs = w.nowNs;
  guest.measureNs = w.nowNs;
  w.clearCounters(guest);
  startDrift(w, guest.id);
  const { program } = guest;
  if (program.nextArrivalNs) w.timers.push(w.nowNs + wholeNs(program.nextArrivalNs()), TIMER_ARRIVAL, guest.id);
  const starting = program.starting ?? (program.nextArrivalNs ? 0 : program.tasks);
  for (let i = 0; i < starting; i++) startTask(w, guest.firstTask + i);
}

/** An arrival of an open guest takes a free slot and asks for the next one. False when no slot is free. */
export function arrive(w: World, guest: GuestState): boolean {
  if (guest.hasDeparted) return true;
  w.timers.push(w.nowNs + wholeNs(guest.program.nextArrivalNs!()), TIMER_ARRIVAL, guest.id);
  if (guest.freeSlotCount === 0) {
    w.droppedArrivals++;
    return false;
  }
  const task = guest.freeSlots![--guest.freeSlotCount]!;
  guest.program.arrived?.(task - guest.firstTask, w.nowNs);
  startTask(w, task);
  return true;
}

/**
 * Gives the vCPU's current task its next phase, or takes it off the vCPU when it sleeps, waits or ends; then the next ready task
 * of the guest follows.
 */
export function nextPhase(w: World, vcpu: number): void {
  const task = w.vcpuTask[vcpu]!;
  const guest = w.guests[w.taskGuest[task]!]!;
  const { phase } = w;
  w.currentCpu = w.vcpuCpu[vcpu]!;
  w.counts.workDone[guest.id]! += w.phaseEndWork[task]!;
  w.phaseEndWork[task] = 0;
  fillPhase(w, guest, task);
  assert(phase.kind < AFFINITY || guest.program.threads !== undefined, 'program sets attributes of a task that is no thread');
  switch (phase.kind) {
    case RUN:
    case TOUCH:
      setPhase(w, guest, task, phase);
      return;
    case SLEEP:
      w.taskState[task] = TASK_SLEEPING;
      w.phaseDisk[task] = phase.isDisk ? 1 : 0;
      w.timers.push(w.nowNs + wholeNs(phase.durationNs), TIMER_TASK_WAKE, task);
      break;
    case BLOCK:
      w.taskState[task] = TASK_BLOCKED;
      w.phaseKind[task] = BLOCK;
      guest.waitingTasks++;
      break;
    case DONE:
      endTask(w, guest, task);
      break;
    case YIELD:
      yieldVcpu(w, guest, vcpu);
      return;
    case AFFINITY:
      w.threads!.askAffinity(vcpu, phase.cpus === null ? ALL_CPUS : w.masks.ofCpus(phase.cpus));
      return;
    case RENICE:
      w.threads!.askAttributes(vcpu, phase.weight, phase.sliceNs);
      return;
    case MEMBIND:
      w.threads!.nodes[vcpu] = phase.nodes;
      return;
    case FORK:
      assert(phase.object >= 0 && phase.object < guest.program.tasks, 'program starts a task it has not');
      startTask(w, guest.firstTask + phase.object, w.currentCpu);
      return;
    default:
      w.phaseKind[task] = phase.kind;
      w.phaseSystem[task] = phase.isSystem ? 1 : 0;
      if (!synchronise(w, guest, task, phase)) break;
      noteDeadlock(w, guest);
      return;
  }
  noteDeadlock(w, guest);
  w.taskSinceNs[task] = w.nowNs;
  takeNextTask(w, guest, vcpu);
}

/** A process yields its CPU; inside a virtual machine the next task of the guest takes the vCPU, and the host is not told. */
function yieldVcpu(w: World, guest: GuestState, vcpu: number): void {
  const cpu = w.vcpuCpu[vcpu]!;
  if (!guest.isThreaded) {
    rotate(w, cpu);
    return;
  }
  w.cpuYield[cpu] = 1;
  w.resched.add(cpu);
}

/** Ends all tasks of a guest that ran out of memory; its vCPUs halt. */
export function killGuest(w: World, guest: GuestState): void {
  if (guest.outOfMemory) return;
  guest.outOfMemory = true;
  endGuest(w, guest);
  for (let task = guest.firstTask; task < guest.firstTask + guest.taskCount; task++) {
    if (w.isSpinning[task] === 1) release(w, guest, task);
  }
}

/** All tasks of a guest may wait for one another: nothing will come of it any more. Open guests go on with their next arrival. */
function noteDeadlock(w: World, guest: GuestState): void {
  if (guest.waitingTasks === 0 || guest.waitingTasks < guest.liveTasks || guest.isHostNoise) return;
  if (guest.freeSlots || guest.outOfMemory || guest.isDeadlocked || guest.program.isStopped) return;
  guest.isDeadlocked = true;
  endGuest(w, guest);
}

function fillPhase(w: World, guest: GuestState, task: number): void {
  const { phase } = w;
  resetPhase(phase);
  if (guest.outOfMemory) {
    phase.kind = DONE;
    return;
  }
  const index = task - guest.firstTask;
  const isBoot = index === guest.program.tasks;
  (isBoot ? guest.boot! : guest.program).next(isBoot ? 0 : index, phase, callsOf(w, guest, isBoot));
}

function setPhase(w: World, guest: GuestState, task: number, phase: Phase): void {
  const { memory } = w;
  const isBoot = task - guest.firstTask === guest.program.tasks;
  const region = phase.region < 0 ? -1 : memory.firstRegion[guest.id]! + phase.region + (isBoot ? guest.program.regions : 0);
  const blocks = region < 0 ? 0 : memory.regionBlocks[region]!;
  assert(region < 0 || blocks > 0, 'phase works on a region that is not allocated');
  assert(phase.missCurve < (guest.program.missCurves?.length ?? 0), 'phase names a miss curve that its program does not have');
  w.phaseKind[task] = phase.kind;
  w.phasePattern[task] = phase.pattern;
  w.phaseSystem[task] = phase.isSystem ? 1 : 0;
  w.phaseRegion[task] = region;
  if (region >= 0 && guest.topology.vnodes > 1) w.taskHome[task] = memory.homes.home[region]!;
  w.phaseCycles[task] = phase.cyclesPerInstruction;
  w.phaseAccesses[task] = region < 0 ? 0 : phase.accessesPerInstruction;
  w.phaseInFlight[task] = phase.linesInFlight;
  w.phaseWriteShare[task] = phase.writeShare;
  w.phaseWorkingSet[task] = phase.workingSetBytes;
  w.phaseCurve[task] = phase.missCurve < 0 ? -1 : guest.firstCurve + phase.missCurve;
  w.phaseWork[task] = phase.instructions > 0 && !phase.isWorkAtEnd ? phase.work / phase.instructions : 0;
  w.phaseEndWork[task] = phase.isWorkAtEnd ? phase.work : 0;
  if (phase.kind === TOUCH) {
    const first = Math.floor(phase.offsetBytes / memory.blockBytes);
    const end = Math.ceil((phase.offsetBytes + phase.bytes) / memory.blockBytes);
    assert(phase.bytes > 0 && end <= blocks, 'touch reaches beyond its region');
    setWalk(w, task, memory.blockAt(guest.id, region, first), end - first, phase.bytes / LINE_BYTES / (end - first));
  } else if (phase.pattern === SWEEP && blocks > 0) {
    const walked = blocks * phase.passes;
    setWalk(w, task, memory.regionHead[region]!, walked, phase.instructions / walked);
  } else {
    setWalk(w, task, -1, 0, phase.instructions);
  }
}

function clearPhase(w: World, task: number): void {
  w.phaseRegion[task] = -1;
  clearWalk(w, task);
}

function endTask(w: World, guest: GuestState, task: number): void {
  w.taskState[task] = TASK_OFF;
  w.taskLifetimeNs[task]! += w.nowNs - w.taskBornNs[task]!;
  guest.liveTasks--;
  releaseAll(w, guest, w.sync.endOf(task));
  if (task - guest.firstTask === guest.program.tasks) {
    guest.bootedNs = w.nowNs;
    if (guest.spec.arrivesNs > 0 && !guest.outOfMemory) startGuest(w, guest); // the others start together
    return;
  }
  if (!guest.outOfMemory) w.counts.completions[guest.id]!++; // one that is killed is not done
  if (guest.freeSlots) guest.freeSlots[guest.freeSlotCount++] = task;
  else if (guest.liveTasks === 0 && !guest.outOfMemory) endGuest(w, guest);
}

function endGuest(w: World, guest: GuestState): void {
  guest.endedNs = w.nowNs;
  if (!guest.isHostNoise) w.guestsLeft--;
}

/** Share of a device's interrupts that another CPU takes than the one that asked: the controller's affinity. Assumed. */
const AWAY_SHARE = 0.125;

/** Where an interrupt is handled: mostly on the CPU that asked (NONE), at times on any. Drawn from the guest's own stream, whatever the policy. */
function interruptedCpu(w: World, guest: GuestState): number {
  const isAway = guest.interrupts() < AWAY_SHARE;
  const cpu = below(guest.interrupts, w.cpuVcpu.length);
  return isAway ? cpu : -1;
}

/** At least 1 ns: a timer never fires at the instant that sets it. */
function wholeNs(durationNs: number): number {
  return Math.max(1, Math.ceil(durationNs));
}

function callsOf(w: World, guest: GuestState, isBoot: boolean): GuestCalls {
  const { calls } = w;
  calls.guest = guest;
  calls.isBoot = isBoot;
  return calls;
}
