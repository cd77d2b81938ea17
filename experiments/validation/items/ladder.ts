import type { ValidationItem } from '../item.ts';

/** How much of what pinning by hand gives NUMA balancing finds, and Linux without it. */
export const ladderItem: ValidationItem = {
  id: 'autonuma-ladder',
  machine: '8 nodes of 10 cores, otherwise unpublished',
  workload: 'two SPECjbb2005, 40 warehouses each',
  metric: 'rate over that of both pinned to four nodes each by hand: NUMA balancing, none',
  value: [0.95, 0.66],
  labels: ['NUMA balancing', 'none'],
  accept: '±10%; ±20%',
  class: 'C',
  source: 'R. van Riel, pseudo-interleaving for NUMA balancing, LKML 2014-01-17 (LWN 581002)',
  raw: {
    'pinned by hand': [755900.2, 754914.4],
    'with pseudo-interleaving': [706439.84, 729347.75],
    'without it': [667988.47, 638220.45],
    none: [544120.97, 453553.41],
  },
  fitted:
    'how the heap lies, chosen of three after their outcome: with own heaps (beside) both free runs beat pinning, and with memory of guests ' +
    'that booted, a run of 12 s gave none 0.92 and balancing came to more than pinning in time; machine, wiring and work are assumed. A ' +
    'transaction stands for some hundred: it takes 20 ms',
  note:
    'the balancing of Linux 6.12 has pseudo-interleaving, the one before it (0.865) is not simulated. Each process is pinned to two pairs of ' +
    'linked nodes. With the background load of the host, which is off, it was 0.913 and 0.911. Where the objects of a warehouse stay where its own thread touched them (beside), free threads lose nothing at all',
  miss:
    'two thirds are not explained by what is simulated: where memory is spread over the nodes that threads run on, those that float lose the ' +
    'difference of a few hops, and pinning by hand has three of four accesses remote as well. In the published run memory must have lain far worse, ' +
    'or links were full, which they are not on the machine assumed. So what NUMA balancing gains over none is not confirmed, only that it ' +
    'comes near to pinning',
  scenario: {
    seeds: 2,
    words: {
      machine: 'xeon-8s-80c',
      kind: 'bare',
      boot: '0',
      'host-noise': '0',
      ties: 'seeded',
      vcpus: '40',
      memory: '9GiB',
      workload: 'specjbb-like:service=20ms,objects=mixed,heap=128MiB',
      contention: 'max-min',
      duration: '40s',
      guests: '2',
    },
    runs: {
      pinned: { policy: 'kvm-eevdf', guests: [{ cpus: '0-19,40-59' }, { cpus: '20-39,60-79' }] },
      balanced: { policy: 'autonuma' },
      none: { policy: 'kvm-eevdf' },
    },
    values: ['balanced.throughput / pinned.throughput', 'none.throughput / pinned.throughput'],
    beside: { 'with the objects of each warehouse in its own heap': { replace: 'objects=mixed', with: 'objects=own' } },
  },
};
