/**
 * MSER-5 (K. P. White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69(6), 1997): of means of
 * five observations each, the first d are cut that leave the least squared standard error of the mean of the rest,
 * sum of (Y_i - mean)^2 / (k - d)^2. At most half may go.
 */
export interface Truncation {
  /** How many observations to cut: a multiple of five. */
  readonly cut: number;
  /** Whether the least lies within the first half: else the series is still settling there, and cutting more might be better. */
  readonly settles: boolean;
}

export const MSER_BATCH = 5;
/** Fewer means than this tell nothing of a trend. */
const LEAST_MEANS = 4;

/** @throws RangeError for fewer than twenty observations */
export function mser5(series: readonly number[]): Truncation {
  const means = batchMeans(series);
  if (means.length < LEAST_MEANS) throw new RangeError(`MSER-5: ${series.length} observations, want at least ${LEAST_MEANS * MSER_BATCH}`);
  const most = Math.floor(means.length / 2);
  let best = 0;
  let least = Infinity;
  const errors = squaredErrors(means);
  for (let d = 0; d <= most; d++) {
    if (errors[d]! >= least) continue; // of equals the first
    least = errors[d]!;
    best = d;
  }
  return { cut: best * MSER_BATCH, settles: best < most };
}

/** What is left over at the end is no batch. */
function batchMeans(series: readonly number[]): number[] {
  return Array.from({ length: Math.floor(series.length / MSER_BATCH) }, (_, batch) => {
    const values = series.slice(batch * MSER_BATCH, (batch + 1) * MSER_BATCH);
    return values.reduce((sum, value) => sum + value, 0) / MSER_BATCH;
  });
}

/** [d]: sum of squares of all but the first d about their mean, over their number squared; from the back, so that each is one step (Welford). */
function squaredErrors(values: readonly number[]): number[] {
  const errors = new Array<number>(values.length);
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (let d = values.length - 1; d >= 0; d--) {
    const delta = values[d]! - mean;
    count++;
    mean += delta / count;
    squares += delta * (values[d]! - mean);
    errors[d] = squares / count ** 2;
  }
  return errors;
}
