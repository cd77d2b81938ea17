import type { Chart, ChartPoint, ChartResult } from '../../../experiments/chart.ts';
import type { Outcome } from '../../../experiments/questions/question.ts';
import { meanInterval } from '../../../experiments/statistics/interval.ts';
import { CAUSES, type Cause } from '../../../sim/recording.ts';

export const SEEDS = ['1', '2', '3', '4', '5'];

/** What a series is at one x: its samples by seed, and shares of task time by cause. */
export interface Fabricated {
  readonly series: string;
  readonly x: number;
  readonly samples: readonly number[];
  readonly causes?: Partial<Record<Cause, number>>;
  readonly failures?: readonly string[];
}

const CHART: Chart = {
  name: 'made-up',
  title: 'made up',
  question: '?',
  xLabel: 'pigs a pen',
  yLabel: 'grunts/s',
  unit: 'grunts/s',
  isHigherBetter: true,
  xIsBytes: false,
  isLog: false,
  value: () => 0,
  cells: () => [],
};

export function fabricatedResult(points: readonly Fabricated[], chart: Partial<Chart> = {}): ChartResult {
  const count = points[0]!.samples.length;
  return {
    chart: { ...CHART, ...chart },
    size: 'reduced',
    seeds: SEEDS.slice(0, count),
    points: points.map(({ series, x, samples, causes = {}, failures = [] }): ChartPoint => ({
      series,
      x,
      words: {},
      mean: meanInterval(samples),
      low: Math.min(...samples),
      high: Math.max(...samples),
      remoteRatio: 0,
      causes: { ...(Object.fromEntries(CAUSES.map((cause) => [cause, 0])) as Record<Cause, number>), ...causes },
      samples,
      migrations: 0,
      failures,
    })),
  };
}

export function outcome(results: readonly ChartResult[], siblings: readonly ChartResult[] = []): Outcome {
  return {
    size: 'reduced',
    seeds: results[0]!.seeds,
    results,
    siblings,
    lengthsS: [0.3, 2],
    machines: ['lopsided'],
    assumed: ['links', 'slit'],
  };
}
