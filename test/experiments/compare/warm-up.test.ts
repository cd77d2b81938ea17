import { describe, expect, test } from 'vitest';
import type { Metric } from '../../../experiments/compare/metric.ts';
import type { Part } from '../../../experiments/compare/outcome.ts';
import { valueAfterCut, warmUpCut } from '../../../experiments/compare/warm-up.ts';
import { CAUSES } from '../../../sim/recording.ts';

const metric: Metric = { name: 'throughput', unit: 'stares/s', isHigherBetter: true };
const causes = Object.fromEntries(CAUSES.map((cause) => [cause, 0])) as Part['causes'];

/** Steps of 10 ns at these speeds; afterCut[b] stands for itself. */
const part = (rates: readonly number[], value = 77): Part => ({
  metric,
  value,
  work: 1,
  causes,
  ending: 'none',
  course: { stepNs: 10, rates, afterCut: Array.from({ length: 1 + Math.floor(rates.length / 10) }, (_, b) => 1000 + b) },
});

/** A ripple of ±1 about `level`, the first `slow` steps lower by 50. */
const settling = (level: number, slow: number, steps = 60): number[] =>
  Array.from({ length: steps }, (_, i) => level + (i % 2 === 0 ? 1 : -1) - (i < slow ? 50 : 0));

describe('two policies, one of which settles slowly', () => {
  const quick = [part(settling(200, 5)), part(settling(220, 5))];
  const slow = [part(settling(300, 20)), part(settling(310, 20))];
  const cut = warmUpCut(['quick', 'slow'], [quick, slow], 'mser');

  test('lose what the slower one loses, all alike', () => {
    expect(cut.warmUp).toEqual({
      rule: 'mser-5',
      cutNs: 200,
      settles: true,
      policies: [
        { policy: 'quick', cutNs: 50, settles: true },
        { policy: 'slow', cutNs: 200, settles: true },
      ],
      askedNs: null,
      keepsEnding: false,
      why: null,
    });
    expect(valueAfterCut(quick[0]!, cut)).toBe(1004);
  });

  test('lose nothing when none is wanted', () => {
    const none = warmUpCut(['quick', 'slow'], [quick, slow], 'none');
    expect(none.warmUp).toMatchObject({ rule: 'none', cutNs: 0, settles: null });
    expect(valueAfterCut(slow[0]!, none)).toBe(77);
  });

  test('have been cut already when the cut was stated', () => {
    const stated = warmUpCut(['quick', 'slow'], [quick, slow], { cutNs: 30 });
    expect(stated.warmUp).toMatchObject({ rule: 'stated', cutNs: 30, settles: null });
    expect(valueAfterCut(slow[0]!, stated)).toBe(77);
  });
});

test('seeds are averaged: what ripples in opposite ways is steady', () => {
  const up = Array.from({ length: 60 }, (_, i) => 100 + (i < 30 ? 9 : -9));
  const down = Array.from({ length: 60 }, (_, i) => 100 - (i < 30 ? 9 : -9));
  expect(warmUpCut(['p'], [[part(up), part(down)]], 'mser').warmUp.cutNs).toBe(0);
});

test('a policy that rises all the time is said to settle still', () => {
  const rising = Array.from({ length: 60 }, (_, i) => i);
  const { warmUp } = warmUpCut(['steady', 'rising'], [[part(settling(9, 0))], [part(rising)]], 'mser');
  expect(warmUp).toMatchObject({ cutNs: 300, settles: false });
  expect(warmUp.policies.map(({ settles }) => settles)).toEqual([true, false]);
});

test('the shortest run says how many steps are looked at; fewer than twenty tell nothing', () => {
  const short = settling(200, 5, 40);
  expect(warmUpCut(['p', 'q'], [[part(settling(200, 5))], [part(short)]], 'mser').warmUp.cutNs).toBe(50);
  expect(warmUpCut(['p', 'q'], [[part(settling(200, 5))], [part(short.slice(0, 19))]], 'mser').warmUp).toMatchObject({
    rule: 'none',
    why: 'runs too short',
  });
});

test('work that ends by itself is not cut, and a cut that was asked for is remembered', () => {
  const ending = { ...part(settling(200, 20)), ending: 'all' as const };
  for (const rule of ['mser', { cutNs: 30 }] as const) {
    const cut = warmUpCut(['p'], [[ending]], rule);
    expect(cut.warmUp).toMatchObject({ rule: 'none', cutNs: 0, askedNs: rule === 'mser' ? null : 30, why: 'work ends by itself' });
    expect(valueAfterCut(ending, cut)).toBe(77);
  }
  const mixed = warmUpCut(['p'], [[{ ...ending, ending: 'some' }]], 'mser').warmUp;
  expect(mixed).toMatchObject({ cutNs: 200, keepsEnding: true, why: null });
});

test('runs that end by themselves, or were not looked at, are not cut', () => {
  const elapsed: Part = { ...part([]), metric: { name: 'elapsed', unit: 's', isHigherBetter: false }, course: null };
  expect(warmUpCut(['p'], [[elapsed]], 'mser').warmUp.why).toBe('runs end by themselves');
  expect(warmUpCut(['p'], [[part(settling(1, 0)), { ...part([]), course: null }]], 'mser').warmUp.why).toBe('no timeline');
});
