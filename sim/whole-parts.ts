/**
 * Whole numbers in place of parts that are not, which sum to `total` exactly: rounded down, then the missing ones given to the largest
 * remainders (ties in order). None becomes less than 0.
 */
export function wholeParts(parts: readonly number[], total: number): number[] {
  const whole = parts.map(Math.floor);
  const order = parts.map((_, part) => part).sort((a, b) => parts[b]! - whole[b]! - (parts[a]! - whole[a]!) || a - b);
  let missing = total - whole.reduce((sum, part) => sum + part, 0);
  for (let i = 0; missing !== 0; i = (i + 1) % order.length) {
    const part = order[i]!;
    const step = Math.sign(missing);
    if (step < 0 && whole[part] === 0) continue;
    whole[part]! += step;
    missing -= step;
  }
  return whole;
}
