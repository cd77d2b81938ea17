import { exponential, hyperexponential, lognormal, type Random } from '../sim/random.ts';
import { wholeNs } from './computing.ts';

/** Laws of times by the names users give them. */
export const LAWS: readonly string[] = ['exp', 'h2', 'lognormal', 'det'];

/**
 * Draws times of one law and mean: exponential, hyperexponential, lognormal or constant.
 * @param scv squared coefficient of variation of h2 and lognormal; the others have their own (1 and 0)
 */
export function timeLaw(law: string, meanNs: number, scv: number): (random: Random) => number {
  if (law === 'exp') return (random) => wholeNs(exponential(random, meanNs));
  if (law === 'h2') {
    if (scv <= 1) throw new RangeError(`law h2: scv = ${scv}, want more than 1`);
    return (random) => wholeNs(hyperexponential(random, meanNs, scv));
  }
  if (law === 'lognormal') {
    if (scv <= 0) throw new RangeError(`law lognormal: scv = ${scv}, want more than 0`);
    return (random) => wholeNs(lognormal(random, meanNs, scv));
  }
  if (law === 'det') return () => wholeNs(meanNs);
  throw new RangeError(`law = ${law}, want ${LAWS.join(', ')}`);
}
