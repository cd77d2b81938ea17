import { PolicyError } from './assert.ts';
import { seconds, ms } from './units.ts';
import { TIMER_WATCH } from './timers.ts';
import { VCPU_RUNNABLE, type World } from './world.ts';

/** sched_ext's longest watchdog timeout (scx_watchdog_timeout). */
const STALL_NS = seconds(30);
/** The interval of the "wasted cores" checker. Assumed. */
const WASTE_NS = ms(100);

/**
 * Looks over the host ten times a simulated second: a vCPU that has waited 30 s is stalled, which is the policy's fault; a CPU
 * that has been idle for a whole interval while a vCPU that may run there waited as long is wasted, which is a finding.
 */
export function watch(w: World): void {
  w.timers.push(w.nowNs + WASTE_NS, TIMER_WATCH, 0);
  const longSince = w.nowNs - WASTE_NS;
  for (let vcpu = 0; vcpu < w.vcpuState.length; vcpu++) {
    if (w.vcpuState[vcpu] !== VCPU_RUNNABLE || w.waitSinceNs[vcpu]! > longSince) continue;
    if (w.waitSinceNs[vcpu]! <= w.nowNs - STALL_NS) {
      w.hook = 'watchdog';
      throw new PolicyError(`vCPU ${vcpu} has waited for a CPU for ${STALL_NS / 1e9} s`);
    }
    const mask = w.masks[w.vcpuMask[vcpu]!]!;
    for (let cpu = 0; cpu < mask.length; cpu++) {
      if (mask[cpu] === 1 && w.cpuVcpu[cpu] === -1 && w.idleSinceNs[cpu]! <= longSince) {
        w.wastedNs += WASTE_NS;
        break;
      }
    }
  }
}
