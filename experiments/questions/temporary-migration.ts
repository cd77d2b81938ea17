import type { Tree } from '../yaml-tree.ts';
import type { Cell, Chart, Size } from '../chart.ts';
import { work } from './charts.ts';
import type { Question } from './question.ts';
import { breakEvenAnswer, breakEvenTable } from './trip-answer.ts';
import { LEAVE, MOVE, RETURN, trips } from './trips.ts';

/** How fast the two rules that move decide: as fast as samples come; and they know how long the vCPU will be away. All assumed. */
const QUICK = 'period=10ms,half-life=30ms,sample=4096,rate=0MB/s,cooldown=1ms';
/** Time at home after the trip, long enough to follow back. */
const BACK_MS = 1500;
/** Memory is sized as so many times the hot set. */
const TIMES = 4;

const staysMs = (size: Size): number[] => (size === 'full' ? [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000] : [50, 200, 400, 800, 2000]);
const hotMiB = (size: Size): number[] => (size === 'full' ? [4, 16, 64, 256] : [16, 128]);

function map(name: string, way: string, streams: number): Chart {
  return {
    ...work('Mload/s'),
    name,
    title: `A vCPU is away from its memory for a while and comes home, ${way}`,
    question: 'How long must it stay away before its hot pages should follow, and should they be copied back?',
    xLabel: 'ms away',
    judges: ({ name: guest }) => guest === 'traveller',
    cells: (size) =>
      hotMiB(size).flatMap((hot) =>
        [LEAVE, MOVE, RETURN].flatMap((answer) =>
          staysMs(size).map((stay): Cell => ({ series: `${answer} ${hot} MiB`, x: stay, words: words(answer, stay, hot, streams) })),
        ),
      ),
  };
}

function words(answer: string, stayMs: number, hot: number, streams: number): Cell['words'] {
  const leavesMs = 100 + 2 * TIMES * hot; // by then it has taken its memory: 4 KiB in 1.5 us and what they wait for
  const rule = answer === LEAVE ? '' : `,${QUICK},stay=${stayMs}ms`;
  const revert = answer === RETURN ? `,revert=${stayMs}ms` : '';
  const workload = `hot-set:size=${TIMES * hot}MiB,hot-share=${1 / TIMES},hot-loads=0.95,lines=4`;
  const guests: Tree[] = [{ name: 'traveller', memory: '4GiB', workload }];
  if (streams > 0) guests.push({ name: 'stream', vcpus: String(streams), memory: '1GiB', workload: 'lmbench-rd:size=64MiB' });
  return {
    policy: `${answer}:leaves=${leavesMs}ms,away=${stayMs}ms,settles=${SETTLES_MS}ms${rule}${revert}`,
    boot: '0',
    duration: `${leavesMs + stayMs + BACK_MS}ms`,
    guests,
  };
}

const SETTLES_MS = 90;

const CHARTS = [map('trip-idle-link', 'the link idle', 0), map('trip-busy-link', 'three streams on the same way', 3)];

export const temporaryMigration: Question = {
  name: 'temporary-migration',
  deck: 'Rebalancing with page migration? ... maybe temporary?',
  charts: CHARTS,
  siblings: [],
  policies: trips,
  secondsASeed: 4.4,
  table: breakEvenTable,
  answer: breakEvenAnswer,
};
