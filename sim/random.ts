import alea from 'seedrandom/lib/alea.js';

/** A stream of numbers in [0, 1). */
export type Random = () => number;

/**
 * The stream of one purpose of one entity, e.g. `namedStream('42', 'vm3', 0, 'think')`. It depends on these names alone, never on
 * what was created before, so a guest meets the same draws under every policy (common random numbers).
 * @param seed canonical decimal text of the run's seed
 */
export function namedStream(seed: string, guest: string, vcpu: number, purpose: string): Random {
  return alea(`${seed}/${guest}/${vcpu}/${purpose}`);
}

/** Exponential with the given mean, by inversion. */
export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

/**
 * Two-phase hyperexponential with balanced means and the given squared coefficient of variation (> 1): the standard way to make
 * a law more variable than the exponential with two parameters.
 */
export function hyperexponential(random: Random, mean: number, scv: number): number {
  const p = (1 + Math.sqrt((scv - 1) / (scv + 1))) / 2;
  const share = random() < p ? p : 1 - p;
  return exponential(random, mean / (2 * share));
}

/** Lognormal with the given mean and squared coefficient of variation (Box-Muller, both draws spent, so no state is hidden). */
export function lognormal(random: Random, mean: number, scv: number): number {
  const sigma2 = Math.log(1 + scv);
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  const normal = radius * Math.cos(2 * Math.PI * random());
  return mean * Math.exp(Math.sqrt(sigma2) * normal - sigma2 / 2);
}

/** A whole number in [0, bound). */
export function below(random: Random, bound: number): number {
  return Math.floor(random() * bound);
}

/** Puts the first `count` items into a drawn order (Fisher-Yates). */
export function shuffle(items: Int32Array, count: number, random: Random): void {
  for (let i = count - 1; i > 0; i--) {
    const j = below(random, i + 1);
    const item = items[i]!;
    items[i] = items[j]!;
    items[j] = item;
  }
}
