import type { Random } from './random.ts';

/** By how much what was counted since the last reading may be wrong, as counters are multiplexed. Assumed. */
const PMU_ERROR = 0.02;

/**
 * Counters of the performance monitoring unit as they are read: what was counted since the last reading is off by up to 2 % at random. So they
 * never go back, and the difference of two readings is as good as one, however long they have counted.
 */
export class NoisyCounter {
  private readonly truth: Float64Array;
  private readonly draw: Random;
  private seen = new Float64Array(0); // the truth at the last reading; neither is kept for counters that nobody reads
  private told = new Float64Array(0);

  constructor(truth: Float64Array, draw: Random) {
    this.truth = truth;
    this.draw = draw;
  }

  read(i: number): number {
    if (this.seen.length === 0) {
      this.seen = new Float64Array(this.truth.length);
      this.told = new Float64Array(this.truth.length);
    }
    const error = PMU_ERROR * (2 * this.draw() - 1);
    this.told[i]! += (this.truth[i]! - this.seen[i]!) * (1 + error);
    this.seen[i] = this.truth[i]!;
    return this.told[i]!;
  }
}
