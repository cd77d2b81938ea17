import { type ChartPoint, type ChartResult } from '../chart.ts';
import { TOO_SMALL } from '../compare/comparison.ts';
import { changes, type Finding } from '../findings.ts';
import { type Interval, verdict } from '../statistics/interval.ts';
import { compareEach, type Replication } from '../statistics/paired.ts';

/** The favourite against one rival at one point of a chart. */
export interface Contest {
  readonly result: ChartResult;
  readonly isSibling: boolean;
  readonly x: number;
  readonly favourite: string;
  readonly rival: string;
  /** How many times as good as the rival the favourite is, paired by seed, as wide as Holm's procedure over all contests asks. */
  readonly gain: Interval;
  readonly verdict: 'better' | 'worse' | 'no difference shown';
  /** Why: the favourite's task time for the same work by cause less the rival's, as shares of all the rival's; largest changes first. */
  readonly causes: Finding['causes'];
}

/** Two series of one chart. */
export interface Match {
  readonly favourite: string;
  readonly rival: string;
}

export interface Field {
  readonly results: readonly ChartResult[];
  readonly siblings: readonly ChartResult[];
}

/**
 * The two series of each match at each point that both have, all of them one family for Holm's procedure. Points with runs that did not
 * end well are left out.
 * @throws RangeError for a figure that is not more than 0, which has no ratio
 */
export function contestsOf({ results, siblings }: Field, matches: readonly Match[]): Contest[] {
  const pairs = [...results, ...siblings].flatMap((result) =>
    matches.flatMap(({ favourite, rival }) => pairsIn(result, favourite, rival).map((pair) => ({ ...pair, result, favourite, rival }))),
  );
  const differences = compareEach(pairs.map(({ result, own, other }) => [logs(result, own), logs(result, other)])); // prettier-ignore
  return pairs.map(({ result, own, other, favourite, rival }, i): Contest => {
    const sign = result.chart.isHigherBetter ? 1 : -1;
    const { mean, low, high, level, count } = differences[i]!;
    const [least, most] = sign > 0 ? [low, high] : [-high, -low];
    const gain = { mean: Math.exp(sign * mean), low: Math.exp(least), high: Math.exp(most), level, count };
    return {
      result,
      isSibling: siblings.includes(result),
      x: own.x,
      favourite,
      rival,
      gain,
      verdict: judged(least, most),
      causes: changes(other, own, gain.mean),
    };
  });
}

function pairsIn({ points }: ChartResult, favourite: string, rival: string): { own: ChartPoint; other: ChartPoint }[] {
  const sound = points.filter(({ failures }) => failures.length === 0);
  return sound
    .filter(({ series }) => series === favourite)
    .flatMap((own) => {
      const other = sound.find(({ series, x }) => series === rival && x === own.x);
      return other ? [{ own, other }] : [];
    });
}

function logs({ chart, seeds }: ChartResult, { samples, series }: ChartPoint): Replication[] {
  return samples.map((value, i) => {
    if (!(value > 0)) throw new RangeError(`${chart.name}, ${series}: value ${value} of seed ${seeds[i]}, want more than 0`);
    return { seed: seeds[i]!, value: Math.log(value) };
  });
}

function judged(low: number, high: number): Contest['verdict'] {
  if (Math.max(Math.abs(low), Math.abs(high)) < TOO_SMALL) return 'no difference shown';
  const shown = verdict({ low, high, mean: 0, level: 0, count: 0 });
  return shown === 'higher' ? 'better' : shown === 'lower' ? 'worse' : shown;
}
