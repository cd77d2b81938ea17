import { CAUSES, type Cause } from '../sim/recording.ts';
import type { ChartPoint, ChartResult } from './chart.ts';
import { type Interval } from './statistics/interval.ts';
import { pairedRatio } from './statistics/paired.ts';

/** One policy against another at one x, both met by the same seeds. */
export interface Finding {
  readonly charts: readonly string[];
  readonly x: number;
  readonly baseline: string;
  readonly candidate: string;
  /** How many times better the candidate is (above 1) or worse, paired by seed. */
  readonly gain: Interval;
  /** Why: task time for the same work by cause, candidate less baseline, as shares of all the baseline's; the largest changes. */
  readonly causes: readonly { readonly cause: Cause; readonly change: number }[];
}

const MOST_CAUSES = 3;

/** Compares two series point by point: of one chart, or of two charts of the same figure. */
export function compareSeries(a: ChartResult, baseline: string, b: ChartResult, candidate: string): Finding[] {
  const findings: Finding[] = [];
  for (const point of a.points.filter(({ series }) => series === baseline)) {
    const other = b.points.find(({ series, x }) => series === candidate && x === point.x);
    if (!other || point.failures.length > 0 || other.failures.length > 0) continue;
    const of = (samples: readonly number[]): { seed: string; value: number }[] => samples.map((value, i) => ({ seed: a.seeds[i]!, value }));
    const [better, worse] = a.chart.isHigherBetter ? [other, point] : [point, other];
    const gain = pairedRatio(of(better.samples), of(worse.samples));
    findings.push({
      charts: [...new Set([a.chart.name, b.chart.name])],
      x: point.x,
      baseline,
      candidate,
      gain,
      causes: changes(point, other, gain.mean),
    });
  }
  return findings;
}

/** The largest changes of task time for the same work. A candidate that is `gain` times as good spends 1 / gain of the baseline's task time on the same work. */
export function changes(before: ChartPoint, after: ChartPoint, gain: number): Finding['causes'] {
  return CAUSES.map((cause) => ({ cause, change: after.causes[cause] / gain - before.causes[cause] }))
    .filter(({ change }) => Math.abs(change) >= 0.001)
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change))
    .slice(0, MOST_CAUSES);
}

/** The comparisons the deck's charts are drawn for. */
export function deckFindings(results: readonly ChartResult[]): Finding[] {
  const named = (name: string): ChartResult | undefined => results.find(({ chart }) => chart.name === name);
  const pairs: [string, string, string, string][] = [
    ['lmbench-rd-kvm-unpinned', 'kvm-unpinned', 'lmbench-rd-kvm-numactl', 'kvm-numactl'],
    ['lmbench-rd-xen-off', 'xen-numa-off', 'lmbench-rd-xen-on', 'xen-numa-on'],
    ['kernbench-xen-1vcpu', 'xen-numa-off', 'kernbench-xen-1vcpu', 'xen-numa-on'],
    ['kernbench-xen-2vcpu', 'xen-numa-off', 'kernbench-xen-2vcpu', 'xen-numa-on'],
    ['kernbench-kvm-7-guests', 'kvm-unpinned', 'kernbench-kvm-7-guests', 'kvm-numactl'],
    ['packed-streams', 'kvm-unpinned', 'packed-streams', 'kvm-numactl'],
    ['compute-bound', 'kvm-unpinned', 'compute-bound', 'kvm-numactl'],
  ];
  const findings = pairs.flatMap(([first, baseline, second, candidate]) => {
    const a = named(first);
    const b = named(second);
    return a && b ? compareSeries(a, baseline, b, candidate) : [];
  });
  const unpinned = named('lmbench-lat-kvm-unpinned');
  const held = named('lmbench-lat-kvm-numactl');
  if (!unpinned || !held) return findings;
  const largest = Math.max(...unpinned.points.map(({ x }) => x));
  const series = [...new Set(unpinned.points.map((point) => point.series))];
  return [...findings, ...series.flatMap((name) => compareSeries(unpinned, name, held, name).filter(({ x }) => x === largest))];
}
