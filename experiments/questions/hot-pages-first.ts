import type { Cell, Chart, Size } from '../chart.ts';
import { work } from './charts.ts';
import { sentAway } from './itinerary.ts';
import type { Question } from './question.ts';
import { answerBy } from './sentences.ts';

const FAVOURITE = 'hot-pages-first';
const RIVALS = ['none', 'hot-list', 'carrefour', 'autonuma', 'in order of faults'];
const BASES = ['kvm-eevdf', 'hot-list', 'carrefour', 'autonuma', 'unpinned-migrating', 'hot-pages-first'];
const durationOf = (size: Size): string => (size === 'full' ? '30s' : '4s');

/** Series and policy, guests held far from memory that they took at home. */
const wandering: Chart = {
  ...work('Mload/s'),
  name: 'hot-pages-drift',
  title: 'Twelve guests far from their memory, an eighth of it hot: which memory follows, over how fast the hot set wanders',
  question: 'Does moving the hottest blocks first serve guests whose memory is far better than other orders, and than none?',
  xLabel: 'ms a step of the hot set',
  cells: (size) =>
    (
      [
        ['none', 'away-kvm-eevdf'],
        ['hot-list', 'away-hot-list'],
        ['carrefour', 'away-carrefour'],
        ['autonuma', 'away-autonuma'],
        [FAVOURITE, 'away-hot-pages-first'],
      ] as const
    ).flatMap(([series, policy]) =>
      (size === 'full' ? [50, 200, 800, 3200] : [100, 1600]).map((drift): Cell => ({
        series,
        x: drift,
        words: awayWords(policy, `hot-set:drift=${drift}ms`, size),
      })),
    ),
};

/** The same rate for those that have one; fault order is that of unpinned-migrating, and autonuma, as Linux has it, knows no rate. */
const limited: Chart = {
  ...work('Mload/s'),
  name: 'hot-pages-rate',
  title: 'The same guests with a hot set that steps every 400 ms, over the rate at which memory may be moved',
  question: 'Is the order worth more where less may be moved?',
  xLabel: 'MB/s moved at most',
  cells: (size) =>
    (
      [
        ['in order of faults', (rate: number) => `away-unpinned-migrating:rate=${rate}MB/s`],
        ['autonuma', () => 'away-autonuma'],
        [FAVOURITE, (rate: number) => `away-hot-pages-first:rate=${rate}MB/s`],
      ] as const
    ).flatMap(([series, policyAt]) =>
      (size === 'full' ? [16, 64, 256, 1024] : [64, 1024]).map((rate): Cell => ({
        series,
        x: rate,
        words: awayWords(policyAt(rate), 'hot-set:drift=400ms', size),
      })),
    ),
};

/** What is hot is cold before it has been copied, and does not come back: it is once round after 2.6 s, so in both sizes runs are short. */
const fleeting: Chart = {
  ...work('Mload/s'),
  name: 'hot-pages-fleeting',
  title: 'A hot set that is gone before its copy is made',
  question: 'Does moving lose where nothing stays hot?',
  xLabel: 'ms a step of a hot set of which nothing stays',
  cells: () =>
    (
      [
        ['none', 'away-kvm-eevdf:at=2s'],
        [FAVOURITE, 'away-hot-pages-first:at=2s'],
      ] as const
    ).map(([series, policy]): Cell => ({
      series,
      x: 40,
      words: { ...awayWords(policy, 'hot-set:size=2GiB,hot-share=0.012,drift=40ms', 'reduced'), memory: '4GiB', guests: '2' },
    })),
};

function awayWords(policy: string, workload: string, size: Size): Cell['words'] {
  return { policy, workload, guests: '12', memory: '1GiB', boot: '0', duration: durationOf(size) };
}

export const hotPagesFirst: Question = {
  name: 'hot-pages-first',
  deck: 'Rebalancing with page migration? hot pages first',
  charts: [wandering, limited],
  siblings: [fleeting],
  policies: BASES.map((name) => sentAway(name)),
  secondsASeed: 3.2,
  answer: answerBy({ favourite: FAVOURITE, rivals: RIVALS }),
};
