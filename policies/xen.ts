import { choiceOption, numberOption, type OptionSpec, type OptionValues } from '../sim/options.ts';
import { compose, type CpuPolicy, type PolicyClaims, type PolicyEntry } from '../sim/policy-api.ts';
import { GiB, KiB, ms } from '../sim/units.ts';
import { credit40 } from './cpu/xen/credit-40.ts';
import { credit } from './cpu/xen/credit.ts';
import type { Arrangement } from './cpu/xen/credit2-queues.ts';
import { credit2 } from './cpu/xen/credit2.ts';
import { nullScheduler } from './cpu/xen/null.ts';
import { entry } from './entry.ts';
import { firstTouch } from './memory/first-touch.ts';
import { homeNode } from './memory/home-node.ts';
import { round } from './memory/round.ts';
import { zoneFill } from './memory/zone-fill.ts';
import { libxl } from './placement/libxl.ts';
import { xend } from './placement/xend.ts';

const CREDIT = 'Xen 4.0 common/sched_credit.c (csched_schedule, csched_acct, csched_load_balance, csched_cpu_pick)';
const LIBXL = 'tools/libs/light/libxl_numa.c (libxl__get_numa_candidate)';
const BUDDY = 'common/page_alloc.c (get_free_buddy)';
/** No weights: credit divides by two to one per cent, by three that are unlike it is off by up to three, as slices are long. */
const CREDIT_40_CLAIMS: PolicyClaims = { workConserving: true, caps: true };

const migrationDelay: OptionSpec = {
  name: 'migration-delay',
  summary: 'how long after it last ran a vCPU is not stolen by another CPU (vcpu_migration_delay)',
  kind: 'time',
  default: 0,
  min: 0,
  max: ms(1000),
};
const grain: OptionSpec = {
  name: 'grain',
  summary: 'run of memory on one node; no finer than a block',
  kind: 'bytes',
  default: GiB(1),
  min: KiB(4),
};
const faithful: OptionSpec = {
  name: 'faithful',
  summary: 'yes keeps what the original does against its own intent, no does what was meant',
  kind: 'choice',
  default: 'yes',
  choices: ['yes', 'no'],
};
const hold: OptionSpec = {
  name: 'hold',
  summary: 'soft, vCPUs prefer the nodes their guest was placed on (Xen 4.5 and later); pinned, they are held there (4.2)',
  kind: 'choice',
  default: 'soft',
  choices: ['soft', 'pinned'],
};
const tslice: OptionSpec = {
  name: 'tslice',
  summary: 'time slice and accounting period (sched_credit_tslice_ms)',
  kind: 'time',
  default: ms(30),
  min: ms(1),
  max: ms(1000),
};
const ratelimit: OptionSpec = {
  name: 'ratelimit',
  summary: 'how long a vCPU that has just begun to run is left alone (sched_ratelimit_us)',
  kind: 'time',
  default: ms(1),
  min: 0,
  max: ms(500),
};
const stealGap: OptionSpec = {
  name: 'load-balance-ratelimit',
  summary: 'a CPU looks for work elsewhere no more often',
  kind: 'time',
  default: ms(1),
  min: 0,
  max: ms(1000),
};
const runq: OptionSpec = {
  name: 'runq',
  summary: 'which CPUs share a run queue (credit2_runqueue)',
  kind: 'choice',
  default: 'socket',
  choices: ['socket', 'node', 'core', 'all'],
};
const mostCpus: OptionSpec = {
  name: 'max-cpus',
  summary: 'CPUs of a run queue at most (credit2_max_cpus_runqueue)',
  kind: 'count',
  default: 16,
  min: 1,
  max: 1024,
};

const isFaithful = (options: OptionValues): boolean => choiceOption(options, 'faithful') === 'yes';

/** Hosts that run Xen. */
export const xenPolicies: readonly PolicyEntry[] = [
  numaOff('xen-4.0-off', 'vCPUs float as Xen 4.0 balances them, memory is filled from the highest addresses down, both blind to nodes.'),
  numaOn('xen-4.0-on', 'Each guest is pinned to the least loaded node with room, its memory there, as xend of Xen 4.0 does.'),
  ofToday(
    'xl-credit',
    'Guests are placed by xl and prefer their nodes, the credit scheduler of today looks there first, memory lies on these nodes in turn.',
    'common/sched/credit.c (csched_schedule, __runq_tickle, _csched_cpu_pick, csched_load_balance, csched_acct)',
    [tslice, ratelimit, migrationDelay, stealGap],
    (options) =>
      credit({
        tsliceNs: numberOption(options, 'tslice'),
        ratelimitNs: numberOption(options, 'ratelimit'),
        migrationDelayNs: numberOption(options, 'migration-delay'),
        stealGapNs: numberOption(options, 'load-balance-ratelimit'),
        isFaithful: isFaithful(options),
      }),
    { caps: true },
  ),
  ofToday(
    'xl-credit2',
    'Guests are placed by xl and prefer their nodes, credit2 has a run queue for each socket, memory lies on these nodes in turn.',
    'common/sched/credit2.c (csched2_schedule, runq_candidate, runq_tickle, csched2_res_pick, balance_load)',
    [runq, mostCpus, ratelimit],
    (options) =>
      credit2({
        arrangement: choiceOption(options, 'runq') as Arrangement,
        mostCpus: numberOption(options, 'max-cpus'),
        ratelimitNs: numberOption(options, 'ratelimit'),
        isFaithful: isFaithful(options),
      }),
    { caps: true, weights: true },
  ),
  ofToday(
    'xl-null',
    'Each vCPU has a CPU of its own, on the nodes its guest is placed on by xl while there are any, and one too many waits.',
    'common/sched/null.c (pick_res, unit_assign, unit_deassign)',
    [],
    () => nullScheduler(),
    { oneToOne: true },
  ),
  numaOff('xen-numa-off', 'As xen-4.0-off: vCPUs float as Xen 4.0 balances them, memory is filled from the highest addresses down.'),
  numaOn('xen-numa-on', 'As xen-4.0-on: each guest is pinned to the least loaded node with room, its memory there.'),
  entry(
    'xen-round',
    'vCPUs float as Xen 4.0 balances them, memory lies in runs over all nodes in turn, of each guest from node 0 on.',
    `${CREDIT}; Xen, ${BUDDY}`,
    [grain],
    (name, options) => compose(name, { cpu: credit40(), memory: round(numberOption(options, 'grain')) }),
    { ...CREDIT_40_CLAIMS, numaBase: 'xen-4.0-off' },
  ),
  entry(
    'xen-first-touch',
    'vCPUs float as Xen 4.0 balances them, memory lies where it was touched first.',
    `${CREDIT}; G. Voron et al., EuroSys 2017 (first-touch in the hypervisor)`,
    [],
    (name) => compose(name, { cpu: credit40(), memory: firstTouch() }),
    { ...CREDIT_40_CLAIMS, numaBase: 'xen-4.0-off' },
  ),
];

function numaOff(name: string, summary: string): PolicyEntry {
  return entry(
    name,
    summary,
    `${CREDIT}; common/page_alloc.c (page_to_zone, alloc_heap_pages) with numa=off`,
    [migrationDelay],
    (_name, options) => compose(name, { cpu: credit40(numberOption(options, 'migration-delay')), memory: zoneFill() }),
    CREDIT_40_CLAIMS,
  );
}

function numaOn(name: string, summary: string): PolicyEntry {
  return entry(
    name,
    summary,
    `Xen 4.0 xend XendDomainInfo.py (_setCPUAffinity, find_relaxed_node); ${CREDIT}; common/page_alloc.c (alloc_heap_pages)`,
    [migrationDelay, faithful],
    (_name, options) =>
      compose(name, {
        placement: xend('pinned', isFaithful(options)),
        cpu: credit40(numberOption(options, 'migration-delay')),
        memory: homeNode('next-id'),
      }),
    // with pins a vCPU that is driven off its CPU waits there: idle CPUs are told only of the one that woke, which may not run on them
    { ...CREDIT_40_CLAIMS, workConserving: false, numaBase: 'xen-4.0-off' },
  );
}

/** Placed by xl, memory in extents of 1 GiB on the nodes of the placement. */
function ofToday(
  name: string,
  summary: string,
  source: string,
  options: readonly OptionSpec[],
  cpu: (values: OptionValues) => CpuPolicy,
  claims: PolicyClaims,
): PolicyEntry {
  return entry(
    name,
    summary,
    `Xen, ${source}; ${LIBXL}; ${BUDDY}`,
    [...options, hold, faithful, grain],
    (_name, values) =>
      compose(name, {
        placement: libxl({ hold: choiceOption(values, 'hold') as 'soft' | 'pinned', isFaithful: isFaithful(values) }),
        cpu: cpu(values),
        memory: round(numberOption(values, 'grain')),
      }),
    claims,
  );
}
