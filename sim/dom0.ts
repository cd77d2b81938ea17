import type { Burst } from './bursts.ts';
import { us } from './units.ts';

/** Xen gives its privileged guest a vCPU for each CPU; more than this it would not use. Assumed. */
const MOST_VCPUS = 64;
/** CPUs' worth of work for each vCPU of the guests: their device models, back ends and timers. Assumed. */
const LOAD_PER_VCPU = 0.05;
/** And without guests: xend, xenstored, housekeeping. Assumed. */
const OWN_LOAD = 0.1;
const BURST_NS = us(300); // assumed

/**
 * dom0, the privileged guest of Xen, as a load on the host: its vCPUs float, weigh as much as any guest's and wake for short bursts, more
 * often the more the guests have it do. It is what makes 15 guests of 2 vCPUs too many for 32 CPUs. `dom0` scales how often they wake.
 */
export function dom0(cpus: number, guestVcpus: number, scale: number): Burst[] {
  const vcpus = Math.min(cpus, MOST_VCPUS);
  const load = ((OWN_LOAD + LOAD_PER_VCPU * guestVcpus) * scale) / vcpus; // of each: run / wait
  return new Array<Burst>(vcpus).fill({ runNs: BURST_NS, waitNs: BURST_NS / load });
}
