import { countLines } from './flows.ts';
import type { GuestState } from './guest-state.ts';
import {
  CAUSE_COUNT,
  COMPUTE,
  CACHE_SHARED,
  DISTANCE,
  FAULT,
  MEMORY_LOCAL,
  PART_COMPUTE,
  PART_DISTANCE,
  PART_FAULT,
  PART_LOCAL,
  PART_SHARED,
  PARTS,
  QUEUE_CONTROLLER,
  QUEUE_LINK,
  QUEUE_PAIR,
  SEG_NONE,
  SEG_RUN,
  SPIN,
  VCPU_RUNNABLE,
} from './states.ts';
import type { World } from './world.ts';

/**
 * Assigns the time since the segment was last looked at to its causes, and counts lines and work. Must come before anything that
 * changes speed or character.
 */
export function book(w: World, cpu: number, isFinished: boolean): void {
  const durationNs = w.nowNs - w.segSinceNs[cpu]!;
  w.segSinceNs[cpu] = w.nowNs;
  const kind = w.segKind[cpu]!;
  if (kind === SEG_NONE || (durationNs === 0 && !isFinished)) return;
  const left = w.segLeft[cpu]!;
  const unitNs = w.segUnitNs[cpu]!;
  const units = isFinished ? left : Math.min(left, durationNs / unitNs);
  w.segLeft[cpu] = left - units;
  const vcpu = w.cpuVcpu[cpu]!;
  const task = w.vcpuTask[vcpu]!;
  const guest = w.vcpuGuest[vcpu]!;
  const causes = task * CAUSE_COUNT;
  const only = w.segCause[cpu]!;
  if (only >= 0) {
    w.causes[causes + only]! += durationNs;
    if (only === SPIN && w.phaseSystem[task] === 0) w.counts.userNs[guest]! += durationNs;
    else w.counts.sysNs[guest]! += durationNs;
  } else {
    const times = durationNs / unitNs;
    const part = cpu * PARTS;
    const shared = w.sharedShare[cpu]!;
    const own = times * (1 - shared);
    const { queueNs } = w.contention;
    const queue = cpu * 3;
    const faultNs = times * w.partNs[part + PART_FAULT]!;
    w.pmu.runNs[vcpu]! += durationNs;
    w.pmu.stallNs[vcpu]! += durationNs - times * w.partNs[part + PART_COMPUTE]! - faultNs;
    w.causes[causes + COMPUTE]! += times * w.partNs[part + PART_COMPUTE]!;
    w.causes[causes + MEMORY_LOCAL]! += times * w.partNs[part + PART_LOCAL]!;
    w.causes[causes + DISTANCE]! += times * w.partNs[part + PART_DISTANCE]!;
    w.causes[causes + FAULT]! += faultNs;
    w.causes[causes + CACHE_SHARED]! +=
      times * (w.partNs[part + PART_SHARED]! + shared * (queueNs[queue]! + queueNs[queue + 1]! + queueNs[queue + 2]!));
    w.causes[causes + QUEUE_CONTROLLER]! += own * queueNs[queue]!;
    w.causes[causes + QUEUE_LINK]! += own * queueNs[queue + 1]!;
    w.causes[causes + QUEUE_PAIR]! += own * queueNs[queue + 2]!;
    if (w.phaseSystem[task] === 1) w.counts.sysNs[guest]! += durationNs;
    else {
      w.counts.userNs[guest]! += durationNs - faultNs;
      w.counts.sysNs[guest]! += faultNs;
    }
    w.counts.workDone[guest]! += units * w.phaseWork[task]!;
    if (kind === SEG_RUN) {
      w.pmu.instructions[vcpu]! += units;
      w.pmu.accesses[vcpu]! += units * w.phaseAccesses[task]!;
    }
  }
  const lines = units * w.linesPerUnit[cpu]!;
  if (lines === 0) return;
  w.nodeFilled[w.scenario.machine.cpuNode[cpu]!]! += lines;
  countLines(w, cpu, vcpu, guest, lines);
}

/** Opens a guest's books anew; what its running vCPUs did before is booked first, so that it does not count, nor do waits so far. */
export function restartBooks(w: World, guest: GuestState): void {
  guest.restartsBooks = false;
  for (let vcpu = guest.firstVcpu; vcpu < guest.firstVcpu + guest.vcpuCount; vcpu++) {
    const cpu = w.vcpuCpu[vcpu]!;
    if (cpu >= 0 && w.cpuVcpu[cpu] === vcpu && w.finishNs[cpu]! < Infinity) book(w, cpu, false);
  }
  w.clearCounters(guest);
  for (let vcpu = guest.firstVcpu; vcpu < guest.firstVcpu + guest.vcpuCount; vcpu++) {
    if (w.vcpuState[vcpu] === VCPU_RUNNABLE) w.waitNs[vcpu] = w.waitSinceNs[vcpu]! - w.nowNs; // and at its end the whole wait is added
  }
  const end = guest.firstTask + guest.taskCount;
  w.causes.fill(0, guest.firstTask * CAUSE_COUNT, end * CAUSE_COUNT);
  w.taskLifetimeNs.fill(0, guest.firstTask, end);
  w.taskBornNs.fill(w.nowNs, guest.firstTask, end);
  w.taskSinceNs.fill(w.nowNs, guest.firstTask, end);
}
