import { describe, expect, test } from 'vitest';
import { answerBy } from '../../../experiments/questions/sentences.ts';
import { type Fabricated, fabricatedResult, outcome } from './fabricated.ts';

const answer = answerBy({ favourite: 'sty', rivals: ['barn', 'field'] });

/** Five seeds about a value, so that the ratio to another such series is that of the values, give or take 0.2 %. */
const about = (value: number): number[] => [1.002, 0.998, 1, 1.001, 0.999].map((factor) => factor * value);
/** Geometric mean (2 * 0.5 * 1.7 * 0.4 * 1.3)^(1/5) = 0.976. */
const WILD = [2, 0.5, 1.7, 0.4, 1.3];

const point = (series: string, x: number, samples: readonly number[], causes?: Fabricated['causes']): Fabricated => ({ series, x, samples, ...(causes && { causes }) }); // prettier-ignore

describe('the headline and the verdict on each rival', () => {
  test('better wherever a difference is shown: by how much at most, where, and of how many points', () => {
    // 1.2 and 1.5 times barn, the same as field but for noise that seeds share
    const result = fabricatedResult([
      point('sty', 3, about(12)),
      point('sty', 7, about(30)),
      point('barn', 3, about(10).reverse()),
      point('barn', 7, about(20).reverse()),
      point('field', 3, about(12)),
      point('field', 7, about(30)),
    ]);
    const text = answer(outcome([result]));
    expect(text).toMatch(/^Yes, wherever a difference is shown: sty is better than barn at all 2 points, most at 7 pigs a pen: 1\.50 times as good \(1\.4\d to 1\.5\d\); /); // prettier-ignore
    expect(text).toContain(
      'not shown to differ from field at any of 2 points, least surely at 3 pigs a pen: 1.00 times as good (1.00 to 1.00).',
    );
    expect(text).toContain('Nowhere in these runs is sty shown to lose.');
  });

  test('worse wherever one is shown', () => {
    const result = fabricatedResult([point('sty', 3, about(8)), point('barn', 3, about(10).reverse())]);
    expect(answer(outcome([result]))).toMatch(/^No, wherever a difference is shown: sty is worse than barn at 3 pigs a pen: 0\.800 times as good/); // prettier-ignore
  });

  test('better here and worse there', () => {
    const result = fabricatedResult([
      point('sty', 3, about(8)),
      point('sty', 7, about(30)),
      point('barn', 3, about(10).reverse()),
      point('barn', 7, about(20).reverse()),
    ]);
    const text = answer(outcome([result]));
    expect(text).toMatch(/^It depends: sty is better than barn at 1 of 2 points, most at 7 pigs a pen: 1\.50 .* and worse at 1 of 2 points, most at 3 pigs a pen: 0\.800 /); // prettier-ignore
    expect(text).toMatch(/It loses most to barn at 3 pigs a pen: 0\.800 times as good/);
  });

  test('no difference shown: how unsure, and no word of a gain', () => {
    const result = fabricatedResult([point('sty', 3, WILD), point('barn', 3, about(1))]);
    const text = answer(outcome([result]));
    expect(text).toMatch(/^No difference shown: sty is not shown to differ from barn at 3 pigs a pen: 0\.976 times as good \(0\.393 to 2\.42\)\./); // prettier-ignore
    expect(text).not.toContain('saves');
  });

  test('one seed shows nothing and tells no interval', () => {
    const result = fabricatedResult([point('sty', 3, [9]), point('barn', 3, [3])]);
    const text = answer(outcome([result]));
    expect(text).toMatch(/^No difference shown: .*: 3\.00 times as good\. /);
    expect(text).toContain('one seed, which tells no interval');
  });
});

test('where less is better the ratio is turned round', () => {
  const result = fabricatedResult([point('sty', 3, about(4)), point('barn', 3, about(10).reverse())], { isHigherBetter: false });
  expect(answer(outcome([result]))).toMatch(/^Yes.*: 2\.50 times as good \(2\.4\d to 2\.5\d\)/);
});

describe('why, and where it loses', () => {
  const causes = { before: { compute: 0.4, distance: 0.5, queueLink: 0.1 }, after: { compute: 0.8, distance: 0.1, queueLink: 0.1 } };
  const won = fabricatedResult([point('sty', 3, about(20), causes.after), point('barn', 3, about(10).reverse(), causes.before)]);

  test('the largest cause that shrank, for the same work', () => {
    // twice as good: half of 0.1 of distance is left of 0.5
    expect(answer(outcome([won]))).toContain("What it saves there against barn is mostly distance: 45 % of that one's task time");
  });

  test('the worst defeat, here of a sibling, with the cause that grew', () => {
    // half as good: twice 0.6 of queueController, which barn has not
    const lost = fabricatedResult([point('sty', 6, about(5), { compute: 0.4, queueController: 0.6 }), point('barn', 6, about(10).reverse(), { compute: 1 })], { name: 'narrow-door' }); // prettier-ignore
    const text = answer(outcome([won], [lost]));
    expect(text).toMatch(/^Yes/); // siblings do not speak in the headline
    expect(text).toMatch(/It loses most to barn in narrow-door, at 6 pigs a pen: 0\.500 times as good \(.*\), for queueController: 120 % of the rival's task time more\./); // prettier-ignore
  });

  test('of several defeats the worst, wherever it is', () => {
    const lost = [0.8, 0.5, 0.7].flatMap((part, x) => [point('sty', x, about(10 * part)), point('barn', x, about(10).reverse())]);
    expect(answer(outcome([fabricatedResult(lost)], [won]))).toMatch(/It loses most to barn at 1 pigs a pen: 0\.500 times as good/);
  });

  test('a sibling that the favourite survives is named', () => {
    const survived = fabricatedResult([point('sty', 6, about(10)), point('barn', 6, about(10))], { name: 'narrow-door' });
    expect(answer(outcome([won], [survived]))).toContain('Nowhere in these runs is sty shown to lose, not even in narrow-door, where it was expected to.'); // prettier-ignore
  });
});

test('what it rests on: size, seeds, comparisons, machine and its assumed figures', () => {
  const result = fabricatedResult([point('sty', 3, about(4)), point('barn', 3, about(10)), point('field', 3, about(9))]);
  expect(answer(outcome([result]))).toMatch(/All this is the reduced size on lopsided, runs of 0\.30 to 2\.0 s, 5 seeds with 95 % intervals, paired by seed and widened by Holm's procedure over 2 comparisons; it rests on the assumed links and slit of the machine and the assumed costs of docs\/model\.md\.$/); // prettier-ignore
});

test('bytes are written as bytes', () => {
  const result = fabricatedResult([point('sty', 2 ** 26, about(4)), point('barn', 2 ** 26, about(10).reverse())], { xIsBytes: true });
  expect(answer(outcome([result]))).toContain('at 64 MiB pigs a pen');
});
