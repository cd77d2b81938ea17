/** A pivot that is a smaller part of its diagonal than this is rounding. */
const LEAST_PIVOT = 1e-9;

/**
 * A symmetric positive definite matrix, inverted on those rows that are swept: each sweep takes a row in or out again, so that a change
 * of which equations hold costs one pass over the matrix and not an inversion.
 * After: J. H. Goodnight, "A tutorial on the SWEEP operator" (1979).
 */
export class SweptMatrix {
  /** [row * size + column]; all of it to be filled after begin. Minus the inverse on swept rows and columns. */
  readonly entry: Float64Array;
  readonly isSwept: Uint8Array;
  size = 0;
  private readonly least: Float64Array; // [row] the smallest pivot

  constructor(most: number) {
    this.entry = new Float64Array(most * most);
    this.isSwept = new Uint8Array(most);
    this.least = new Float64Array(most);
  }

  /** Starts an empty matrix of so many rows. */
  begin(size: number): void {
    this.size = size;
    this.entry.fill(0, 0, size * size);
  }

  /** The matrix is filled; no row is swept. */
  ready(): void {
    const { size } = this;
    this.isSwept.fill(0);
    for (let row = 0; row < size; row++) this.least[row] = this.entry[row * size + row]! * LEAST_PIVOT;
  }

  /** Takes a row in, or out if it was in. False, and nothing done, when it depends on those that are in. */
  sweep(pivot: number): boolean {
    const { entry, size } = this;
    const first = pivot * size;
    const diagonal = entry[first + pivot]!;
    const isOut = this.isSwept[pivot] === 0;
    if (isOut && !(diagonal > this.least[pivot]!)) return false;
    this.isSwept[pivot] = isOut ? 1 : 0;
    const inverse = 1 / diagonal;
    for (let row = 0; row < size; row++) {
      const value = entry[row * size + pivot]!;
      if (value === 0 || row === pivot) continue;
      const factor = value * inverse;
      const at = row * size;
      for (let column = 0; column < size; column++) entry[at + column]! -= factor * entry[first + column]!;
      entry[at + pivot] = isOut ? factor : -factor;
    }
    for (let column = 0; column < size; column++) entry[first + column] = entry[column * size + pivot]!;
    entry[first + pivot] = -inverse;
    return true;
  }

  /** The solution, on swept rows and 0 on others, of the equations of the swept rows, the right-hand side being 0 on others: to out[at..at + size). */
  solve(right: Float64Array, out: Float64Array, at: number): void {
    const { entry, size, isSwept } = this;
    for (let row = 0; row < size; row++) {
      let sum = 0;
      if (isSwept[row] === 1) {
        const first = row * size;
        for (let column = 0; column < size; column++) sum -= entry[first + column]! * right[column]!;
      }
      out[at + row] = sum;
    }
  }
}
