import { CAUSES, type Cause } from '../../sim/recording.ts';
import { wholeParts } from '../../sim/whole-parts.ts';
import { causesOf, judgedGuests, type Metric, type Ran, workOf } from '../compare/metric.ts';

type Did = Pick<Ran, 'guests'>;

/** Where the time of the tasks of some guests went under A, and where it would go under B for as much work, in whole nanoseconds. */
export interface CauseGroup {
  /** What these guests count in. */
  readonly unit: string;
  readonly guests: readonly string[];
  /** Done under A and B, in that unit without the `/s`; B's time is told for A's work. */
  readonly aWork: number;
  readonly bWork: number;
  /** Sums of the causes. */
  readonly aNs: number;
  readonly bNs: number;
  readonly causes: readonly { readonly cause: Cause; readonly aNs: number; readonly bNs: number }[];
}

/** Guests that count in other units are another group. A group that got nothing done under A or B is left out: its time buys nothing. */
export function compareCauses(a: Did, b: Did): CauseGroup[] {
  const units = [...new Set(a.guests.map(({ throughput }) => throughput.unit))];
  return units.flatMap((unit) => {
    const metric: Metric = { name: 'throughput', unit, isHigherBetter: true };
    const aWork = workOf(a, metric);
    const bWork = workOf(b, metric);
    if (aWork === 0 || bWork === 0) return [];
    const inTime = (run: Did, work: number): number[] => {
      const causes = causesOf(run, metric);
      const parts = CAUSES.map((cause) => (causes[cause] / work) * aWork);
      return wholeParts(parts, Math.round(parts.reduce((sum, ns) => sum + ns, 0)));
    };
    const [ofA, ofB] = [inTime(a, aWork), inTime(b, bWork)];
    const causes = CAUSES.map((cause, at) => ({ cause, aNs: ofA[at]!, bNs: ofB[at]! })).filter(({ aNs, bNs }) => aNs > 0 || bNs > 0);
    return {
      unit,
      guests: judgedGuests(a, metric).map((at) => a.guests[at]!.name),
      aWork,
      bWork,
      aNs: ofA.reduce((sum, ns) => sum + ns, 0),
      bNs: ofB.reduce((sum, ns) => sum + ns, 0),
      causes,
    };
  });
}
