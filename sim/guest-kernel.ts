import { assert } from './assert.ts';
import { clearWalk, setWalk } from './walk.ts';
import { TIMER_ARRIVAL, TIMER_TASK_WAKE } from './timers.ts';
import { below } from './random.ts';
import { BLOCK, DONE, type GuestCalls, type Phase, resetPhase, RUN, SLEEP, SWEEP, TOUCH } from './workload-api.ts';
import {
  BLOCKED_CAUSE,
  CAUSE_COUNT,
  SLEEPING,
  TASK_BLOCKED,
  TASK_OFF,
  TASK_ON_VCPU,
  TASK_READY,
  TASK_SLEEPING,
  VCPU_BLOCKED,
  VCPU_RUNNING,
  WAIT_GUEST,
} from './states.ts';
import { type GuestState, type ProgramCalls, setDue, type World } from './world.ts';
import { LINE_BYTES } from './units.ts';

/**
 * The guest's own kernel: one queue of ready tasks a guest, first come first served, shared by its vCPUs; a vCPU with more than
 * one task to run switches after a slice. A task prefers the vCPU it last ran on. A vCPU without a task halts (HLT).
 */

/** Starts a task: from here its lifetime counts. */
export function startTask(w: World, task: number): void {
  assert(w.taskState[task] === TASK_OFF, 'task is started already');
  const guest = w.guests[w.taskGuest[task]!]!;
  guest.liveTasks++;
  w.taskBornNs[task] = w.nowNs;
  w.taskSinceNs[task] = w.nowNs;
  clearPhase(w, task);
  makeReady(w, guest, task, -1);
}

/** A timer of a sleeping task has run out. */
export function endSleep(w: World, task: number): void {
  assert(w.taskState[task] === TASK_SLEEPING, 'task is not asleep');
  const guest = w.guests[w.taskGuest[task]!]!;
  bookWaiting(w, task, SLEEPING);
  makeReady(w, guest, task, w.phaseDisk[task] === 1 ? interruptedCpu(w, guest) : -1);
}

/** Opens a guest: its tasks start, or its first arrival is awaited. */
export function startGuest(w: World, guest: GuestState): void {
  guest.startedNs = w.nowNs;
  guest.measureNs = w.nowNs;
  w.clearCounters(guest);
  if (guest.program.nextArrivalNs) {
    w.timers.push(w.nowNs + wholeNs(guest.program.nextArrivalNs()), TIMER_ARRIVAL, guest.id);
    return;
  }
  for (let i = 0; i < guest.program.tasks; i++) startTask(w, guest.firstTask + i);
}

/** An arrival of an open guest takes a free slot and asks for the next one. False when no slot is free. */
export function arrive(w: World, guest: GuestState): boolean {
  w.timers.push(w.nowNs + wholeNs(guest.program.nextArrivalNs!()), TIMER_ARRIVAL, guest.id);
  if (guest.freeSlotCount === 0) {
    w.droppedArrivals++;
    return false;
  }
  startTask(w, guest.freeSlots![--guest.freeSlotCount]!);
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
  w.workDone[guest.id]! += w.phaseEndWork[task]!;
  w.phaseEndWork[task] = 0;
  fillPhase(w, guest, task);
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
      break;
    case DONE:
      endTask(w, guest, task);
      break;
    default:
      assert(false, 'phase of no known kind');
  }
  w.taskSinceNs[task] = w.nowNs;
  takeNextTask(w, guest, vcpu);
}

/** The running vCPU's slice inside the guest is over: its task goes to the end of the guest's queue. */
export function rotate(w: World, cpu: number): void {
  const vcpu = w.cpuVcpu[cpu]!;
  const guest = w.guests[w.vcpuGuest[vcpu]!]!;
  const task = w.vcpuTask[vcpu]!;
  w.guestSliceEndNs[cpu] = Infinity;
  setDue(w, cpu);
  if (guest.queueLength === 0) return;
  w.taskState[task] = TASK_READY;
  w.taskSinceNs[task] = w.nowNs;
  const next = guest.queueHead;
  enqueueTask(w, guest, task);
  dequeueTask(w, guest);
  putOnVcpu(w, next, vcpu, WAIT_GUEST);
  w.contextSwitchNs[vcpu]! += w.scenario.costs.contextSwitchNs;
  w.contextSwitches[guest.id]!++;
  armGuestSlice(w, guest, cpu);
  w.fresh.add(cpu);
}

/** Sets when the guest of the vCPU that now runs on `cpu` switches tasks. */
export function armGuestSlice(w: World, guest: GuestState, cpu: number): void {
  w.guestSliceEndNs[cpu] = guest.queueLength > 0 ? w.nowNs + w.scenario.costs.guestSliceNs : Infinity;
  setDue(w, cpu);
}

/** Ends all tasks of a guest that ran out of memory; its vCPUs halt. */
export function killGuest(w: World, guest: GuestState): void {
  if (guest.outOfMemory) return;
  guest.outOfMemory = true;
  endGuest(w, guest);
}

/** Books the stretch of waiting that ends now. */
export function bookWaiting(w: World, task: number, cause: number): void {
  w.causes[task * CAUSE_COUNT + cause]! += w.nowNs - w.taskSinceNs[task]!;
  w.taskSinceNs[task] = w.nowNs;
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
  w.phaseKind[task] = phase.kind;
  w.phasePattern[task] = phase.pattern;
  w.phaseSystem[task] = phase.isSystem ? 1 : 0;
  w.phaseRegion[task] = region;
  w.phaseCycles[task] = phase.cyclesPerInstruction;
  w.phaseAccesses[task] = region < 0 ? 0 : phase.accessesPerInstruction;
  w.phaseInFlight[task] = phase.linesInFlight;
  w.phaseWriteShare[task] = phase.writeShare;
  w.phaseWorkingSet[task] = phase.workingSetBytes;
  w.phaseWork[task] = phase.instructions > 0 && !phase.isWorkAtEnd ? phase.work / phase.instructions : 0;
  w.phaseEndWork[task] = phase.isWorkAtEnd ? phase.work : 0;
  if (phase.kind === TOUCH) {
    const first = Math.floor(phase.offsetBytes / memory.blockBytes);
    const end = Math.ceil((phase.offsetBytes + phase.bytes) / memory.blockBytes);
    assert(phase.bytes > 0 && end <= blocks, 'touch reaches beyond its region');
    let block = memory.regionHead[region]!;
    for (let i = 0; i < first; i++) block = memory.blockNext[block]!;
    setWalk(w, task, block, end - first, phase.bytes / LINE_BYTES / (end - first));
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
  if (task - guest.firstTask === guest.program.tasks) {
    guest.bootedNs = w.nowNs;
    return;
  }
  w.completions[guest.id]!++;
  if (guest.freeSlots) guest.freeSlots[guest.freeSlotCount++] = task;
  else if (guest.liveTasks === 0 && !guest.outOfMemory) endGuest(w, guest);
}

function endGuest(w: World, guest: GuestState): void {
  guest.endedNs = w.nowNs;
  if (!guest.isHostNoise) w.guestsLeft--;
}

/** A task that may run: on a vCPU of its guest that has none, its last one if it can be, else into the queue. */
function makeReady(w: World, guest: GuestState, task: number, wakerCpu: number): void {
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
  enqueueTask(w, guest, task);
  for (let i = 0; i < guest.vcpuCount; i++) {
    const other = guest.firstVcpu + i;
    if (w.vcpuState[other] !== VCPU_RUNNING) continue;
    const cpu = w.vcpuCpu[other]!;
    if (w.guestSliceEndNs[cpu] === Infinity) armGuestSlice(w, guest, cpu);
  }
}

/** Share of a device's interrupts that another CPU takes than the one that asked: the controller's affinity. Assumed. */
const AWAY_SHARE = 0.125;

/** Where an interrupt is handled: mostly on the CPU that asked (NONE), at times on any. Drawn from the guest's own stream, whatever the policy. */
function interruptedCpu(w: World, guest: GuestState): number {
  const isAway = guest.interrupts() < AWAY_SHARE;
  const cpu = below(guest.interrupts, w.cpuVcpu.length);
  return isAway ? cpu : -1;
}

function vcpuWithoutTask(w: World, guest: GuestState, task: number): number {
  if (guest.isThreaded) return guest.firstVcpu + (task - guest.firstTask);
  const last = w.taskVcpu[task]!;
  if (last >= 0 && w.vcpuTask[last] === -1) return last;
  for (let i = 0; i < guest.vcpuCount; i++) {
    if (w.vcpuTask[guest.firstVcpu + i] === -1) return guest.firstVcpu + i;
  }
  return -1;
}

function takeNextTask(w: World, guest: GuestState, vcpu: number): void {
  w.vcpuTask[vcpu] = -1;
  if (guest.queueLength === 0) return;
  const next = guest.queueHead;
  dequeueTask(w, guest);
  putOnVcpu(w, next, vcpu, WAIT_GUEST);
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
}

function enqueueTask(w: World, guest: GuestState, task: number): void {
  w.taskNext[task] = -1;
  if (guest.queueTail >= 0) w.taskNext[guest.queueTail] = task;
  else guest.queueHead = task;
  guest.queueTail = task;
  guest.queueLength++;
}

function dequeueTask(w: World, guest: GuestState): void {
  guest.queueHead = w.taskNext[guest.queueHead]!;
  if (guest.queueHead < 0) guest.queueTail = -1;
  guest.queueLength--;
}

/** At least 1 ns: a timer never fires at the instant that sets it. */
function wholeNs(durationNs: number): number {
  return Math.max(1, Math.ceil(durationNs));
}

/** What programs may ask of the kernel. One record for all guests, pointed at the one that asks. */
export class KernelCalls implements ProgramCalls {
  guest!: GuestState;
  isBoot = false;
  private readonly w: World;
  constructor(w: World) {
    this.w = w;
  }
  get nowNs(): number {
    return this.w.nowNs;
  }
  wake(task: number): void {
    const { w, guest } = this;
    const id = guest.firstTask + task;
    if (w.taskState[id] !== TASK_BLOCKED) return;
    bookWaiting(w, id, BLOCKED_CAUSE);
    makeReady(w, guest, id, w.currentCpu);
  }
  allocate(region: number, bytes: number): boolean {
    return this.w.memory.allocate(this.guest.id, this.region(region), bytes);
  }
  free(region: number): void {
    const { w, guest } = this;
    const id = this.region(region);
    w.memory.release(guest.id, id);
    for (let task = guest.firstTask; task < guest.firstTask + guest.taskCount; task++) {
      if (w.sampleRegion[task] === id) w.sampleRegion[task] = -1;
    }
    for (let vcpu = guest.firstVcpu; vcpu < guest.firstVcpu + guest.vcpuCount; vcpu++) {
      if (w.copyRegion[vcpu] === id) w.copyRegion[vcpu] = -1;
    }
  }
  startMeasuring(): void {
    const { guest } = this;
    guest.measureNs = this.w.nowNs;
    guest.restartsBooks = true;
  }
  private region(region: number): number {
    return this.w.memory.firstRegion[this.guest.id]! + region + (this.isBoot ? this.guest.program.regions : 0);
  }
}

function callsOf(w: World, guest: GuestState, isBoot: boolean): GuestCalls {
  const { calls } = w;
  calls.guest = guest;
  calls.isBoot = isBoot;
  return calls;
}
