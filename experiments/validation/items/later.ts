import type { ValidationItem } from '../item.ts';

/** Published results that need what is not there yet. */
export const laterItems: readonly ValidationItem[] = [
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
