/** A pivot that is a smaller part of its diagonal than this is rounding. */
const LEAST_PIVOT = 1e-9;

/**
 * Solves symmetric positive definite equations of which most entries are zero: L D L' in the order given, right-looking, touching
 * non-zeros only. Rows that few others depend on should come first.
 * After: T. Davis, "Direct Methods for Sparse Linear Systems" (2006), ch. 4.
 */
export class SparseCholesky {
  /** [row * size + column], the lower triangle; to be filled after begin. */
  readonly matrix: Float64Array;
  size = 0;
  private readonly pivot: Float64Array; //      [column]
  private readonly columnStart: Int32Array; //  [column + 1]
  private readonly entryRow: Int32Array; //     rows of each column of L below the diagonal
  private readonly entryValue: Float64Array;

  constructor(most: number) {
    this.matrix = new Float64Array(most * most);
    this.pivot = new Float64Array(most);
    this.columnStart = new Int32Array(most + 1);
    this.entryRow = new Int32Array((most * (most - 1)) / 2);
    this.entryValue = new Float64Array((most * (most - 1)) / 2);
  }

  /** Starts an empty matrix of so many rows. */
  begin(size: number): void {
    this.size = size;
    this.matrix.fill(0, 0, size * size);
  }

  /** Takes the matrix apart, which destroys it. False when rows depend on each other. */
  factor(): boolean {
    const { matrix, size, pivot, columnStart, entryRow, entryValue } = this;
    for (let row = 0; row < size; row++) pivot[row] = matrix[row * size + row]! * LEAST_PIVOT;
    let end = 0;
    for (let column = 0; column < size; column++) {
      const start = end;
      columnStart[column] = start;
      const diagonal = matrix[column * size + column]!;
      if (!(diagonal > pivot[column]!)) return false;
      pivot[column] = diagonal;
      for (let row = column + 1; row < size; row++) {
        const value = matrix[row * size + column]!;
        if (value === 0) continue;
        entryRow[end] = row;
        entryValue[end++] = value;
      }
      const inverse = 1 / diagonal;
      for (let i = start; i < end; i++) {
        const factor = entryValue[i]! * inverse;
        const row = entryRow[i]! * size;
        for (let j = start; j < i; j++) matrix[row + entryRow[j]!]! -= factor * entryValue[j]! * pivot[column]!;
        matrix[row + entryRow[i]!]! -= factor * entryValue[i]!;
        entryValue[i] = factor;
      }
    }
    columnStart[size] = end;
    return true;
  }

  /** Turns the right-hand side into the solution, in place. */
  solve(vector: Float64Array): void {
    const { size, pivot, columnStart, entryRow, entryValue } = this;
    for (let column = 0; column < size; column++) {
      const value = vector[column]!;
      for (let i = columnStart[column]!, end = columnStart[column + 1]!; i < end; i++) vector[entryRow[i]!]! -= entryValue[i]! * value;
    }
    for (let column = size - 1; column >= 0; column--) {
      let value = vector[column]! / pivot[column]!;
      for (let i = columnStart[column]!, end = columnStart[column + 1]!; i < end; i++) value -= entryValue[i]! * vector[entryRow[i]!]!;
      vector[column] = value;
    }
  }
}
