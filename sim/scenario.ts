import type { ContentionModel } from './contention.ts';
import type { GuestConfiguration } from './guest-configuration.ts';
import type { Machine } from './machine.ts';
import type { OptionValues } from './options.ts';
import type { GuestKind, PolicyEntry } from './policy-api.ts';
import { us } from './units.ts';
import type { VnumaSpec } from './vnuma.ts';
import type { WorkloadEntry } from './workload-api.ts';

export interface GuestSpec {
  readonly name: string;
  readonly kind: GuestKind;
  readonly vcpus: number;
  readonly memoryBytes: number;
  /** Virtual nodes that its memory and its vCPUs are divided into, equally and in order unless `vnuma` says otherwise; 1 for a flat guest. */
  readonly vnodes: number;
  /** What else it is told of them, and whether the host keeps to it; left out: PLAIN_VNUMA. */
  readonly vnuma?: VnumaSpec;
  readonly weight: number;
  /** CPUs its vCPUs may use, of those the policy gives them (taskset, xl's `cpus`); null or left out for all. */
  readonly cpus?: readonly number[] | null;
  /** What its configuration asks of the host, for policies that heed it; left out: nothing. */
  readonly configured?: GuestConfiguration;
  /** CPU time it may have, in percent of one CPU; 0 for no limit. */
  readonly capPercent: number;
  /** When it comes to the host; and when it goes, whatever it is doing, or null to stay. */
  readonly arrivesNs: number;
  readonly departsNs: number | null;
  readonly workload: WorkloadEntry;
  readonly options: OptionValues;
  /** Share of the guest's memory that its boot touches, 0..1; 0 skips the boot. */
  readonly bootShare: number;
}

/** A CPU goes off line, or comes back. */
export interface HotplugEvent {
  readonly atNs: number;
  readonly cpu: number;
  readonly isOnline: boolean;
}

/** What handling costs, each in ns. Sources in docs/model.md; those without one are assumed. */
export interface Costs {
  readonly contextSwitchNs: number;
  /** VM exit and entry around HLT. */
  readonly exitNs: number;
  /** Inter-processor interrupt that starts an idle CPU. */
  readonly ipiNs: number;
  /** Guest page fault on memory the host has already backed, per 4 KiB page. */
  readonly guestFaultNs: number;
  /** Host fault that backs memory, per 4 KiB page. */
  readonly hostFaultNs: number;
  /** Whether a vCPU that changes CPU fetches its cache anew. */
  readonly coldCache: boolean;
  /** Slice of a guest's own scheduler. */
  readonly guestSliceNs: number;
  /** Call of a policy's hook, and of each helper it calls. */
  readonly hookNs: number;
  readonly helperNs: number;
  /** Hint fault: trap, look-up, return. A sampled access: its interrupt and record. A mapping marked; split into blocks. */
  readonly hintFaultNs: number;
  readonly sampleNs: number;
  readonly markNs: number;
  readonly splitNs: number;
  /** A block moved, beside the copy itself: mapped anew; other CPUs made to forget the old mapping, which each pays an IPI for. */
  readonly remapNs: number;
  readonly shootdownNs: number;
  /** Share of a moved block's lines that are copied: 1; 0 makes copies free, to see what moving would be worth. */
  readonly copyShare: number;
}

export const DEFAULT_COSTS: Costs = {
  contextSwitchNs: us(2), // assumed
  exitNs: 1_200, // assumed, inside "a few hundred to a few thousand cycles" (AnandTech 2480, 2008)
  ipiNs: us(1), // assumed, the low end of 1-3 us of a shootdown round trip
  guestFaultNs: 500, // assumed
  hostFaultNs: us(1), // assumed
  coldCache: true,
  guestSliceNs: us(4_000), // assumed
  hookNs: 50, // assumed: a BPF program through its trampoline
  helperNs: 15, // assumed: a kfunc
  hintFaultNs: us(2), // assumed; the measured 112-213 us of 128 and more threads are an upper bound, contention included
  sampleNs: us(1), // assumed
  markNs: 100, // assumed
  splitNs: us(5), // assumed
  remapNs: us(2), // assumed
  shootdownNs: us(2), // in the range of 1-3 us that two secondary sources have for a shootdown
  copyShare: 1,
};

export interface Scenario {
  readonly machine: Machine;
  readonly policy: PolicyEntry;
  readonly policyOptions: OptionValues;
  readonly guests: readonly GuestSpec[];
  /** Canonical decimal text. */
  readonly seed: string;
  /** After all guests have booted their instances start together (0), or one after the other with this gap. */
  readonly startGapNs: number;
  /** How long to run after the instances start; null until every guest has ended by itself. */
  readonly durationNs: number | null;
  /** Simulated time after which a run is stopped in any case. */
  readonly limitNs: number;
  readonly ties: 'id' | 'seeded';
  /** How flows through the same controllers and links share them. */
  readonly contention: ContentionModel;
  /** Scale of the host's background load; 0 switches it off. */
  readonly hostNoise: number;
  /** Scale of the load of Xen's privileged guest; 0 leaves it out. */
  readonly dom0: number;
  readonly blockBytes: number;
  /** What the host maps at once, a whole number of blocks: transparent huge pages. One block unless it is more. */
  readonly mappingBytes?: number;
  /** Memory that the host's page cache holds before guests arrive. */
  readonly hostCacheBytes: number;
  readonly hotplug: readonly HotplugEvent[];
  readonly costs: Costs;
  /** A vCPU that has waited this long for a CPU has been forgotten by the policy, whose run ends. */
  readonly watchdogNs: number;
  /** At how many points of time, at least, the run is looked at (`Recording.timeline`); 0 or left out for none. */
  readonly timelinePoints?: number;
  /** Whether the run tells where guests were put and were (`Recording.places`); changes nothing of it. */
  readonly tellsPlaces?: boolean;
  /** Checks after every instant (tests) or cheap ones only. */
  readonly checks: 'all' | 'cheap';
}
