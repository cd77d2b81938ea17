/** The water-filled cache by its definition: the level at which what all have adds up to the cache, found by halving. */
export function slowShares(bytes: number, demand: readonly number[], need: readonly number[]): number[] {
  const at = (level: number): number[] => demand.map((rate, i) => (rate === 0 ? 0 : Math.min(need[i]!, level * rate)));
  const sum = (shares: number[]): number => shares.reduce((total, share) => total + share, 0);
  if (sum(at(Infinity)) <= bytes) return at(Infinity);
  let low = 0;
  let high = 1;
  while (sum(at(high)) < bytes) high *= 2;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (sum(at(middle)) < bytes) low = middle;
    else high = middle;
  }
  return at(high);
}

/** The fewest bytes of at most `share` with which the misses are as few as with all of it, found byte by byte. */
export function slowUsefulBytes(missesAt: (bytes: number) => number, share: number): number {
  let bytes = share;
  while (bytes > 0 && missesAt(bytes - 1) === missesAt(share)) bytes--;
  return bytes;
}
