import type { GuestRecord } from '../sim/recording.ts';
import type { Cell, Chart, Size } from './chart.ts';

/** Experiments on schedulers as kernels have them, beside the deck's charts. */

const CPUS = 48;
const SERVICE_MS = 10;
const loads = (size: Size): number[] => (size === 'full' ? [0.3, 0.5, 0.75, 1, 1.125, 1.25, 1.375, 1.5] : [0.3, 0.5, 1, 1.25, 1.5]);

/** Bursty guests of two vCPUs, so many that there are `load` vCPUs for each CPU. */
function loadSweep(name: string, what: string, workload: string): Chart {
  return {
    name,
    title: `Bursty guests, ${what}: pinned, free, and apart`,
    question: 'When does pinning win, when does it lose, and how far is apart from the better of both?',
    xLabel: 'vCPUs for each CPU, in guests of 2 vCPUs and 1 GiB',
    yLabel: 'CPU seconds of work done a second and guest',
    unit: 'CPU-s/s',
    isHigherBetter: true,
    xIsBytes: false,
    isLog: false,
    value: (guest) => guest.throughput.value,
    cells: (size) =>
      ['pin', 'kvm-numactl', 'kvm-cfs', 'kvm-eevdf', 'apart'].flatMap((policy) =>
        loads(size).map((load): Cell => ({
          series: policy,
          x: load,
          words: {
            policy,
            workload,
            guests: String(Math.round((load * CPUS) / 2)),
            vcpus: '2',
            duration: size === 'full' ? '10s' : '2s',
          },
        })),
      ),
  };
}

/** Mean time from arrival to end, in mean service times. */
const meanResponse = (guest: GuestRecord): number => guest.lifetimeNs / guest.completions / (SERVICE_MS * 1e6);

export const schedulers: readonly Chart[] = [
  {
    name: 'kernbench-schedulers',
    title: 'kernbench in guests of 1 vCPU under the schedulers of KVM and Xen',
    question: 'Which scheduler compiles fastest, with CPUs to spare and without?',
    xLabel: 'guests of 1 vCPU and 1 GiB',
    yLabel: 'elapsed s',
    unit: 's',
    isHigherBetter: false,
    xIsBytes: false,
    isLog: false,
    value: (guest) => guest.elapsedNs / 1e9,
    cells: (size) =>
      ['kvm-eevdf', 'kvm-cfs', 'xen-4.0-off', 'xen-4.0-on', 'xl-credit', 'xl-credit2', 'pin', 'apart'].flatMap((policy) =>
        [7, 24, 48].map((count): Cell => ({
          series: policy,
          x: count,
          words: {
            policy,
            workload: size === 'full' ? 'kernbench' : 'kernbench:jobs=40',
            guests: String(count),
            kind: policy.startsWith('x') ? 'xen-hvm' : 'kvm',
          },
        })),
      ),
  },
  loadSweep('load-sweep', 'of which three tenths wait for memory', 'bursty:load=0.5'),
  loadSweep('load-sweep-memory', 'of which eight tenths wait for memory', 'bursty:load=0.7,memory=0.8'),
  loadSweep('load-sweep-compute', 'that only compute', 'bursty:load=0.8,memory=0,burst=50ms,law=h2'),
  {
    name: 'pooling',
    title: 'One queue of 48 CPUs, eight of 6, or 48 of one, with no cost of distance',
    question: 'What does pinning cost where memory costs nothing, and how near to one queue do EEVDF and CFS come?',
    xLabel: 'load of each CPU, percent',
    yLabel: 'mean time from arrival to end, in service times',
    unit: 'service times',
    isHigherBetter: false,
    xIsBytes: false,
    isLog: false,
    value: meanResponse,
    cells: (size) =>
      (
        [
          ['one queue', 'central-fifo:slice=1s'],
          ['8 x 6', 'fifo-pools:per=node,slice=1s'],
          ['48 x 1', 'fifo-pools:per=cpu,slice=1s'],
          ['kvm-eevdf', 'kvm-eevdf'],
          ['kvm-cfs', 'kvm-cfs'],
        ] as const
      ).flatMap(([series, policy]) =>
        [70, 80, 90].map((load): Cell => ({
          series,
          x: load,
          words: {
            policy,
            machine: 'uniform',
            kind: 'bare',
            workload: `queue:rate=${Math.round((load * CPUS * 10) / SERVICE_MS)},slots=1000`,
            vcpus: '1000',
            boot: '0',
            'host-noise': '0',
            duration: size === 'full' ? '200s' : '10s',
          },
        })),
      ),
  },
];
