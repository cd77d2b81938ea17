/** Holm's procedure for several tests at once (S. Holm, Scandinavian Journal of Statistics 6, 1979). */

/** Adjusted p values, in the order given: one at most `alpha` is shown, with at most `alpha` chance of any false one. */
export function holm(pValues: readonly number[]): number[] {
  const adjusted: number[] = [];
  let largest = 0;
  ascending(pValues).forEach((at, rank) => {
    largest = Math.max(largest, Math.min(1, pValues[at]! * (pValues.length - rank)));
    adjusted[at] = largest;
  });
  return adjusted;
}

/** The level at which the procedure tests each: it loosens with every one shown, and stays where the first is not. */
export function holmLevels(pValues: readonly number[], level: number): number[] {
  const levels: number[] = [];
  let untested = pValues.length;
  let isOpen = true;
  let before = -1; // equal p values are tested alike, so that equal differences get equal intervals
  for (const at of ascending(pValues)) {
    const alpha = (1 - level) / untested;
    levels[at] = before >= 0 && pValues[before] === pValues[at] ? levels[before]! : 1 - alpha;
    isOpen &&= pValues[at]! <= alpha + ROUNDING;
    if (isOpen) untested--;
    before = at;
  }
  return levels;
}

/** 1 - 0.95 is not quite 0.05, and the p values of a bootstrap are whole steps that may meet it. */
const ROUNDING = 1e-12;

function ascending(values: readonly number[]): number[] {
  return values.map((_, i) => i).sort((i, j) => values[i]! - values[j]! || i - j);
}
