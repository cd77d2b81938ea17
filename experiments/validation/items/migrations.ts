import type { RunWords, ValidationItem } from '../item.ts';

export const HYSER = {
  machine: '2-socket Xeon Platinum 8167M 2.0 GHz, 104 CPUs, 2 nodes, sched_migration_cost 0.5 ms',
  workload:
    'one probe thread doing random u64 read+write in a large buffer; every CPU also carries a pinned 60% cpu-only load; mean of 64 runs, seconds',
  source: 'LKML 20231216001801.3015832-1-chris.hyser@oracle.com (public copy of the report), table lines',
} as const;

const CPUS = 104;

/** A load that keeps its CPU busy for 6 of 10 ms. */
const load = (cpu: number): RunWords => ({
  name: `load${cpu}`,
  kind: 'bare',
  memory: '64MiB',
  cpus: String(cpu),
  workload: 'bursty:load=0.6,burst=6ms,law=det,idle-law=det,memory=0',
}); /** One on each CPU. */
export const loads: readonly RunWords[] = Array.from({ length: CPUS }, (_, cpu) => load(cpu));
/** What may run anywhere. */
export const probe: RunWords = { name: 'probe', kind: 'bare', memory: '2GiB', workload: 'hot-set:heat=uniform,writes=0.5' };

const moves = 'free.movedCore + free.movedCpu + free.movedSocket';

/** How often and how far a thread that may run anywhere is moved on a machine whose CPUs are all partly busy. */
export const migrationsItem: ValidationItem = {
  ...HYSER,
  id: 'P13',
  metric: 'migrations per run, all free, NB off: same-core, same-node, cross-node shares',
  value: [0.15, 0.51, 0.34],
  labels: ['same core', 'same node', 'cross node'],
  accept: '±0.08 abs.',
  class: 'A',
  raw: { run1: [681, 2306, 1548], run2: [800, 2255, 1503] },
  fitted: 'nothing',
  note: 'how long the loads run and sleep was not published: 6 and 4 ms, begun one after the other, are assumed',
  miss:
    'the shares depend on that: see what other loads give. The published runs had some 35 moves a second, here there are several times as ' +
    'many with this period, and about as many with one of 40 ms',
  scenario: {
    seeds: 5,
    words: {
      machine: 'xeon-8167m-2s',
      policy: 'kvm-eevdf',
      boot: '0',
      duration: '4s',
      start: 'staggered:96us',
      contention: 'max-min',
      guests: [...loads, probe],
    },
    runs: { free: {} },
    values: ['movedCore', 'movedCpu', 'movedSocket'].map((moved) => `free.${moved} / (${moves})`),
    beside: {
      'loads that begin together': { replace: 'staggered:96us', with: 'together' },
      'loads of 24 in 40 ms': { replace: 'burst=6ms', with: 'burst=24ms' },
    },
  },
};
