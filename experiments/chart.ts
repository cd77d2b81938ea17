import { CAUSES, type Cause, type GuestRecord, type Recording } from '../sim/recording.ts';
import type { Scenario } from '../sim/scenario.ts';
import { readScenario } from './scenario-input.ts';
import type { Registries } from './scenario-words.ts';
import { type Interval, meanInterval } from './statistics/interval.ts';
import type { Tree } from './yaml-tree.ts';

/** Reduced runs in seconds and shows the shape; full is what a claim should rest on. */
export type Size = 'reduced' | 'full';

/** Words of a run as a user would give them to `numalab run`, or as a scenario file has them, which may list guests. */
export type CellWords = Readonly<Record<string, Tree>>;

/** One point of a chart. */
export interface Cell {
  readonly series: string;
  readonly x: number;
  readonly words: CellWords;
}

/** An experiment: a question, and the runs that draw its answer as a chart. */
export interface Chart {
  readonly name: string;
  readonly title: string;
  readonly question: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly unit: string;
  readonly isHigherBetter: boolean;
  /** A size or count that grows by factors is drawn at equal distances. */
  readonly xIsBytes: boolean;
  readonly isLog: boolean;
  /** The figure of one guest. */
  value(guest: GuestRecord): number;
  /** Whether a guest is what the chart is about; left out, all are. */
  judges?(guest: GuestRecord): boolean;
  cells(size: Size): readonly Cell[];
}

export interface ChartPoint {
  readonly series: string;
  readonly x: number;
  readonly words: CellWords;
  /** Mean over the guests of a run, then over the seeds. */
  readonly mean: Interval;
  /** Smallest and largest guest, as means over the seeds. */
  readonly low: number;
  readonly high: number;
  /** Share of memory accesses that go to another node, mean over the seeds. */
  readonly remoteRatio: number;
  /** Shares of all task time by cause, over the seeds. */
  readonly causes: Readonly<Record<Cause, number>>;
  /** Each seed's mean over its guests: what comparisons pair. */
  readonly samples: readonly number[];
  readonly migrations: number;
  /** Seeds whose run did not end well. */
  readonly failures: readonly string[];
}

export interface ChartResult {
  readonly chart: Chart;
  readonly size: Size;
  readonly seeds: readonly string[];
  readonly points: readonly ChartPoint[];
}

export interface Lab extends Registries {
  run(scenario: Scenario): Recording;
}

/** Runs a chart. `progress` hears how many of its runs are done. */
export function runChart(
  chart: Chart,
  size: Size,
  seeds: readonly string[],
  lab: Lab,
  progress: (done: number, of: number) => void,
): ChartResult {
  const cells = chart.cells(size);
  let done = 0;
  const points = cells.map((cell) => {
    const scenario = cellScenario(cell, lab);
    const recordings = seeds.map((seed) => {
      const recording = lab.run({ ...scenario, seed });
      progress(++done, cells.length * seeds.length);
      return recording;
    });
    return pointOf(chart, cell, seeds, recordings);
  });
  return { chart, size, seeds, points };
}

/** The scenario of a point, with the default seed. */
export function cellScenario({ words }: Pick<Cell, 'words'>, registries: Registries): Scenario {
  return readScenario({ flags: {}, file: { name: 'words', text: JSON.stringify(words) } }, registries);
}

function pointOf(chart: Chart, cell: Cell, seeds: readonly string[], recordings: readonly Recording[]): ChartPoint {
  const judged = recordings.map(({ guests }) => guests.filter((guest) => chart.judges?.(guest) ?? true));
  const values = judged.map((guests) => guests.map((guest) => chart.value(guest)));
  const samples = values.map(average);
  const mean = meanInterval(samples);
  const all = judged.flat();
  const lifetimeNs = all.reduce((sum, guest) => sum + guest.lifetimeNs, 0);
  const share = (cause: Cause): number => all.reduce((sum, guest) => sum + guest.causes[cause], 0) / lifetimeNs;
  return {
    ...cell,
    mean,
    low: Math.min(mean.mean, average(values.map((list) => Math.min(...list)))), // equal guests: not above the mean by rounding
    high: Math.max(mean.mean, average(values.map((list) => Math.max(...list)))),
    remoteRatio: average(recordings.map(({ total }) => total.remoteRatio)),
    causes: Object.fromEntries(CAUSES.map((cause) => [cause, share(cause)])) as Record<Cause, number>,
    samples,
    migrations: average(recordings.map(({ total: { migrations } }) => migrations.node + migrations.socket)),
    failures: seeds.filter((_, i) => recordings[i]!.status !== 'ok'),
  };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
