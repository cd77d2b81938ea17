/** numalab's weights: 100 is usual, whole numbers from 1 to 10,000. */
const MOST_WEIGHT = 10_000;
const MOST_PERCENT = 102_400;

/** A weight as numalab has them, whole; what that changes is told. @param said what the file has, with its place */
export function wholeWeight(weight: number, said: string, ignored: string[]): number {
  return whole(weight, MOST_WEIGHT, `${said}: a weight`, ignored);
}

/** A cap in whole percent of a CPU, at least 1. */
export function wholePercent(percent: number, said: string, ignored: string[]): number {
  return whole(percent, MOST_PERCENT, `${said}: a cap in percent`, ignored);
}

function whole(value: number, most: number, said: string, ignored: string[]): number {
  const taken = Math.min(most, Math.max(1, Math.round(value)));
  if (taken !== value) ignored.push(`${said} of ${Number(value.toPrecision(6))}, taken as ${taken}`);
  return taken;
}
