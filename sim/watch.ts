import { PolicyError } from './assert.ts';
import { seconds, ms } from './units.ts';
import { TIMER_WATCH } from './timers.ts';
import { VCPU_RUNNABLE } from './states.ts';
import type { World } from './world.ts';

/** sched_ext's longest watchdog timeout (scx_watchdog_timeout). */
const STALL_NS = seconds(30);
/** How often the host is looked over. Assumed. */
export const WATCH_NS: number = ms(20);
/** A CPU is wasted from this many looks on: the 100 ms of the "wasted cores" checker. Assumed. */
const WASTED_LOOKS = 5;

/**
 * Looks over the host. A vCPU that has waited 30 s is stalled, which is the policy's fault. A CPU that was idle at each look for 100 ms
 * while there was always some vCPU that could have run there is wasted, which is a finding; no vCPU answers for two CPUs.
 */
export function watch(w: World): void {
  w.timers.push(w.nowNs + WATCH_NS, TIMER_WATCH, 0);
  w.isWanted.fill(0);
  for (let vcpu = 0; vcpu < w.vcpuState.length; vcpu++) {
    if (w.vcpuState[vcpu] !== VCPU_RUNNABLE) continue;
    if (w.waitSinceNs[vcpu]! <= w.nowNs - STALL_NS) {
      w.hook = 'watchdog';
      throw new PolicyError(`vCPU ${vcpu} has waited for a CPU for ${STALL_NS / 1e9} s`);
    }
    const cpu = idleCpuFor(w, vcpu);
    if (cpu >= 0) w.isWanted[cpu] = 1;
  }
  for (let cpu = 0; cpu < w.cpuVcpu.length; cpu++) {
    if (w.isWanted[cpu] === 0) {
      w.wantedLooks[cpu] = 0;
      continue;
    }
    const looks = ++w.wantedLooks[cpu]!;
    if (looks === WASTED_LOOKS) w.wastedNs += WASTED_LOOKS * WATCH_NS;
    else if (looks > WASTED_LOOKS) w.wastedNs += WATCH_NS;
  }
}

/** A CPU that has been idle since the last look, that the vCPU may use and no other has been counted for; NONE without. */
function idleCpuFor(w: World, vcpu: number): number {
  const mask = w.masks.allowed[w.vcpuMask[vcpu]!]!;
  const since = w.nowNs - WATCH_NS;
  for (let cpu = 0; cpu < mask.length; cpu++) {
    if (mask[cpu] === 1 && w.cpuVcpu[cpu] === -1 && w.isWanted[cpu] === 0 && w.idleSinceNs[cpu]! <= since) return cpu;
  }
  return -1;
}
