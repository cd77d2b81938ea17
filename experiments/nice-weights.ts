import { DEFAULT_WEIGHT } from '../sim/policy-api.ts';

/** sched_prio_to_weight of Linux kernel/sched/core.c, nice -20 to 19: about 1.25 from one to the next. */
const KERNEL_WEIGHTS = [
  88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277, 1024,
  820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
]; // prettier-ignore
const NICE_0 = 20;

/** The weight of a nice value where nice 0 has 100; exact, as 1024 is a power of two. */
export function niceWeight(nice: number): number {
  return (KERNEL_WEIGHTS[nice + NICE_0]! * DEFAULT_WEIGHT) / KERNEL_WEIGHTS[NICE_0]!;
}
