import { expect, test } from 'vitest';
import { minimise } from '../../experiments/nelder-mead.ts';

test("finds the bottom of Rosenbrock's valley from the usual start", () => {
  const [x, y] = minimise(([a, b]) => 100 * (b! - a! ** 2) ** 2 + (1 - a!) ** 2, [-1.2, 1], 0.5);
  expect([x, y]).toEqual([expect.closeTo(1, 5), expect.closeTo(1, 5)]);
});

test('finds the least of a bowl that is no bowl in one direction, in one dimension and in three', () => {
  expect(minimise(([x]) => (x! - 3) ** 2 + 7, [0], 1)[0]).toBeCloseTo(3, 4);
  const bowl = minimise(([x, y, z]) => (x! - 1) ** 2 + 30 * (y! + 2) ** 2 + 0.1 * (z! - 5) ** 2, [0, 0, 0], 1);
  expect(bowl).toEqual([1, -2, 5].map((value) => expect.closeTo(value, 3)));
});

test('keeps out of where a point cannot be', () => {
  expect(minimise(([x]) => (x! < 2 ? Infinity : x! * x!), [4], 1)[0]).toBeCloseTo(2, 4);
});
