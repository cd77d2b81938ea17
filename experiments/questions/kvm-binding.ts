import type { Cell, Chart, Size } from '../chart.ts';
import { work } from './charts.ts';
import type { Question } from './question.ts';
import { answerBy } from './sentences.ts';

const FAVOURITE = 'libnuma a vnode';
/** How QEMU's memory and vCPUs come to nodes; the scheduler is the same for all. Each guest believes in two nodes. */
const BINDINGS: Readonly<Record<string, Cell['words']>> = {
  none: { policy: 'kvm-cfs' },
  numactl: { policy: 'libvirt:placement=auto' },
  hugetlbfs: { policy: 'kvm-hugetlbfs' },
  [FAVOURITE]: { policy: 'kvm-cfs', 'vnuma-host': 'keep' },
};

const GUESTS = 4;

const byPolicy: Chart = {
  ...work('requests/s'),
  name: 'kvm-binding-size',
  title: 'Four guests of two virtual nodes, smaller and larger than a host node, by how KVM binds them to host nodes',
  question: 'Is it better to bind each virtual node, or the whole guest, or its memory at start, or nothing?',
  xLabel: 'vCPUs a guest',
  cells: (size) =>
    Object.entries(BINDINGS).flatMap(([series, binding]) =>
      (size === 'full' ? [2, 6, 12] : [2, 12]).map((vcpus): Cell => ({
        series,
        x: vcpus,
        words: { ...guestsOf(vcpus, 'specjbb-like', size), ...binding },
      })),
    ),
};

/** Guests that hardly wait for memory, and CPUs short on some nodes while others idle. */
const uneven: Chart = {
  ...work('CPU-s/s'),
  name: 'kvm-binding-uneven',
  title: 'Nine guests of 8 vCPUs that only compute, in bursts',
  question: 'Does binding lose where memory does not matter and CPUs are short?',
  xLabel: 'computing vCPUs a guest',
  cells: (size) =>
    ['none', FAVOURITE].map((series): Cell => ({
      series,
      x: 8,
      words: {
        ...guestsOf(8, 'bursty:memory=0,load=0.7', size),
        guests: '9',
        duration: size === 'full' ? '5s' : '1s',
        ...BINDINGS[series],
      },
    })),
};

function guestsOf(vcpus: number, workload: string, size: Size): Cell['words'] {
  return {
    workload,
    guests: String(GUESTS),
    vcpus: String(vcpus),
    memory: `${Math.max(2, vcpus)}GiB`,
    vnodes: '2',
    duration: size === 'full' ? '5s' : '300ms',
  };
}

export const kvmBinding: Question = {
  name: 'kvm-binding',
  deck: 'Realization of KVM host NUMA binding',
  charts: [byPolicy],
  siblings: [uneven],
  secondsASeed: 2.3,
  answer: answerBy({ favourite: FAVOURITE, rivals: Object.keys(BINDINGS).filter((series) => series !== FAVOURITE) }),
};
