import type { Cell, Chart, Size } from '../chart.ts';
import { MiB } from '../../sim/units.ts';
import { work } from './charts.ts';
import { sentAstray } from './itinerary.ts';
import type { Question } from './question.ts';
import { answerBy } from './sentences.ts';

const FAVOURITE = 'vCPU migration';
const SERIES = [
  ['no migration', 'astray-kvm-eevdf'],
  ['page migration', 'astray-hot-pages-first'],
  ['autonuma', 'astray-autonuma'],
  ['both', 'astray-hot-pages-first:cpu=apart'],
  [FAVOURITE, 'astray-apart'],
] as const;
const RIVALS = SERIES.map(([series]) => series).filter((series) => series !== FAVOURITE);

const overMemory: Chart = {
  ...work('Mload/s'),
  name: 'page-or-vcpu-memory',
  title: 'Four guests of 2 vCPUs find themselves far from their memory, all CPUs at hand: what moves, over how much memory they use',
  question: 'Is it better to send vCPUs to their memory, or memory to its vCPUs?',
  xLabel: 'of memory a vCPU',
  xIsBytes: true,
  cells: (size) =>
    SERIES.flatMap(([series, policy]) =>
      (size === 'full' ? [16, 64, 256, 1024] : [16, 256]).map((mebibytes): Cell => ({
        series,
        x: MiB(mebibytes),
        words: words(
          `${policy}${policy.includes(':') ? ',' : ':'}at=${atMs(mebibytes)}ms`,
          `hot-set:size=${mebibytes}MiB,heat=uniform`,
          size,
        ),
      })),
    ),
};

const overRate: Chart = {
  ...work('Mload/s'),
  name: 'page-or-vcpu-rate',
  title: 'The same with 256 MiB a vCPU, over the rate at which memory may be moved',
  question: 'Is there a rate at which moving memory is as good?',
  xLabel: 'MB/s moved at most',
  cells: (size) =>
    (size === 'full' ? [32, 128, 512, 2048] : [128, 2048]).flatMap((rate) =>
      SERIES.filter(([series]) => series !== 'no migration' && series !== 'autonuma').map(([series, policy]): Cell => {
        const rated = series === FAVOURITE ? '' : `,rate=${rate}MB/s`;
        const name = `${policy}${policy.includes(':') ? ',' : ':'}at=${atMs(256)}ms${rated}`;
        return { series, x: rate, words: words(name, 'hot-set:size=256MiB,heat=uniform', size) };
      }),
    ),
};

/** The CPUs near the memory are busy with work that wants no memory. */
const homeFull: Chart = {
  ...work('Mload/s'),
  name: 'page-or-vcpu-home-full',
  title: 'One guest of 3 vCPUs, and a guest of 6 that computes on its home node',
  question: 'Does sending vCPUs to their memory lose where others have the CPUs there?',
  xLabel: 'computing vCPUs at home',
  judges: ({ name }) => name === 'subject',
  cells: (size) =>
    SERIES.map(([series, policy]): Cell => ({
      series,
      x: 6,
      words: {
        policy: `${policy}${policy.includes(':') ? ',' : ':'}at=${atMs(256)}ms,of=1`,
        boot: '0',
        duration: size === 'full' ? '20s' : '4s',
        guests: [
          { name: 'subject', vcpus: '3', memory: '2GiB', workload: 'hot-set:size=256MiB,heat=uniform' },
          { name: 'computing', vcpus: '6', memory: '1GiB', workload: 'compute' },
        ],
      },
    })),
};

/** By then the memory has been taken: 4 KiB in 1.5 us. */
function atMs(mebibytes: number): number {
  return 50 + mebibytes;
}

function words(policy: string, workload: string, size: Size): Cell['words'] {
  return { policy, workload, guests: '4', vcpus: '2', memory: size === 'full' ? '4GiB' : '1GiB', boot: '0', duration: size === 'full' ? '20s' : '4s' }; // prettier-ignore
}

export const pageOrVcpu: Question = {
  name: 'page-migration-or-vcpu-migration',
  deck: 'Rebalancing with page migration?',
  charts: [overMemory, overRate],
  siblings: [homeFull],
  policies: ['kvm-eevdf', 'hot-pages-first', 'autonuma', 'apart'].map((name) => sentAstray(name)),
  secondsASeed: 2.7,
  answer: answerBy({ favourite: FAVOURITE, rivals: RIVALS }),
};
