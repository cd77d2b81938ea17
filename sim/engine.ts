import { assert, PolicyError } from './assert.ts';
import type { BlackBox } from './black-box.ts';
import { nextDrift } from './drift.ts';
import { admit, depart, openGate, startHost } from './admission.ts';
import { buildWorld } from './build.ts';
import { checkEnd, checkWorld } from './checks.ts';
import { arrive, endSleep, startGuest } from './guest-kernel.ts';
import { rotate } from './guest-scheduler.ts';
import type { GuestState } from './guest-state.ts';
import { enter, leave, takePageWorkNs } from './hooks.ts';
import { schedule, wakeVcpu } from './host.ts';
import { changeThreads, HostActuators, offline, online } from './host-changes.ts';
import type { HostKernel } from './host-kernel.ts';
import { policyExit } from './policy-exit.ts';
import { type Random, shuffle } from './random.ts';
import { record } from './record.ts';
import type { Recording, RunStatus } from './recording.ts';
import { takeRandomFaults } from './hint-faults.ts';
import { resumeOrders, returnBlocks, wakeMovers } from './moving.ts';
import { sampleAccesses } from './sampling.ts';
import type { Scenario } from './scenario.ts';
import { finishSegment, interruptSegment, renewMixtures, settle, startSegment } from './segments.ts';
import {
  TIMER_ADMIT,
  TIMER_ARRIVAL,
  TIMER_DAEMON,
  TIMER_DEPART,
  TIMER_DRIFT,
  TIMER_GUEST_START,
  TIMER_HOTPLUG,
  TIMER_ORDER,
  TIMER_PLAN,
  TIMER_POLICY,
  TIMER_RETURN,
  TIMER_TASK_WAKE,
  TIMER_TICK,
  TIMER_VNODES,
  TIMER_WATCH,
} from './timers.ts';
import type { Tracer } from './trace.ts';
import type { CpuId, VcpuId } from './units.ts';
import { ProgramError } from './workload-api.ts';
import { moveVnodes } from './vnuma-host.ts';
import { addIdleWhileRunnable, BEAT_INSTANTS, beat, watch } from './watch.ts';
import type { Witness } from './witness.ts';
import type { World } from './world.ts';

/** More choices than this at one instant mean that a policy kicks in a circle. */
const MAX_STEPS = 1_000_000;

/**
 * Runs a scenario to its end: a pure function of it. Between two instants nothing changes speed, so time jumps from one to the next.
 * @param box shared memory, for whoever watches the run from another thread
 * @param witness is told of each decision, and changes nothing unless it is to end the run at one
 * @param trace is told of each event, and changes nothing unless its sink wants no more
 * @throws SimulatorError when the simulator is at fault. A policy's fault ends the run with a status.
 */
export function run(scenario: Scenario, box?: BlackBox, witness: Witness | null = null, trace: Tracer | null = null): Recording {
  const beats = runInBeats(scenario, box, witness, trace);
  for (;;) {
    const { done, value } = beats.next();
    if (done) return value;
  }
}

/** As `run`, but hands back after each beat, for a thread that also has other things to see to. */
export function* runInBeats(
  scenario: Scenario,
  box?: BlackBox,
  witness: Witness | null = null,
  trace: Tracer | null = null,
): Generator<void, Recording> {
  const { w, k } = buildWorld(scenario, box);
  w.witness = witness;
  w.trace = trace;
  trace?.begin(w);
  try {
    startHost(w, k);
    while (!isOver(w)) {
      goOn(w, k);
      yield;
    }
    checkEnd(w);
  } catch (error) {
    if (error instanceof ProgramError) return record(w, 'workload-error', `${error.message}, at ${w.nowNs} ns`);
    const exit = policyExit(w, k, error);
    if (!exit) throw error;
    trace?.end(w);
    return record(w, 'policy-error', `policy ${w.policy.name}, hook ${exit.hook}, at ${exit.atNs} ns: ${exit.message}`, exit);
  }
  trace?.end(w);
  return record(w, ...outcome(w));
}

/** Up to the next beat, or the end. */
function goOn(w: World, k: HostKernel): void {
  while (!isOver(w)) {
    if (w.tieRandom) drawOrder(w, w.tieRandom);
    advance(w, Math.min(nextCpuNs(w), w.timers.nextTimeNs, w.endNs)); // at the old speeds
    finishDue(w); //     what is due now: first segments that are done, by CPU,
    fireTimers(w, k); // then timers by kind and id: sleepers wake, guests start and arrive, ticks,
    act(w, k); //        then wakes, and CPUs that must choose: the policy acts
    settle(w); //        new speeds, until the next instant
    const isBeat = ++w.instants % BEAT_INSTANTS === 0;
    if (isBeat) beat(w);
    if (w.scenario.checks === 'all') checkWorld(w, k);
    if (isBeat) return;
  }
}

/** Nothing is booked here: each CPU's progress is worked out when its speed or its work changes. */
function advance(w: World, toNs: number): void {
  assert(toNs >= w.nowNs && toNs < Infinity, 'time would go back, or stand still for ever');
  if (w.looks !== null && w.looks.nextNs <= toNs) w.looks.until(w, toNs);
  if (w.trace !== null && w.trace.nextLookNs <= toNs) w.trace.until(w, toNs);
  if (w.scenario.checks === 'all') addIdleWhileRunnable(w, toNs - w.nowNs);
  w.nowNs = toNs;
}

/** With seeded ties, CPUs are looked at in another order at every instant. */
function drawOrder(w: World, random: Random): void {
  shuffle(w.cpuOrder, w.cpuOrder.length, random);
  w.fresh.reorder();
  w.resched.reorder();
}

/** Earliest moment at which a CPU finishes something, or a slice ends. */
function nextCpuNs(w: World): number {
  const { dueNs } = w;
  let nextNs = Infinity;
  for (let cpu = 0; cpu < dueNs.length; cpu++) {
    if (dueNs[cpu]! < nextNs) nextNs = dueNs[cpu]!;
  }
  return nextNs;
}

function finishDue(w: World): void {
  const { dueNs, cpuOrder, nowNs } = w;
  for (let i = 0; i < dueNs.length; i++) {
    const cpu = cpuOrder[i]!;
    if (dueNs[cpu]! > nowNs) continue;
    if (w.finishNs[cpu]! <= nowNs) {
      w.segmentsDone++;
      finishSegment(w, cpu);
    } else if (w.faultNs[cpu]! <= nowNs) takeRandomFaults(w, cpu);
    if (w.guestSliceEndNs[cpu]! <= nowNs) {
      interruptSegment(w, cpu);
      rotate(w, cpu);
    }
    if (w.sliceEndNs[cpu]! <= nowNs) w.resched.add(cpu);
  }
}

function fireTimers(w: World, k: HostKernel): void {
  const { timers } = w;
  while (timers.nextTimeNs <= w.nowNs) {
    const kind = timers.nextKind;
    const count = takeDue(w, kind);
    for (let i = 0; i < count; i++) fire(w, k, kind, w.due[i]!);
  }
}

/** Takes the timers of one kind that are due now, in the order of their ids or, with seeded ties, in a drawn order. */
function takeDue(w: World, kind: number): number {
  const { timers, due } = w;
  let count = 0;
  while (timers.nextTimeNs <= w.nowNs && timers.nextKind === kind && count < due.length) {
    due[count++] = timers.nextId;
    timers.pop();
  }
  if (w.tieRandom) shuffle(due, count, w.tieRandom);
  return count;
}

function fire(w: World, k: HostKernel, kind: number, id: number): void {
  switch (kind) {
    case TIMER_TASK_WAKE:
      endSleep(w, id);
      break;
    case TIMER_GUEST_START:
      startGuest(w, w.guests[id]!);
      break;
    case TIMER_ARRIVAL:
      arrive(w, w.guests[id]!);
      break;
    case TIMER_TICK:
      w.timers.push(w.nowNs + w.tickNs, TIMER_TICK, id);
      tick(w, k);
      break;
    case TIMER_POLICY:
      w.timers.push(w.nowNs + k.timerPeriodsNs[id]!, TIMER_POLICY, id);
      enter(w, k, 'timer');
      k.inTimer = true;
      k.timerFires[id]!(k);
      k.inTimer = false;
      w.cpuChargeNs[0]! += leave(w, k); // on the CPU that armed it, where init ran
      break;
    case TIMER_WATCH:
      if (id === 0) watch(w);
      else sampleAccesses(w);
      break;
    case TIMER_DRIFT:
      drift(w, id);
      break;
    case TIMER_ADMIT:
      admit(w, k, w.guests[id]!);
      break;
    case TIMER_DEPART:
      depart(w, k, w.guests[id]!);
      break;
    case TIMER_HOTPLUG: {
      const { cpu, isOnline } = w.scenario.hotplug[id]!;
      (isOnline ? online : offline)(w, k, cpu);
      break;
    }
    case TIMER_DAEMON:
      stepDaemon(w, k, id);
      break;
    case TIMER_PLAN:
      plan(w, k);
      break;
    case TIMER_RETURN:
      returnBlocks(w);
      break;
    case TIMER_ORDER:
      resumeOrders(w, id);
      break;
    case TIMER_VNODES:
      moveVnodes(w, k, w.guests[id]!);
      break;
  }
}

function drift(w: World, region: number): void {
  const guest = nextDrift(w, region);
  if (guest >= 0) renewMixtures(w, guest, region);
}

function tick(w: World, k: HostKernel): void {
  for (let i = 0; i < w.cpuVcpu.length; i++) {
    const cpu = w.cpuOrder[i]!;
    const vcpu = w.cpuVcpu[cpu]!;
    if (vcpu < 0) continue;
    enter(w, k, 'tick');
    w.policy.cpu.tick!(k, vcpu as VcpuId, cpu as CpuId);
    w.samplingNs[vcpu]! += takePageWorkNs(w);
    w.contextSwitchNs[vcpu]! += leave(w, k);
  }
}

/** The memory policy's own kernel thread, on the CPU where it was started. */
function plan(w: World, k: HostKernel): void {
  const { periodNs, step } = w.policy.memory.plan!;
  w.timers.push(w.nowNs + periodNs, TIMER_PLAN, 0);
  enter(w, k, 'memory.plan');
  step(k);
  w.cpuChargeNs[0]! += leave(w, k);
}

/** User space: its own CPU time is not charged to any vCPU, but what the kernel does for it is. */
function stepDaemon(w: World, k: HostKernel, id: number): void {
  const daemon = w.policy.daemons![id]!;
  w.timers.push(w.nowNs + daemon.periodNs, TIMER_DAEMON, id);
  enter(w, k, `daemon ${daemon.name}`);
  daemon.step(k, new HostActuators(w, k));
  w.cpuChargeNs[0]! += takePageWorkNs(w);
  leave(w, k);
}

/** Everything that follows at this instant, until nothing more does. */
function act(w: World, k: HostKernel): void {
  for (let steps = 0; ;) {
    for (let cpu = w.fresh.take(); cpu >= 0; cpu = w.fresh.take()) {
      if (!startSegment(w, cpu)) k.resched(cpu);
    }
    changeThreads(w, k);
    if (w.gateClosed) openGate(w);
    if (w.copies.wantedMovers.length > 0) wakeMovers(w);
    for (let i = 0; i < w.wakeCount; i++) wakeVcpu(w, k, w.wakeQueue[i]!);
    w.wakeCount = 0;
    let cpu = w.resched.take();
    if (cpu < 0 && w.fresh.isEmpty && w.copies.wantedMovers.length === 0) return; // hooks of wakes may mark and move
    for (; cpu >= 0; cpu = w.resched.take()) {
      if (++steps === MAX_STEPS) throw new PolicyError('CPUs are kicked in a circle at one instant', 'loop');
      schedule(w, k, cpu);
    }
  }
}

function isOver(w: World): boolean {
  return w.nowNs >= w.endNs || w.guestsLeft === 0 || w.droppedArrivals > 0;
}

const waitText = (tasks: number): string =>
  tasks === 1 ? 'one task left waits, and there is no other to wake it' : `${tasks} tasks all wait for one another`;

function outcome(w: World): [RunStatus, string | null] {
  const { limitNs } = w.scenario;
  if (w.droppedArrivals > 0) return ['overflow', 'an open guest has more arrivals than task slots'];
  const full = w.guests.find((guest) => guest.outOfMemory);
  if (full) return ['out-of-memory', `guest ${full.spec.name} found no memory where its policy allows it`];
  const stuck = w.guests.find((guest) => guest.isDeadlocked);
  if (stuck) return ['deadlock', `guest ${stuck.spec.name}: its ${waitText(stuck.waitingTasks)}`];
  if (w.nowNs >= limitNs && w.guestsLeft > 0) return ['time-limit', `not done after ${limitNs / 1e9} s of simulated time`];
  const idle = w.guests.find((guest) => !guest.isHostNoise && guest.spec.workload.ends === 'never' && hasDoneNothing(w, guest));
  if (idle?.hasDeparted) return ['ok', `guest ${idle.spec.name} had not got beyond its setting up when it departed`];
  if (idle)
    return ['ok', `guest ${idle.spec.name} had not got beyond its setting up when the run ended; a longer duration would show more`];
  return ['ok', null];
}

/** Nothing of its work is done, and none under way: work is booked when a stretch of it ends. */
function hasDoneNothing(w: World, { id, firstTask, taskCount }: GuestState): boolean {
  if (w.counts.workDone[id]! > 0) return false;
  for (let task = firstTask; task < firstTask + taskCount; task++) if (w.phaseWork[task]! > 0) return false;
  return true;
}
