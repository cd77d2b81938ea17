import { expect, test } from 'vitest';
import { contestsOf } from '../../../experiments/questions/contests.ts';
import { pairedRatio } from '../../../experiments/statistics/paired.ts';
import { fabricatedResult, SEEDS } from './fabricated.ts';

const STY = [1.5, 1.7, 1.4, 1.8, 1.6];
const BARN = [1, 1.1, 1.02, 0.97, 1.05];
const of = (samples: readonly number[]): { seed: string; value: number }[] => samples.map((value, i) => ({ seed: SEEDS[i]!, value }));

test('a single contest is the paired ratio', () => {
  const result = fabricatedResult([
    { series: 'sty', x: 3, samples: STY },
    { series: 'barn', x: 3, samples: BARN },
  ]);
  const [contest, ...others] = contestsOf({ results: [result], siblings: [] }, [{ favourite: 'sty', rival: 'barn' }]);
  const alone = pairedRatio(of(STY), of(BARN));
  expect(others).toEqual([]);
  expect(contest!.gain.mean).toBeCloseTo(alone.mean, 12);
  expect(contest!.gain.low).toBeCloseTo(alone.low, 12);
  expect(contest!.gain.high).toBeCloseTo(alone.high, 12);
  expect(contest!.verdict).toBe('better');
});

test('more contests widen the interval of the one least sure, siblings counted', () => {
  const result = fabricatedResult([
    { series: 'sty', x: 3, samples: STY },
    { series: 'barn', x: 3, samples: BARN },
    { series: 'sty', x: 7, samples: STY },
    { series: 'barn', x: 7, samples: [1.4, 1.9, 1.3, 1.5, 1.9] },
  ]);
  const sibling = fabricatedResult([
    { series: 'sty', x: 5, samples: [1, 2, 3, 4, 5.5] },
    { series: 'barn', x: 5, samples: [2, 2.1, 2.2, 2, 2] },
  ]);
  const contests = contestsOf({ results: [result], siblings: [sibling] }, [{ favourite: 'sty', rival: 'barn' }]);
  expect(contests.map(({ x, isSibling }) => [x, isSibling])).toEqual([
    [3, false],
    [7, false],
    [5, true],
  ]);
  // the surest of three is tested at 0.05 / 3; the others, not shown at 0.05 / 2, stay there
  expect(contests[0]!.gain.level).toBeCloseTo(1 - 0.05 / 3, 12);
  expect(contests[1]!.gain.level).toBeCloseTo(1 - 0.05 / 2, 12);
  expect(contests.map(({ verdict }) => verdict)).toEqual(['better', 'no difference shown', 'no difference shown']);
});

test('runs that did not end well, and points that only one has, are left out', () => {
  const result = fabricatedResult([
    { series: 'sty', x: 3, samples: STY },
    { series: 'barn', x: 3, samples: BARN, failures: ['2'] },
    { series: 'sty', x: 9, samples: STY },
  ]);
  expect(contestsOf({ results: [result], siblings: [] }, [{ favourite: 'sty', rival: 'barn' }])).toEqual([]);
});

test('a figure of nothing has no ratio', () => {
  const result = fabricatedResult([
    { series: 'sty', x: 3, samples: STY },
    { series: 'barn', x: 3, samples: [1, 0, 1, 1, 1] },
  ]);
  expect(() => contestsOf({ results: [result], siblings: [] }, [{ favourite: 'sty', rival: 'barn' }])).toThrow(
    'made-up, barn: value 0 of seed 2',
  );
});

test('differences too small to matter are none, however sure', () => {
  const result = fabricatedResult([
    { series: 'sty', x: 3, samples: BARN.map((value) => value * 1.00005) },
    { series: 'barn', x: 3, samples: BARN },
  ]);
  expect(contestsOf({ results: [result], siblings: [] }, [{ favourite: 'sty', rival: 'barn' }])[0]!.verdict).toBe('no difference shown');
});
