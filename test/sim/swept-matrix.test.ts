import { expect, test } from 'vitest';
import { below, namedStream } from '../../sim/random.ts';
import { SweptMatrix } from '../../sim/swept-matrix.ts';

test('solves the equations of whichever rows are swept, in whatever order they came and went (200 seeds)', () => {
  const matrix = new SweptMatrix(12);
  for (let seed = 0; seed < 200; seed++) {
    const random = namedStream(String(seed), 'matrix', 0, 'draw');
    const size = 1 + (seed % 12);
    const full = Array.from({ length: size }, () => new Array<number>(size).fill(0));
    for (let term = 0; term < 2 * size; term++) {
      const vector = Array.from({ length: size }, () => (random() < 0.3 ? random() : 0));
      vector.forEach((a, row) => vector.forEach((b, column) => (full[row]![column]! += a * b)));
    }
    for (let row = 0; row < size; row++) full[row]![row]! += 0.01 + random();
    matrix.begin(size);
    full.forEach((row, i) => row.forEach((value, j) => (matrix.entry[i * size + j] = value)));
    matrix.ready();
    for (let turn = 0; turn < 3 * size; turn++) expect(matrix.sweep(below(random, size)), `seed ${seed}`).toBe(true);

    const wanted = full.map((_, row) => (matrix.isSwept[row] === 1 ? random() - 0.5 : 0));
    const right = Float64Array.from(full, (row, i) =>
      matrix.isSwept[i] === 1 ? row.reduce((sum, value, j) => sum + value * wanted[j]!, 0) : 0,
    );
    const found = new Float64Array(size + 1).fill(7);
    matrix.solve(right, found, 1);
    wanted.forEach((value, i) => expect(found[i + 1], `row ${i}, seed ${seed}`).toBeCloseTo(value, 8));
    expect(found[0]).toBe(7);
  }
});

test('refuses a row that is a multiple of another, until that is out again', () => {
  const matrix = new SweptMatrix(2);
  matrix.begin(2);
  matrix.entry.set([1, 3, 3, 9]);
  matrix.ready();
  expect(matrix.sweep(0)).toBe(true);
  expect(matrix.sweep(1)).toBe(false);
  expect(matrix.sweep(0)).toBe(true);
  expect(matrix.sweep(1)).toBe(true);
  const found = new Float64Array(2);
  matrix.solve(Float64Array.of(0, 18), found, 0);
  expect([...found]).toEqual([0, 2]);
});
