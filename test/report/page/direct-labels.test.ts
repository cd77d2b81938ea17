import { describe, expect, test } from 'vitest';
import { spread } from '../../../report/page/direct-labels.ts';

describe('labels at the ends of lines', () => {
  test.each([
    ['stay where they want to be if they do not touch', [100, 10, 50], [100, 10, 50]],
    ['move apart around their middle', [100, 104], [94.5, 109.5]], // middle 102, 15 apart
    ['keep the order of what they want', [104, 100], [109.5, 94.5]],
    ['push a third that they come to touch: one block around the mean of all', [100, 104, 112], [90 + 1 / 3, 105 + 1 / 3, 120 + 1 / 3]],
    ['stand in the order given where they want the same', [50, 50], [42.5, 57.5]],
  ])('%s', (_, wanted, expected) => {
    spread(wanted, 15).forEach((place, i) => expect(place).toBeCloseTo(expected[i]!, 9));
  });
});
