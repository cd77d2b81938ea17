import type { RunWords, ValidationItem } from '../item.ts';

const words: RunWords = {
  kind: 'bare',
  boot: '0',
  'host-noise': '0',
  memory: '5GiB',
  contention: 'max-min',
  workload: 'numa01-like',
};
const hygon: RunWords = { ...words, machine: 'hygon7280-2s', vcpus: '32' };
/** The two processes, each on the CPUs of a node. */
const bound: RunWords = { guests: [{ cpus: '0-31' }, { cpus: '32-63' }] };
const OWN = 'numa01-like:alloc=thread';

/** The autonuma-benchmark: two processes of as many threads as there are CPUs, which clear memory for ever. */
export const numa01Items: readonly ValidationItem[] = [
  {
    id: 'numa01',
    machine: 'AMD "souparnika", otherwise unpublished',
    workload: 'autonuma-benchmark: numa01 and numa01_THREAD_ALLOC, mean of 8 runs',
    metric: 'time: numa01 INVERSE_BIND and unbound (NUMA balancing), both over HARD_BIND; THREAD_ALLOC unbound over its HARD_BIND',
    value: [1.802, 2.656, 0.937],
    labels: ['inverse', 'unbound', 'own memory'],
    accept: '±20%',
    class: 'C',
    derived: true,
    source: 'intel/lkp-tests pull request 187, Linux 6.0.1 and 5.19.15, mean of the ratios of the two kernels',
    raw: {
      kernels: ['6.0.1', '5.19.15'],
      numa01: [282.04, 297.61],
      HARD_BIND: [118.45, 101.56],
      INVERSE_BIND: [196.63, 197.38],
      THREAD_ALLOC: [100.75, 99.24],
      THREAD_ALLOC_HARD_BIND: [111.86, 101.89],
    },
    fitted: 'nothing; the machine is assumed to be a two-socket one of Zen cores, hygon7280-2s',
    note:
      'in numa01.c as it is public, what should swap the memory of the two processes asks the same question twice, so that INVERSE_BIND puts ' +
      'the memory of both on the second node: simulated as it is written. What each thread does was published as source, 50 or 1000 passes over 3 GiB or its part of it',
    miss:
      'unbound processes that share all their memory get on better here than published: NUMA balancing has brought each to a node of its ' +
      'own by the end of the run, as it does sooner where threads have memory of their own. The published ones did worse than with all memory on one node; ' +
      'caches that eight-core complexes keep to themselves, and locks of page faults and of moves in a process of many threads, are not modelled',
    scenario: {
      seeds: 1,
      words: hygon,
      runs: {
        hard: { policy: 'kvm-eevdf', ...bound },
        inverse: { policy: 'numactl:cpunodebind=all,memory=membind,nodes=1', ...bound },
        unbound: { policy: 'autonuma', guests: '2' },
        ownHard: { policy: 'kvm-eevdf', ...bound, workload: OWN },
        own: { policy: 'autonuma', guests: '2', workload: OWN },
      },
      values: ['inverse.longest / hard.longest', 'unbound.longest / hard.longest', 'own.longest / ownHard.longest'],
    },
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
    fitted: 'nothing; the machine is assumed to be xeon-skx-2s with its 56 cores, and memory moves by 2 MiB',
    note: 'without is EEVDF without NUMA balancing; 300 passes of the 1000, which counts the time that memory takes to find its place thrice',
    miss:
      'the sign is right and no more: half of the lines are remote without NUMA balancing, which costs only a quarter here because a ' +
      'controller or a link is full in either case. The published machine has more than twice the cores for each of its links',
    scenario: {
      seeds: 1,
      words: { ...words, machine: 'xeon-skx-2s', vcpus: '28', guests: '2', workload: `${OWN},passes=300` },
      runs: { on: { policy: 'autonuma' }, off: { policy: 'kvm-eevdf' } },
      values: 'on.longest / off.longest',
    },
  },
];
