import type { ValidationItem } from '../item.ts';

/** Published results that need schedulers or page migration which are not there yet. */
const HYSER = {
  machine: '2-socket Xeon Platinum 8167M 2.0 GHz, 104 CPUs, 2 nodes, sched_migration_cost 0.5 ms',
  workload:
    'one probe thread doing random u64 read+write in a large buffer; every CPU also carries a pinned 60% cpu-only load; mean of 64 runs, seconds',
  source: 'LKML 20231216001801.3015832-1-chris.hyser@oracle.com (public copy of the report), table lines',
} as const;

export const laterItems: readonly ValidationItem[] = [
  {
    ...HYSER,
    id: 'P11',
    metric: 'time remote-pinned / local-pinned, NUMA balancing off ([01]/[00], [03]/[04])',
    value: [1.236, 1.209],
    accept: '±8%',
    class: 'A',
    skipped: 'belongs to the table of P12 and P13, whose Linux scheduler is not there yet',
  },
  {
    ...HYSER,
    id: 'P12',
    metric: 'soft affinity to the memory node, CPU free (PNID 0, Mem 0, CPU F, NB 1 [20]) / hard pinning (PNID -1, NB 1 [09])',
    value: 0.952,
    accept: '< 1.0 and > 0.88',
    class: 'A',
    raw: [129.2, 135.68],
    note: 'the claim of the deck: do not pin, but avoid node migration',
    skipped: "needs Linux's scheduling domains and its preferred node, which are not there yet",
  },
  {
    ...HYSER,
    id: 'P13',
    metric: 'migrations per run, all free, NB off: same-core, same-node, cross-node shares',
    value: [0.15, 0.51, 0.34],
    accept: '±0.08 abs.',
    class: 'A',
    raw: { run1: [681, 2306, 1548], run2: [800, 2255, 1503] },
    skipped: "needs Linux's scheduling domains, which are not there yet",
  },
  {
    id: 'P14',
    machine: '2 nodes, 128 cores Xeon Platinum',
    workload: 'autonuma-benchmark numa01_THREAD_ALLOC, mTHP 64K',
    metric: 'time with migrate-on-fault / without',
    value: 0.407,
    accept: '±25%',
    class: 'C',
    source: 'LKML mTHP numa balancing v2 (public copy of the report)',
    skipped: "needs Linux's AutoNUMA, which is not there yet",
  },
];
