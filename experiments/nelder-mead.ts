/** The search ends when its corners are SMALL apart, or NEAR and their values as good as equal. */
const SMALL = 1e-8;
const NEAR = 1e-4;
const FLAT = 1e-10;
/** Of squared relative errors: far below what any measurement or the solver's own tolerance can mean. */
const NOTHING = 1e-13;
const MOST_STEPS = 500;

/**
 * The point where `cost` is least, near `start`: the downhill simplex of J. A. Nelder and R. Mead (1965) with their coefficients
 * (reflect 1, expand 2, contract 1/2, shrink 1/2), begun anew from its own end until that brings nothing, for a simplex may collapse
 * early. `cost` may be Infinity where a point cannot be. Always the same result for the same input.
 * @param step edge of the first simplex, in each direction
 */
export function minimise(cost: (point: readonly number[]) => number, start: readonly number[], step: number): number[] {
  let best = descend(cost, start, step);
  for (let restarts = 0; restarts < 10; restarts++) {
    const again = descend(cost, best, step / 2);
    if (!(cost(again) < cost(best) * (1 - 1e-6) - NOTHING)) break;
    best = again;
  }
  return best;
}

interface Corner {
  readonly point: readonly number[];
  readonly value: number;
}

function descend(cost: (point: readonly number[]) => number, start: readonly number[], step: number): number[] {
  const corner = (point: readonly number[]): Corner => ({ point, value: cost(point) });
  const byValue = (a: Corner, b: Corner): number => a.value - b.value;
  const corners = [corner(start), ...start.map((_, i) => corner(start.map((x, j) => (i === j ? x + step : x))))].sort(byValue);
  const last = corners.length - 1;
  for (let steps = 0; steps < MOST_STEPS && !isDone(corners); steps++) {
    const worst = corners[last]!;
    const centre = start.map((_, i) => corners.slice(0, last).reduce((sum, { point }) => sum + point[i]!, 0) / last);
    const along = (factor: number): Corner => corner(centre.map((x, i) => x + factor * (worst.point[i]! - x)));
    const reflected = along(-1);
    if (reflected.value < corners[0]!.value) {
      const expanded = along(-2);
      corners[last] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < corners[last - 1]!.value) corners[last] = reflected;
    else {
      const contracted = reflected.value < worst.value ? along(-0.5) : along(0.5);
      if (contracted.value < Math.min(reflected.value, worst.value)) corners[last] = contracted;
      else {
        const { point: best } = corners[0]!;
        for (let i = 1; i <= last; i++) corners[i] = corner(best.map((x, j) => x + (corners[i]!.point[j]! - x) / 2));
      }
    }
    corners.sort(byValue);
  }
  return [...corners[0]!.point];
}

function isDone(corners: readonly Corner[]): boolean {
  const [best, worst] = [corners[0]!, corners[corners.length - 1]!];
  const width = Math.max(...worst.point.map((x, i) => Math.abs(x - best.point[i]!)));
  return width <= SMALL || (width <= NEAR && worst.value - best.value <= FLAT * Math.abs(best.value) + NOTHING);
}
