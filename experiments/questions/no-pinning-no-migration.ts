import type { Cell, Chart, Size } from '../chart.ts';
import { work } from './charts.ts';
import type { Question } from './question.ts';
import { answerBy } from './sentences.ts';

const CPUS = 48;
const FAVOURITE = 'apart';
const RIVALS = ['kvm-numactl', 'kvm-eevdf', 'autonuma'];
const POLICIES = [...RIVALS, FAVOURITE];
const loads = (size: Size): number[] => (size === 'full' ? [0.25, 0.5, 0.75, 1, 1.25, 1.5] : [0.25, 1, 1.5]);

const bursty: Chart = {
  ...work('CPU-s/s'),
  name: 'no-pinning-over-load',
  title: 'Bursty guests of 2 vCPUs, idle neighbours to overload: pinned, free, balanced, and soft homes',
  question: 'Do soft homes give what pinning gives while there is room, and what floating gives when there is none?',
  xLabel: 'vCPUs a CPU',
  cells: (size) =>
    POLICIES.flatMap((policy) =>
      loads(size).map((load): Cell => ({
        series: policy,
        x: load,
        words: {
          policy,
          workload: 'bursty:load=0.5,memory=0.5',
          guests: String(Math.round((load * CPUS) / 2)),
          vcpus: '2',
          duration: size === 'full' ? '20s' : '4s',
        },
      })),
    ),
};

/** Homes are nodes, and a node's memory is not enough for all its CPUs. */
const packed: Chart = {
  ...work('GB/s'),
  name: 'no-pinning-packed',
  title: 'One guest that streams from every vCPU, its home one node',
  question: 'Do soft homes lose where a guest wants the bandwidth of more than one node?',
  xLabel: 'streaming vCPUs in one guest',
  cells: (size) =>
    POLICIES.flatMap((policy) =>
      [2, 6].map((vcpus): Cell => ({
        series: policy,
        x: vcpus,
        words: {
          policy,
          workload: 'lmbench-rd:size=64MiB',
          vcpus: String(vcpus),
          boot: '0',
          duration: size === 'full' ? '10s' : '1s',
        },
      })),
    ),
};

export const noPinningNoMigration: Question = {
  name: 'no-pinning-no-migration',
  deck: 'Avoid pinning (denies load balancing) but avoid node migration',
  charts: [bursty],
  siblings: [packed],
  secondsASeed: 5.2,
  answer: answerBy({ favourite: FAVOURITE, rivals: RIVALS }),
};
