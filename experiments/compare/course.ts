import type { Timeline } from '../../sim/recording.ts';
import { MSER_BATCH } from '../statistics/mser.ts';
import { judgedGuests, type Metric, type Ran, workOfGuest } from './metric.ts';

/** How the work of a run went on, by equal steps from the start of what is measured. */
export interface Course {
  readonly stepNs: number;
  /** [step] work a second */
  readonly rates: readonly number[];
  /** [b] what the run is worth when the first b batches of five steps are cut off, up to half of it. */
  readonly afterCut: readonly number[];
}

/** A run of a stated duration is looked at in so many steps. */
export const STEPS = 200;
/** At how many points a timeline is asked for: it spans the boot too, which may take as long as what follows. */
export const TIMELINE_POINTS = 2 * STEPS;

/**
 * null where there is no timeline, or nothing was measured that may be cut.
 * @param ending [guest] whether its work ends by itself: all of that counts, as what is left behind a cut may be nothing
 */
export function courseOf(run: Ran, metric: Metric, durationNs: number, ending: readonly boolean[] = []): Course | null {
  const spans = spansOf(run, metric, ending);
  const whole = wholeOf(run, metric, ending);
  if (spans === null || spans.length === 0) return null;
  const stepNs = durationNs / STEPS;
  const fromNs = Math.min(...spans.map((span) => span.fromNs));
  const steps = Math.floor((Math.max(...spans.map(({ toNs }) => toNs)) - fromNs) / stepNs + ROUNDING);
  const done = Array.from({ length: steps + 1 }, (_, step) => spans.reduce((sum, span) => sum + workAt(span, fromNs + step * stepNs), 0));
  const cuts = Math.floor(steps / MSER_BATCH / 2) + 1;
  return {
    stepNs,
    rates: Array.from({ length: steps }, (_, step) => ((done[step + 1]! - done[step]!) / stepNs) * 1e9),
    afterCut: Array.from({ length: cuts }, (_, b) => whole + rateFrom(spans, fromNs + b * MSER_BATCH * stepNs)),
  };
}

/** What a run is worth without its first `cutNs`, work that ends by itself whole; null where there is no timeline, or nothing left. */
export function valueAfter(run: Ran, metric: Metric, cutNs: number, ending: readonly boolean[] = []): number | null {
  const spans = spansOf(run, metric, ending);
  if (spans === null || spans.length === 0) return null;
  const cutAtNs = Math.min(...spans.map(({ fromNs }) => fromNs)) + cutNs;
  return spans.some(({ toNs }) => toNs > cutAtNs) ? wholeOf(run, metric, ending) + rateFrom(spans, cutAtNs) : null;
}

/** For how long there was something that may be cut; null where there is no timeline. */
export function measuredNs(run: Ran, metric: Metric, ending: readonly boolean[] = []): number | null {
  const spans = spansOf(run, metric, ending);
  if (spans === null) return null;
  return spans.length === 0 ? 0 : Math.max(...spans.map(({ toNs }) => toNs)) - Math.min(...spans.map(({ fromNs }) => fromNs));
}

const ROUNDING = 1e-9;

/** The measured part of a guest's run. */
interface Span {
  readonly fromNs: number;
  readonly toNs: number;
  /** Work at these times, from the first to the last of the span, both included; straight lines between. */
  readonly timesNs: readonly number[];
  readonly work: readonly number[];
}

/** Of all judged guests that may be cut and got as far as being measured. */
function spansOf(run: Ran, metric: Metric, ending: readonly boolean[]): Span[] | null {
  const { timeline } = run;
  if (!timeline) return null;
  return judgedGuests(run, metric).flatMap((at) => {
    if (ending[at]) return [];
    const { elapsedNs } = run.guests[at]!;
    const { measuredFromNs } = timeline.guests[at]!;
    return measuredFromNs === null || elapsedNs === 0
      ? []
      : [spanOf(timeline, at, measuredFromNs, elapsedNs, workOfGuest(run.guests[at]!))];
  });
}

/** What the judged guests whose work ends by itself are worth, each in its own time. */
function wholeOf(run: Ran, metric: Metric, ending: readonly boolean[]): number {
  return judgedGuests(run, metric).reduce((sum, at) => (ending[at] ? sum + run.guests[at]!.throughput.value : sum), 0);
}

/** The ends are known to the nanosecond; what the timeline had before counts for nothing. */
function spanOf({ timesNs, guests }: Timeline, at: number, fromNs: number, elapsedNs: number, total: number): Span {
  const toNs = fromNs + elapsedNs;
  const { work } = guests[at]!;
  const before = work.at(-1)! - total;
  const inside = timesNs.flatMap((timeNs, point) => (timeNs > fromNs && timeNs < toNs ? [point] : []));
  return {
    fromNs,
    toNs,
    timesNs: [fromNs, ...inside.map((point) => timesNs[point]!), toNs],
    work: [0, ...inside.map((point) => work[point]! - before), total],
  };
}

function workAt({ timesNs, work, fromNs, toNs }: Span, atNs: number): number {
  if (atNs <= fromNs) return 0;
  if (atNs >= toNs) return work.at(-1)!;
  let low = 0;
  let high = timesNs.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (timesNs[middle]! <= atNs) low = middle;
    else high = middle;
  }
  const share = (atNs - timesNs[low]!) / (timesNs[high]! - timesNs[low]!);
  return work[low]! + share * (work[high]! - work[low]!);
}

/** Sum of what each guest does a second from then on; one that has ended by then adds nothing. */
function rateFrom(spans: readonly Span[], cutAtNs: number): number {
  return spans.reduce((sum, span) => {
    const leftNs = span.toNs - Math.max(cutAtNs, span.fromNs);
    return leftNs > 0 ? sum + ((span.work.at(-1)! - workAt(span, cutAtNs)) / leftNs) * 1e9 : sum;
  }, 0);
}
