import { MSER_BATCH, mser5, type Truncation } from '../statistics/mser.ts';
import type { Part } from './outcome.ts';

/** `mser`, `none`, or how much to cut. */
export type WarmUpRule = 'mser' | 'none' | { readonly cutNs: number };

/** What was cut off the start of every run, so that pairs stay alike. */
export interface WarmUp {
  readonly rule: 'mser-5' | 'stated' | 'none';
  /** From the start of what is measured. */
  readonly cutNs: number;
  /** false: some policy is still settling after half of the run. null where that was not looked at. */
  readonly settles: boolean | null;
  /** What each policy by itself would have cut, of which the largest is cut of all. */
  readonly policies: readonly { readonly policy: string; readonly cutNs: number; readonly settles: boolean }[];
  /** The cut that was asked for, where it was a time, whether made or not. */
  readonly askedNs: number | null;
  /** Some of the guests have work that ends by itself, which is kept whole. */
  readonly keepsEnding: boolean;
  /** Why nothing was cut, where something should have been. */
  readonly why: 'runs end by themselves' | 'work ends by itself' | 'no timeline' | 'runs too short' | null;
}

/** How to value runs: what was cut, and how many batches of steps that is. */
export interface WarmUpCut {
  readonly warmUp: WarmUp;
  readonly batches: number;
}

/**
 * MSER-5 on each policy's throughput in steps, averaged over the seeds; the largest cut is made in all runs of all policies.
 * @param parts [policy][seed]
 */
export function warmUpCut(policies: readonly string[], parts: readonly (readonly Part[])[], rule: WarmUpRule): WarmUpCut {
  const [first] = parts[0]!;
  const keepsEnding = first!.ending === 'some';
  const askedNs = typeof rule === 'string' ? null : rule.cutNs;
  const uncut = (why: WarmUp['why']): WarmUpCut => ({ warmUp: { ...UNCUT, askedNs, why }, batches: 0 });
  if (first!.metric.name === 'elapsed') return uncut('runs end by themselves');
  if (rule === 'none') return uncut(null);
  if (first!.ending === 'all') return uncut('work ends by itself');
  if (rule !== 'mser') return { warmUp: { ...UNCUT, rule: 'stated', cutNs: rule.cutNs, askedNs, keepsEnding }, batches: 0 };
  const courses = parts.map((list) => list.map(({ course }) => course));
  const steps = Math.min(...courses.flat().map((course) => course?.rates.length ?? 0));
  if (courses.flat().includes(null)) return uncut('no timeline');
  if (steps < 4 * MSER_BATCH) return uncut('runs too short');
  const { stepNs } = first!.course!;
  const cuts = courses.map((list): Truncation => mser5(meanOver(list.map((course) => course!.rates), steps))); // prettier-ignore
  const largest = Math.max(...cuts.map(({ cut }) => cut));
  const warmUp: WarmUp = {
    rule: 'mser-5',
    cutNs: Math.round(largest * stepNs),
    settles: cuts.every(({ settles }) => settles),
    policies: policies.map((policy, at) => ({ policy, cutNs: Math.round(cuts[at]!.cut * stepNs), settles: cuts[at]!.settles })),
    askedNs,
    keepsEnding,
    why: null,
  };
  return { warmUp, batches: largest / MSER_BATCH };
}

/** What a run is worth after the cut; to the bit what it is without one where nothing is cut. */
export function valueAfterCut({ value, course }: Part, { batches }: WarmUpCut): number {
  return batches === 0 ? value : course!.afterCut[batches]!;
}

const UNCUT: WarmUp = { rule: 'none', cutNs: 0, settles: null, policies: [], askedNs: null, keepsEnding: false, why: null };

function meanOver(series: readonly (readonly number[])[], length: number): number[] {
  return Array.from({ length }, (_, step) => series.reduce((sum, values) => sum + values[step]!, 0) / series.length);
}
