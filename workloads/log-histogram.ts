const BUCKETS_PER_OCTAVE = 8;
const OCTAVES = 53; // of whole numbers that a number holds

/**
 * Counts whole numbers from 1 on in buckets that are 2^(1/8) wide, so that a quantile is within 4.5 % of the true one, whatever the
 * range and however many there are; the mean is exact.
 */
export class LogHistogram {
  private readonly counts: Float64Array = new Float64Array(OCTAVES * BUCKETS_PER_OCTAVE); // [bucket]
  private sum = 0;
  count = 0;

  add(value: number): void {
    this.counts[Math.floor(Math.log2(value) * BUCKETS_PER_OCTAVE)]!++;
    this.sum += value;
    this.count++;
  }

  get mean(): number {
    return this.sum / this.count;
  }

  /** The middle, by ratio, of the bucket with the smallest value that at least `share` of all do not exceed. NaN without any. */
  quantile(share: number): number {
    let below = 0;
    for (let bucket = 0; bucket < this.counts.length; bucket++) {
      below += this.counts[bucket]!;
      if (below > 0 && below >= share * this.count) return 2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE);
    }
    return NaN;
  }
}
