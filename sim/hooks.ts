import type { HostKernel } from './host-kernel.ts';
import type { World } from './world.ts';

/**
 * Every call of a policy's hook stands between these two: they tell what it cost. A hook that runs for a vCPU is paid by it before it
 * runs on; one that a CPU runs for itself (dispatch, the leaving of its vCPU, idling) is paid by the vCPU that starts there next, and by
 * nobody if the CPU idles.
 */
export function enter(w: World, k: HostKernel, hook: string): void {
  w.hook = hook;
  k.calls = 0;
}

/** @returns what the hook and the helpers it called cost, in ns, with what they marked and split */
export function leave(w: World, k: HostKernel): number {
  w.hook = '';
  const { hookNs, helperNs } = w.scenario.costs;
  return hookNs + k.calls * helperNs + takePageWorkNs(w);
}

/** What marking and splitting have cost since this was last asked, for those who pay that apart. */
export function takePageWorkNs(w: World): number {
  const ns = w.pageWorkNs;
  w.pageWorkNs = 0;
  return ns;
}
