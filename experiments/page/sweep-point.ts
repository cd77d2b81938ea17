import type { RunResult } from '../run-result.ts';
import { meanInterval } from '../statistics/interval.ts';
import type { PagePoint } from './schemas.ts';
import { metricOf, type Row } from './sweep-rows.ts';

/** The mean of runs that differ in their seeds only, or in what nobody asked about. */
export function pointOf(series: string, x: number, rows: readonly Row[]): PagePoint {
  const samples = rows.map(({ result }) => metricOf(result).value);
  const { mean, low, high } = meanInterval(samples);
  const lifetimeNs = rows.reduce((sum, { result }) => sum + result.total.lifetimeNs, 0);
  const causes = Object.keys(rows[0]!.result.total.causes) as (keyof RunResult['total']['causes'])[];
  const share = (cause: keyof RunResult['total']['causes']): number =>
    rows.reduce((sum, { result }) => sum + result.total.causes[cause], 0);
  const end = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    series,
    x,
    words: { policy: rows[0]!.result.policy },
    mean: { mean, low: end(low), high: end(high) },
    low: Math.min(...samples),
    high: Math.max(...samples),
    remoteRatio: rows.reduce((sum, { result }) => sum + result.total.remoteRatio, 0) / rows.length,
    causes: Object.fromEntries(causes.map((cause) => [cause, lifetimeNs > 0 ? share(cause) / lifetimeNs : 0])),
    failures: [],
  };
}
