import { PolicyError } from './assert.ts';
import { BEATS } from './black-box.ts';
import { ms } from './units.ts';
import { TIMER_WATCH } from './timers.ts';
import { VCPU_RUNNABLE } from './states.ts';
import { ProgramError } from './workload-api.ts';
import type { World } from './world.ts';

/** How often the host is looked over. Assumed. */
export const WATCH_NS: number = ms(20);
/** A CPU is wasted from this many looks on: the 100 ms of the "wasted cores" checker. Assumed. */
const WASTED_LOOKS = 5;
/** Once in so many instants a run shows that it goes on. */
export const BEAT_INSTANTS = 4096;
/** So many instants must take some time: 4 ns each, a thousandth of what a context switch costs. Assumed. */
const CRAWL_INSTANTS = BEAT_INSTANTS * 64;
const CRAWL_NS = ms(1);

/**
 * Looks over the host. A vCPU that has waited for as long as the watchdog allows is stalled, which is the policy's fault. A CPU that was idle at each look for 100 ms
 * while there was always some vCPU that could have run there is wasted, which is a finding; no vCPU answers for two CPUs.
 */
export function watch(w: World): void {
  w.timers.push(w.nowNs + WATCH_NS, TIMER_WATCH, 0);
  w.isWanted.fill(0);
  for (let vcpu = 0; vcpu < w.vcpuState.length; vcpu++) {
    if (w.vcpuState[vcpu] !== VCPU_RUNNABLE) continue;
    if (w.waitSinceNs[vcpu]! <= w.nowNs - w.scenario.watchdogNs) {
      w.hook = 'watchdog';
      throw new PolicyError(`vCPU ${vcpu} has waited for a CPU for ${w.scenario.watchdogNs / 1e9} s`, 'stall', vcpu);
    }
    const cpu = idleCpuFor(w, vcpu, w.nowNs - WATCH_NS);
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

/** Books a step of time for each CPU that is idle while a vCPU waits that could run there; no vCPU answers for two CPUs. */
export function addIdleWhileRunnable(w: World, stepNs: number): void {
  let count = 0;
  const { vcpuState, isWanted } = w;
  for (let vcpu = 0; vcpu < vcpuState.length; vcpu++) {
    if (vcpuState[vcpu] !== VCPU_RUNNABLE) continue;
    const cpu = idleCpuFor(w, vcpu, w.nowNs);
    if (cpu < 0) continue;
    isWanted[cpu] = 1;
    count++;
  }
  if (count > 0) isWanted.fill(0);
  w.idleWhileRunnableNs += count * stepNs;
}

/**
 * Shows whoever watches from outside that the run goes on, and ends one in which time does not: slices or timers of a nanosecond or two
 * would keep it busy for ever, which is the policy's fault, as would work in such pieces, which is that of who described it.
 * @throws PolicyError, ProgramError
 */
export function beat(w: World): void {
  Atomics.add(w.box.head, BEATS, 1);
  if (w.instants % CRAWL_INSTANTS !== 0) return;
  if (w.nowNs - w.crawlSinceNs < CRAWL_NS) {
    const said = `${CRAWL_INSTANTS} instants in less than ${CRAWL_NS / 1e6} ms`;
    const isOfWork = w.segmentsDone - w.crawlSegments > CRAWL_INSTANTS / 2;
    if (isOfWork) throw new ProgramError(`${said}: work in pieces of a few ns, want fewer and longer ones`);
    throw new PolicyError(said, 'loop');
  }
  w.crawlSinceNs = w.nowNs;
  w.crawlSegments = w.segmentsDone;
}

/** A CPU that has been idle for so long, that the vCPU may use and no other has been counted for; NONE without. */
function idleCpuFor(w: World, vcpu: number, since: number): number {
  const mask = w.masks.allowed[w.vcpuMask[vcpu]!]!;
  for (let cpu = 0; cpu < mask.length; cpu++) {
    if (mask[cpu] === 1 && w.cpuVcpu[cpu] === -1 && w.isWanted[cpu] === 0 && w.idleSinceNs[cpu]! <= since) return cpu;
  }
  return -1;
}
