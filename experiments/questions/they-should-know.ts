import type { Cell, Chart, Size } from '../chart.ts';
import { work } from './charts.ts';
import type { Question } from './question.ts';
import { answerBy } from './sentences.ts';

/** CPUs of a node of the deck's machine, and the memory that its nodes of 8 and 16 GiB have for guests. */
const NODE_CPUS = 6;
const NODE_GIB = [7, 15] as const;

const FAVOURITE = 'told right';
/** What guests larger than a node are told of the nodes that the host gives them, in words of a run. */
const TOLD: Readonly<Record<string, (vcpus: number) => Cell['words']>> = {
  'told nothing': () => ({}),
  'bound but not told': (vcpus) => ({ ...nodesOf(vcpus), 'vnuma-host': 'keep', 'vnuma-guest': 'off' }),
  'told wrong': (vcpus) => ({ ...nodesOf(vcpus), 'vnuma-host': 'moved:0s' }),
  [FAVOURITE]: (vcpus) => ({ ...nodesOf(vcpus), 'vnuma-host': 'keep' }),
};
const SOCKETS: typeof TOLD = {
  'sockets alone': (vcpus) => ({ ...TOLD['bound but not told']!(vcpus), vtopology: `sockets=${vcpus / NODE_CPUS},cores=${NODE_CPUS}` }),
  'right with its sockets': (vcpus) => ({ ...TOLD[FAVOURITE]!(vcpus), vtopology: `sockets=${vcpus / NODE_CPUS},cores=${NODE_CPUS}` }),
  'right with a socket a vCPU': (vcpus) => ({ ...TOLD[FAVOURITE]!(vcpus), vtopology: `sockets=${vcpus}` }),
  [FAVOURITE]: TOLD[FAVOURITE]!,
};

const knowing: Chart = {
  ...work('requests/s'),
  name: 'they-should-know-size',
  title: 'A guest with threads that share work, from smaller than a node to all of the host, by what it is told of its nodes',
  question: 'Should a guest know its nodes, and what if what it knows is wrong?',
  xLabel: 'vCPUs in the guest',
  cells: (size) =>
    Object.entries(TOLD).flatMap(([series, told]) =>
      (size === 'full' ? [2, 12, 24, 48] : [2, 12, 48]).map((vcpus): Cell => ({
        series,
        x: vcpus,
        words: { ...guestOf(vcpus, 'specjbb-like', size), ...smallOr(series, vcpus, told) },
      })),
    ),
};

const sockets: Chart = {
  ...work('requests/s'),
  name: 'they-should-know-sockets',
  title: 'A guest of two nodes, by whether its sockets and their caches are those nodes: marry topology and NUMA?',
  question: 'Must the SMP topology match the nodes?',
  xLabel: 'vCPUs',
  cells: (size) =>
    Object.entries(SOCKETS).flatMap(([series, told]) =>
      (size === 'full' ? [12, 24] : [12]).map((vcpus): Cell => ({
        series,
        x: vcpus,
        words: { ...guestOf(vcpus, 'specjbb-like', size), ...told(vcpus) },
      })),
    ),
};

/** What a guest is told is right only while its vCPUs are held: ten virtual nodes on eight of the host, and no memory to be near to. */
const crowded: Chart = {
  ...work('CPU-s/s'),
  name: 'they-should-know-crowded',
  title: 'Five guests of 12 vCPUs that only compute, in bursts',
  question: 'What does it cost the host to keep what it told?',
  xLabel: 'computing guests of 12 vCPUs',
  cells: (size) =>
    ['told nothing', FAVOURITE].map((series): Cell => {
      const keeps = series === FAVOURITE ? { vnodes: '2', 'vnuma-host': 'keep' } : {};
      const duration = size === 'full' ? '5s' : '1s';
      return {
        series,
        x: 5,
        words: { ...guestOf(12, 'bursty:memory=0,load=0.7', size), guests: '5', memory: '12GiB', duration, ...keeps },
      };
    }),
};

/** A guest that fits a node has one: what is right is to be told nothing, what is wrong is two. */
function smallOr(series: string, vcpus: number, told: (vcpus: number) => Cell['words']): Cell['words'] {
  if (vcpus > NODE_CPUS) return told(vcpus);
  return series === 'told wrong' ? { vnodes: '2', 'vnuma-host': 'moved:0s' } : {};
}

function guestOf(vcpus: number, workload: string, size: Size): Record<string, string> {
  return {
    policy: 'kvm-eevdf',
    workload,
    vcpus: String(vcpus),
    memory: `${vcpus > NODE_CPUS ? memoryGiB(vcpus) : 2 * vcpus}GiB`,
    duration: size === 'full' ? '5s' : '200ms',
  };
}

function memoryGiB(vcpus: number): number {
  return Array.from({ length: vcpus / NODE_CPUS }, (_, node) => NODE_GIB[node % 2]!).reduce((sum, GiB) => sum + GiB, 0);
}

/** As many nodes as it has vCPUs for, with memory as the host's have. */
function nodesOf(vcpus: number): Cell['words'] {
  const nodes = Array.from({ length: vcpus / NODE_CPUS }, (_, node) => `${node * NODE_CPUS}-${(node + 1) * NODE_CPUS - 1}:${NODE_GIB[node % 2]!}GiB`); // prettier-ignore
  return { vnuma: nodes.join('/') };
}

export const theyShouldKnow: Question = {
  name: 'they-should-know',
  deck: 'They should know! ... marry topology and NUMA?',
  charts: [knowing, sockets],
  siblings: [crowded],
  secondsASeed: 4.6,
  answer: answerBy({
    favourite: FAVOURITE,
    rivals: [...Object.keys(TOLD), ...Object.keys(SOCKETS)].filter((series) => series !== FAVOURITE),
  }),
};
