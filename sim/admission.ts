import { backBlock } from './backing.ts';
import type { GuestState } from './guest-state.ts';
import { enter, leave } from './hooks.ts';
import type { HostKernel } from './host-kernel.ts';
import { halt } from './host.ts';
import { removeTasks } from './guest-departure.ts';
import { killGuest, startGuest, startTask } from './guest-kernel.ts';
import { takeOut } from './host-changes.ts';
import { ALL_CPUS } from './masks.ts';
import { forsakeGuest } from './moving.ts';
import { checkFigures } from './policy-figures.ts';
import { SAMPLE_BATCH_NS } from './sampling.ts';
import { FLOATING, type Placement } from './policy-api.ts';
import { VCPU_BLOCKED, VCPU_RUNNABLE, VCPU_RUNNING } from './states.ts';
import {
  TIMER_ADMIT,
  TIMER_DAEMON,
  TIMER_DEPART,
  TIMER_GUEST_START,
  TIMER_HOTPLUG,
  TIMER_PLAN,
  TIMER_TICK,
  TIMER_VNODES,
  TIMER_WATCH,
} from './timers.ts';
import type { GuestId, VcpuId } from './units.ts';
import { placeVnodes } from './vnuma-host.ts';
import { PLACED, shortOfPlacement, witness } from './witness.ts';
import { note, type World } from './world.ts';

/** The host starts, then the guests that are there from the first are built one after the other, each where the policy puts it, and boot. */
export function startHost(w: World, k: HostKernel): void {
  const { policy, scenario } = w;
  checkFigures(policy);
  enter(w, k, 'init');
  policy.cpu.init?.(k);
  leave(w, k);
  if (policy.cpu.hz && policy.cpu.tick) {
    w.tickNs = Math.round(1e9 / policy.cpu.hz);
    w.timers.push(w.tickNs, TIMER_TICK, 0);
  }
  w.timers.push(0, TIMER_WATCH, 0); // and so the first instant is 0
  if (policy.memory.samples) w.timers.push(SAMPLE_BATCH_NS, TIMER_WATCH, 1);
  if (policy.memory.plan) w.timers.push(policy.memory.plan.periodNs, TIMER_PLAN, 0);
  policy.daemons?.forEach(({ periodNs }, daemon) => w.timers.push(periodNs, TIMER_DAEMON, daemon));
  scenario.hotplug.forEach(({ atNs }, event) => w.timers.push(atNs, TIMER_HOTPLUG, event));
  w.placements.push(...w.guests.map(() => FLOATING));
  for (const guest of w.guests) {
    const { arrivesNs, departsNs, vnuma } = guest.spec;
    if (departsNs !== null) w.timers.push(departsNs, TIMER_DEPART, guest.id);
    if (vnuma?.hosting === 'moved' && vnuma.movesNs > 0) w.timers.push(vnuma.movesNs, TIMER_VNODES, guest.id);
    if (arrivesNs > 0) w.timers.push(arrivesNs, TIMER_ADMIT, guest.id);
    else if (guest.isHostNoise)
      setMasks(w, guest, FLOATING); // its own CPUs, if it has some
    else place(w, k, guest);
  }
  for (const guest of w.guests) {
    if (guest.spec.arrivesNs > 0) continue;
    introduce(w, k, guest);
    if (guest.isHostNoise) startGuest(w, guest);
    else boot(w, guest);
  }
}

/** A guest comes later than the others: it is placed, boots and starts by itself. */
export function admit(w: World, k: HostKernel, guest: GuestState): void {
  place(w, k, guest);
  introduce(w, k, guest);
  boot(w, guest);
  if (!guest.boot && !guest.outOfMemory) startGuest(w, guest);
}

/** When every guest that was there from the first has booted, their instances start: together, or one after the other. */
export function openGate(w: World): void {
  for (const guest of w.guests) {
    if (isFromTheFirst(guest) && guest.bootedNs < 0) return;
  }
  w.gateClosed = false;
  const { startGapNs, durationNs } = w.scenario;
  let started = 0;
  for (const guest of w.guests) {
    if (!isFromTheFirst(guest)) continue;
    const gapNs = startGapNs * started++;
    if (gapNs === 0) startGuest(w, guest);
    else w.timers.push(w.nowNs + gapNs, TIMER_GUEST_START, guest.id);
  }
  if (durationNs !== null) w.endNs = Math.min(w.endNs, w.nowNs + durationNs);
}

/** A guest goes, whatever it is doing: its vCPUs leave CPUs and queues, its tasks end undone, its memory is free. */
export function depart(w: World, k: HostKernel, guest: GuestState): void {
  if (!guest.isHere) return;
  note(w, 8, guest.id, 0);
  w.trace?.guestDeparts(w, guest.id);
  const end = guest.firstVcpu + guest.vcpuCount;
  for (let vcpu = guest.firstVcpu; vcpu < end; vcpu++) {
    const cpu = w.vcpuCpu[vcpu]!;
    if (w.vcpuState[vcpu] === VCPU_RUNNING) {
      halt(w, k, cpu, vcpu);
      k.resched(cpu);
    } else if (w.vcpuState[vcpu] === VCPU_RUNNABLE) {
      takeOut(w, k, vcpu);
      w.waitNs[vcpu]! += w.nowNs - w.waitSinceNs[vcpu]!;
      w.vcpuState[vcpu] = VCPU_BLOCKED;
    }
  }
  removeTasks(w, guest);
  forsakeGuest(w, guest);
  w.memory.dropGuest(guest.id, guest.regionCount);
  const { cpu: ops } = w.policy;
  for (let vcpu = guest.firstVcpu; vcpu < end; vcpu++) {
    enter(w, k, 'disable');
    ops.disable?.(k, vcpu as VcpuId);
    enter(w, k, 'exitTask');
    ops.exitTask?.(k, vcpu as VcpuId);
  }
  guest.isHere = false;
  enter(w, k, 'guestExit');
  ops.guestExit?.(k, guest.id as GuestId);
  leave(w, k);
}

function isFromTheFirst(guest: GuestState): boolean {
  return !guest.isHostNoise && !guest.outOfMemory && guest.spec.arrivesNs === 0 && !guest.hasDeparted;
}

function boot(w: World, guest: GuestState): void {
  if (guest.boot) startTask(w, guest.firstTask + guest.program.tasks);
  else guest.bootedNs = w.nowNs;
}

/** The policy is told of a guest and its vCPUs before they first run. */
function introduce(w: World, k: HostKernel, guest: GuestState): void {
  const { cpu: ops } = w.policy;
  guest.isHere = true;
  w.trace?.guestArrives(w, guest.id);
  enter(w, k, 'guestInit');
  ops.guestInit?.(k, guest.id as GuestId);
  for (let vcpu = guest.firstVcpu; vcpu < guest.firstVcpu + guest.vcpuCount; vcpu++) {
    enter(w, k, 'initTask');
    ops.initTask?.(k, vcpu as VcpuId);
    enter(w, k, 'enable');
    ops.enable?.(k, vcpu as VcpuId);
  }
  leave(w, k);
}

function place(w: World, k: HostKernel, guest: GuestState): void {
  const { policy } = w;
  setMasks(w, guest, FLOATING); // so that the policy sees what the user has set
  enter(w, k, 'place');
  const chosen = policy.placement ? policy.placement.place(k, guest.id as GuestId) : FLOATING;
  const placement = placeVnodes(w, guest) ?? chosen;
  w.placements[guest.id] = placement;
  setMasks(w, guest, placement);
  w.places?.placed(w, guest);
  if (w.witness !== null) witness(w, PLACED, guest.id, shortOfPlacement(w, guest.firstVcpu, guest.vcpuCount, placement.memoryNodes));
  leave(w, k);
  if (policy.memory.backs === 'at-build') backAll(w, guest);
  else if (policy.memory.isPreallocated) backPreallocated(w, k, guest);
}

function setMasks(w: World, { spec, program, firstVcpu, vcpuCount }: GuestState, placement: Placement): void {
  const { hardNodes, hardCpus, softNodes, softCpus } = placement;
  const { masks } = w;
  const ofGuest = spec.cpus ? masks.ofCpus(spec.cpus) : ALL_CPUS;
  const ofNodes = hardNodes ? masks.ofNodes(hardNodes) : 0;
  const soft = softNodes ? masks.ofNodes(softNodes) : 0;
  for (let i = 0; i < vcpuCount; i++) {
    const cpus = hardCpus?.[i];
    const given = cpus ? masks.ofCpus(cpus) : ofNodes;
    const own = program.threads?.[i]!.cpus ? masks.both(masks.ofCpus(program.threads[i]!.cpus!), ofGuest) : ofGuest;
    w.vcpuMask[firstVcpu + i] = masks.both(own, given);
    if (w.threads !== null) w.threads.keepMasks(firstVcpu + i, own, masks.both(given, ofGuest));
    const rather = softCpus?.[i];
    w.vcpuSoftMask[firstVcpu + i] = rather ? masks.ofCpus(rather) : soft;
  }
}

/** Xen gives a guest all its memory when it is built. */
function backAll(w: World, guest: GuestState): void {
  backWhere(w, guest, () => true);
}

/** QEMU touches what is to be preallocated before the guest runs. The time that takes is not modelled, as that of building is not. */
function backPreallocated(w: World, k: HostKernel, guest: GuestState): void {
  backWhere(w, guest, (block) => {
    w.hook = 'memory.isPreallocated';
    const isWanted = w.policy.memory.isPreallocated!(k, guest.id as GuestId, block);
    w.hook = '';
    return isWanted;
  });
}

/** @param isWanted of blocks counted from the guest's first */
function backWhere(w: World, guest: GuestState, isWanted: (block: number) => boolean): void {
  const { first, count } = w.memory.guestBlocks;
  const from = first[guest.id]!;
  for (let block = from; block < from + count[guest.id]!; block++) {
    if (!isWanted(block - from) || w.memory.isBacked(block) || backBlock(w, guest.id, -1, block, -1) >= 0) continue;
    killGuest(w, guest);
    return;
  }
}
