import type { Cell, Chart, Size } from '../chart.ts';
import { work } from './charts.ts';
import type { Question } from './question.ts';
import { answerBy } from './sentences.ts';

const FAVOURITE = 'apart';
const HOMELESS = 'xen-first-touch';
const RIVALS = ['xen-numa-on', 'xen-numa-off', 'xl-credit', 'xl-credit2'];
const POLICIES = [...RIVALS, FAVOURITE];
const guests = (size: Size): number[] => (size === 'full' ? [1, 3, 7, 11, 15, 19, 23] : [1, 7, 23]);

function overGuests(name: string, title: string, question: string, vcpus: number, workload: string, unit: string): Chart {
  return {
    ...work(unit),
    name,
    title,
    question,
    xLabel: `guests of ${vcpus} vCPUs`,
    cells: (size) =>
      POLICIES.flatMap((policy) =>
        guests(size).map((count): Cell => ({
          series: policy,
          x: count,
          words: {
            policy,
            workload,
            guests: String(count),
            vcpus: String(vcpus),
            memory: '2GiB',
            kind: 'xen-hvm',
            duration: size === 'full' ? '10s' : '1s',
          },
        })),
      ),
  };
}

/** One guest alone, with the memory of its home node: other nodes' controllers idle. */
const alone: Chart = {
  ...work('GB/s'),
  name: 'guests-apart-alone',
  title: 'One guest of 6 streaming vCPUs, alone on the host',
  question: 'Does a home lose where the rest of the host is idle?',
  xLabel: 'streaming vCPUs in the only guest',
  cells: (size) =>
    [HOMELESS, FAVOURITE].map((policy): Cell => ({
      series: policy,
      x: 6,
      words: {
        policy,
        workload: 'lmbench-rd:size=64MiB',
        vcpus: '6',
        memory: '2GiB',
        kind: 'xen-hvm',
        boot: '0',
        duration: size === 'full' ? '10s' : '1s',
      },
    })),
};

export const guestsApart: Question = {
  name: 'guests-apart',
  deck: 'Schedule guests apart, like Xen but without pinning',
  charts: [
    overGuests(
      'guests-apart-bursty',
      'Bursty guests: pinned by xend, blind to nodes, and with soft homes chosen as xl does under three schedulers',
      'Do soft homes match pins, and beat a host that knows no nodes?',
      3,
      'bursty:load=0.6,memory=0.6',
      'CPU-s/s',
    ),
  ],
  siblings: [alone],
  secondsASeed: 2.3,
  answer: answerBy({ favourite: FAVOURITE, rivals: [...RIVALS, HOMELESS] }),
};
