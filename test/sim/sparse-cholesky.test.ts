import { expect, test } from 'vitest';
import { namedStream } from '../../sim/random.ts';
import { SparseCholesky } from '../../sim/sparse-cholesky.ts';

test('solves sparse positive definite equations (200 seeds)', () => {
  const equations = new SparseCholesky(12);
  for (let seed = 0; seed < 200; seed++) {
    const random = namedStream(String(seed), 'matrix', 0, 'draw');
    const size = 1 + (seed % 12);
    const full = Array.from({ length: size }, () => new Array<number>(size).fill(0));
    for (let term = 0; term < 2 * size; term++) {
      const vector = Array.from({ length: size }, () => (random() < 0.3 ? random() : 0));
      vector.forEach((a, row) => vector.forEach((b, column) => (full[row]![column]! += a * b)));
    }
    for (let row = 0; row < size; row++) full[row]![row]! += 0.01 + random();
    const wanted = Array.from({ length: size }, () => random() - 0.5);
    equations.begin(size);
    full.forEach((row, i) => row.forEach((value, j) => j <= i && (equations.matrix[i * size + j] = value)));
    expect(equations.factor(), `seed ${seed}`).toBe(true);
    const vector = Float64Array.from(full, (row) => row.reduce((sum, value, j) => sum + value * wanted[j]!, 0));
    equations.solve(vector);
    wanted.forEach((value, i) => expect(vector[i], `row ${i}, seed ${seed}`).toBeCloseTo(value, 9));
  }
});

test('says so when one row is a multiple of another', () => {
  const equations = new SparseCholesky(2);
  equations.begin(2);
  equations.matrix.set([1, 0, 3, 9]);
  expect(equations.factor()).toBe(false);
});
