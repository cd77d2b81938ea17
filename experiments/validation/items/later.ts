import type { ValidationItem } from '../item.ts';
import { HYSER } from './migrations.ts';

/** Published results that need schedulers or page migration which are not there yet. */
export const laterItems: readonly ValidationItem[] = [
  {
    ...HYSER,
    id: 'P11',
    metric: 'time remote-pinned / local-pinned, NUMA balancing off ([01]/[00], [03]/[04])',
    value: [1.236, 1.209],
    accept: '±8%',
    class: 'A',
    skipped: 'belongs to the table of P12, whose preferred node is not there yet',
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
    skipped: "needs Linux's preferred node, which is not there yet",
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
