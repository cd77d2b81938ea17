import { assert } from './assert.ts';
import { bookWaiting } from './guest-scheduler.ts';
import type { GuestState } from './guest-state.ts';
import type { PolicyExit } from './policy-exit.ts';
import { CAUSES, type Cause, type GuestRecord, type Measures, type Recording, type RunStatus, type ThreadRecord } from './recording.ts';
import { book } from './booking.ts';
import { bytesOfLines } from './resource-bytes.ts';
import {
  BLOCKED_CAUSE,
  CAUSE_COUNT,
  SLEEPING,
  TASK_BLOCKED,
  TASK_OFF,
  TASK_ON_VCPU,
  TASK_READY,
  TASK_SLEEPING,
  VCPU_RUNNABLE,
  VCPU_RUNNING,
  WAIT_GUEST,
  WAIT_HOST,
} from './states.ts';
import { wholeParts } from './whole-parts.ts';
import type { World } from './world.ts';

/** Closes the books at the present instant and says what the run has shown. */
export function record(w: World, status: RunStatus, message: string | null, exit: PolicyExit | null = null): Recording {
  const timeline = w.looks?.told(w) ?? null;
  closeBooks(w);
  const guests = w.guests.filter((guest) => !guest.isHostNoise).map((guest) => guestRecord(w, guest, CUT_SHORT.has(status)));
  const { cpuCount } = w.scenario.machine;
  const idleNs = w.idleNs.reduce((sum, ns) => sum + ns, 0);
  const busyNs = w.runtimeNs.reduce((sum, ns) => sum + ns, 0);
  assert(busyNs + idleNs === cpuCount * w.nowNs, 'busy and idle time do not make up the CPUs');
  return {
    status,
    message,
    exit,
    simulatedNs: w.nowNs,
    instants: w.instants,
    solves: w.contention.solves,
    hash: hex(w.hashHigh) + hex(w.hashLow),
    total: totalOf(guests),
    guests,
    hostNoiseNs: backgroundNs(w, 'host-noise'),
    dom0Ns: backgroundNs(w, 'dom0'),
    moverNs: moverNs(w),
    bytesByResource: bytesByResource(w),
    linesByPair: Array.from(w.pairLines, Math.round),
    timeline,
    ...(w.places && { places: w.places.told(w) }),
    busyNs,
    idleNs,
    wastedNs: w.wastedNs,
    idleWhileRunnableNs: w.scenario.checks === 'all' ? w.idleWhileRunnableNs : null,
    droppedArrivals: w.droppedArrivals,
  };
}

/** CPU time of one part of the host's background load. */
function backgroundNs(w: World, name: string): number {
  const part = w.guests.find((guest) => guest.isHostNoise && guest.spec.name === name);
  return part ? w.counts.userNs[part.id]! + w.counts.sysNs[part.id]! : 0;
}

function moverNs(w: World): number {
  return w.guests.reduce(
    (sum, guest) => sum + (w.copies.isMover[guest.firstVcpu] === 1 ? w.counts.userNs[guest.id]! + w.counts.sysNs[guest.id]! : 0),
    0,
  );
}

function closeBooks(w: World): void {
  for (let cpu = 0; cpu < w.cpuVcpu.length; cpu++) {
    const vcpu = w.cpuVcpu[cpu]!;
    if (vcpu === -1) {
      if (w.idleSinceNs[cpu]! < Infinity) w.idleNs[cpu]! += w.nowNs - w.idleSinceNs[cpu]!;
      w.idleSinceNs[cpu] = w.nowNs;
      continue;
    }
    if (w.vcpuTask[vcpu]! >= 0) book(w, cpu, false);
    w.runtimeNs[vcpu]! += w.nowNs - w.runSinceNs[vcpu]!;
    w.places?.ran(w, vcpu, cpu, w.nowNs - w.runSinceNs[vcpu]!);
    w.runSinceNs[vcpu] = w.nowNs;
  }
  for (let vcpu = 0; vcpu < w.vcpuState.length; vcpu++) {
    if (w.vcpuState[vcpu] === VCPU_RUNNABLE) w.waitNs[vcpu]! += w.nowNs - w.waitSinceNs[vcpu]!;
  }
  for (let task = 0; task < w.taskState.length; task++) {
    const state = w.taskState[task];
    if (state === TASK_OFF) continue;
    w.taskLifetimeNs[task]! += w.nowNs - w.taskBornNs[task]!;
    w.taskBornNs[task] = w.nowNs;
    if (state === TASK_READY) bookWaiting(w, task, WAIT_GUEST);
    else if (state === TASK_SLEEPING) bookWaiting(w, task, SLEEPING);
    else if (state === TASK_BLOCKED) bookWaiting(w, task, BLOCKED_CAUSE);
    else if (state === TASK_ON_VCPU && w.vcpuState[w.taskVcpu[task]!] !== VCPU_RUNNING) bookWaiting(w, task, WAIT_HOST);
  }
}

/** Who works for ever has done so, unless the run broke off. */
const CUT_SHORT: ReadonlySet<RunStatus> = new Set<RunStatus>(['policy-error', 'workload-error']);

function guestRecord(w: World, guest: GuestState, isCutShort: boolean): GuestRecord {
  const { program, spec } = guest;
  const endNs = guest.endedNs >= 0 ? guest.endedNs : w.nowNs;
  const measuredNs = guest.measureNs >= 0 ? endNs - guest.measureNs : 0;
  const workDone = guest.measureNs >= 0 ? w.counts.workDone[guest.id]! : 0;
  const tasks = Array.from({ length: program.tasks }, (_, i) => guest.firstTask + i);
  const lifetimeNs = tasks.reduce((sum, task) => sum + w.taskLifetimeNs[task]!, 0);
  const vcpus = Array.from({ length: guest.vcpuCount }, (_, i) => guest.firstVcpu + i);
  const N = w.scenario.machine.nodeCount;
  const hops = w.counts.hopLines.subarray(guest.id * 4, guest.id * 4 + 4);
  const [core, cpu, node, socket] = w.counts.migrations.subarray(guest.id * 4, guest.id * 4 + 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  return {
    name: spec.name,
    workload: spec.workload.name,
    vcpus: spec.vcpus,
    memoryBytes: spec.memoryBytes,
    status: guest.outOfMemory
      ? 'out-of-memory'
      : guest.isDeadlocked
        ? 'deadlock'
        : (guest.endedNs >= 0 && !guest.leftUndone) || (spec.workload.ends === 'never' && !isCutShort)
          ? 'ok'
          : 'unfinished',
    bootNs: Math.max(0, guest.bootedNs),
    throughput: { value: measuredNs > 0 ? (workDone / measuredNs) * 1e9 : 0, unit: program.unit },
    elapsedNs: measuredNs,
    remoteRatio: remoteRatio(hops),
    accessesByHop: { local: hops[0]!, sameSocket: hops[1]!, oneHop: hops[2]!, twoHop: hops[3]! },
    migrations: { core, cpu, node, socket },
    pageMoves: w.counts.pageMoves[guest.id]!,
    pageReturns: w.counts.pageReturns[guest.id]!,
    pageReplicas: w.counts.pageReplicas[guest.id]!,
    failedMoves: w.counts.failedMoves[guest.id]!,
    hintFaults: w.counts.hintFaults[guest.id]!,
    samples: w.counts.samples[guest.id]!,
    waitNs: vcpus.reduce((sum, vcpu) => sum + w.waitNs[vcpu]!, 0),
    contextSwitches: w.counts.contextSwitches[guest.id]!,
    wakes: w.counts.wakes[guest.id]!,
    delayedWakes: w.counts.delayedWakes[guest.id]!,
    wakeWaitNs: w.counts.wakeWaitNs[guest.id]!,
    completions: w.counts.completions[guest.id]!,
    userNs: Math.round(w.counts.userNs[guest.id]!),
    sysNs: Math.round(w.counts.sysNs[guest.id]!),
    lifetimeNs,
    causes: wholeCauses(w, tasks, lifetimeNs),
    figures: measuredNs > 0 && program.figures ? program.figures({ workDone, measuredNs }) : {},
    blocksByNode: Array.from(w.memory.guestNodeBlocks.subarray(guest.id * N, (guest.id + 1) * N)),
    ...(program.threads && { threads: threadRecords(w, guest) }),
  };
}

function threadRecords(w: World, { program, firstTask, firstVcpu }: GuestState): ThreadRecord[] {
  const threads = w.threads!;
  return program.threads!.flatMap(({ name }, i): ThreadRecord[] => {
    const [task, vcpu] = [firstTask + i, firstVcpu + i];
    const lifetimeNs = w.taskLifetimeNs[task]!;
    if (lifetimeNs === 0) return []; // never forked
    const { waitHost, waitGuest, blocked, sleep } = wholeCauses(w, [task], lifetimeNs);
    const waitNs = waitHost + waitGuest;
    return [
      {
        name,
        lifetimeNs,
        runNs: lifetimeNs - waitNs - blocked - sleep,
        waitNs,
        blockedNs: blocked,
        sleepNs: sleep,
        wakeWaitNs: threads.wakeWaitNs[vcpu]!,
        wakes: threads.wakes[vcpu]!,
        contextSwitches: threads.contextSwitches[vcpu]!,
        migrations: threads.migrations[vcpu]!,
        figures: program.threadFigures?.(i) ?? {},
      },
    ];
  });
}

/** The causes of a guest's tasks in whole nanoseconds that sum to their lifetimes exactly. */
function wholeCauses(w: World, tasks: readonly number[], lifetimeNs: number): Record<Cause, number> {
  const sums = new Array<number>(CAUSE_COUNT).fill(0);
  for (const task of tasks) {
    for (let cause = 0; cause < CAUSE_COUNT; cause++) sums[cause]! += w.causes[task * CAUSE_COUNT + cause]!;
  }
  const total = sums.reduce((sum, ns) => sum + ns, 0);
  assert(Math.abs(total - lifetimeNs) <= 1 + 1e-6 * lifetimeNs, 'causes of time do not add up to the lifetimes');
  const whole = wholeParts(sums, lifetimeNs);
  return Object.fromEntries(CAUSES.map((name, cause) => [name, whole[cause]!])) as Record<Cause, number>;
}

/** Sums over the guests. Throughput adds up only in one unit; elapsed is that of the last to end. */
function totalOf(guests: readonly GuestRecord[]): Measures {
  const sum = (value: (guest: GuestRecord) => number): number => guests.reduce((total, guest) => total + value(guest), 0);
  const units = new Set(guests.map((guest) => guest.throughput.unit));
  const hops = [
    sum((guest) => guest.accessesByHop.local),
    sum((guest) => guest.accessesByHop.sameSocket),
    sum((guest) => guest.accessesByHop.oneHop),
    sum((guest) => guest.accessesByHop.twoHop),
  ] as const;
  return {
    throughput: units.size === 1 ? { value: sum((guest) => guest.throughput.value), unit: [...units][0]! } : { value: 0, unit: 'mixed' },
    elapsedNs: guests.reduce((longest, guest) => Math.max(longest, guest.elapsedNs), 0),
    remoteRatio: remoteRatio(hops),
    accessesByHop: { local: hops[0], sameSocket: hops[1], oneHop: hops[2], twoHop: hops[3] },
    migrations: {
      core: sum((guest) => guest.migrations.core),
      cpu: sum((guest) => guest.migrations.cpu),
      node: sum((guest) => guest.migrations.node),
      socket: sum((guest) => guest.migrations.socket),
    },
    pageMoves: sum((guest) => guest.pageMoves),
    pageReturns: sum((guest) => guest.pageReturns),
    pageReplicas: sum((guest) => guest.pageReplicas),
    failedMoves: sum((guest) => guest.failedMoves),
    hintFaults: sum((guest) => guest.hintFaults),
    samples: sum((guest) => guest.samples),
    waitNs: sum((guest) => guest.waitNs),
    contextSwitches: sum((guest) => guest.contextSwitches),
    wakes: sum((guest) => guest.wakes),
    delayedWakes: sum((guest) => guest.delayedWakes),
    wakeWaitNs: sum((guest) => guest.wakeWaitNs),
    completions: sum((guest) => guest.completions),
    userNs: sum((guest) => guest.userNs),
    sysNs: sum((guest) => guest.sysNs),
    lifetimeNs: sum((guest) => guest.lifetimeNs),
    causes: Object.fromEntries(CAUSES.map((cause) => [cause, sum((guest) => guest.causes[cause])])) as Record<Cause, number>,
  };
}

function remoteRatio(hops: ArrayLike<number>): number {
  const all = hops[0]! + hops[1]! + hops[2]! + hops[3]!;
  return all > 0 ? (all - hops[0]!) / all : 0;
}

function bytesByResource(w: World): number[] {
  const { machine } = w.scenario;
  const bytes = new Float64Array(machine.resourceCount);
  bytesOfLines(machine, w.pairLines, w.pairWritten, w.cpuLines, bytes, 0);
  return Array.from(bytes, Math.round);
}

function hex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, '0');
}
