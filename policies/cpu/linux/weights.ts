/** NICE_0_LOAD: the weight a task of nice 0 has in the kernel. */
export const NICE_0_WEIGHT = 1024;

/** sched_weight_from_cgroup: 100 is nice 0. Whole, so that sums of weights are exact. */
export function kernelWeight(weight: number): number {
  return Math.max(2, Math.round((weight * NICE_0_WEIGHT) / 100));
}

/** calc_delta_fair: how far CPU time moves a virtual clock, whole ns. */
export function virtualNs(runNs: number, weight: number): number {
  return Math.floor((runNs * NICE_0_WEIGHT) / weight);
}

/** get_update_sysctl_factor: what the latencies of a single CPU are multiplied with. */
export function tunableFactor(cpuCount: number): number {
  return 1 + Math.floor(Math.log2(Math.min(cpuCount, 8)));
}

/** Ticks per second a kernel can be built with. */
export const HZ_CHOICES = [100, 250, 300, 1000] as const;
export type Hz = (typeof HZ_CHOICES)[number];
