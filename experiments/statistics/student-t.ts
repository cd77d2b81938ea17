/**
 * Student's t distribution for a whole number of degrees of freedom, by the finite sums of Abramowitz & Stegun, Handbook of
 * Mathematical Functions, 26.7.3 and 26.7.4.
 */

/** Probability that |T| stays below `t` (t >= 0). Tails under 1e-15 come out as 0. */
export function centralProbability(t: number, degreesOfFreedom: number): number {
  const dof = checkedDegrees(degreesOfFreedom);
  if (t === Infinity) return 1;
  const radius = Math.hypot(t, Math.sqrt(dof));
  const sine = t / radius;
  const cosine = Math.sqrt(dof) / radius;
  const isOdd = dof % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = dof === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k < dof; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (Math.atan2(t, Math.sqrt(dof)) + sine * sum) : sine * sum;
}

/** The t below which T lies with probability `p`, 0 < p < 1. */
export function tQuantile(p: number, degreesOfFreedom: number): number {
  const dof = checkedDegrees(degreesOfFreedom);
  if (!(p > 0 && p < 1)) throw new RangeError(`t quantile: probability = ${p}, want more than 0 and less than 1`);
  if (p === 0.5) return 0;
  if (p < 0.5) return -tQuantile(1 - p, dof);
  const central = 2 * p - 1;
  let low = 0;
  let high = 1;
  while (centralProbability(high, dof) < central) {
    low = high;
    high *= 2;
  }
  for (;;) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) return high; // neighbours: no number lies between
    if (centralProbability(middle, dof) < central) low = middle;
    else high = middle;
  }
}

function checkedDegrees(dof: number): number {
  if (!Number.isSafeInteger(dof) || dof < 1)
    throw new RangeError(`t distribution: degrees of freedom = ${dof}, want a whole number from 1`);
  return dof;
}
