import type { MissCurve } from './workload-api.ts';

/**
 * How often phases miss by the bytes of cache they have, for programs that know better than "a sweep" or "at random": tables of
 * points with straight lines between them, level before the first and after the last.
 */
export interface MissCurves {
  readonly start: Int32Array; //   [curve + 1] its points are start[curve]..start[curve + 1] of the two below
  readonly bytes: Float64Array; // rising within a curve
  readonly misses: Float64Array; // per access, falling within a curve
}

/**
 * Lays the curves of all guests' programs one after the other.
 * @throws RangeError naming guest, point and what was wanted
 */
export function layMissCurves(guests: readonly { readonly name: string; readonly curves: readonly MissCurve[] }[]): MissCurves {
  for (const { name, curves } of guests) curves.forEach((points, curve) => checkCurve(`guest ${name}: missCurves[${curve}]`, points));
  const all = guests.flatMap(({ curves }) => curves);
  const points = all.flat();
  const start = new Int32Array(all.length + 1);
  all.forEach((curve, i) => (start[i + 1] = start[i]! + curve.length));
  return { start, bytes: Float64Array.from(points, ([bytes]) => bytes), misses: Float64Array.from(points, ([, misses]) => misses) };
}

/** Misses per access with so many bytes of the cache. */
export function curveMisses(curves: MissCurves, curve: number, bytes: number): number {
  const first = curves.start[curve]!;
  const end = curves.start[curve + 1]!;
  let right = first;
  while (right < end && curves.bytes[right]! < bytes) right++;
  if (right === first) return curves.misses[first]!;
  const from = curves.misses[right - 1]!;
  if (right === end) return from;
  const along = (bytes - curves.bytes[right - 1]!) / (curves.bytes[right]! - curves.bytes[right - 1]!);
  return from + along * (curves.misses[right]! - from);
}

/** The fewest bytes with which it would miss no more than with these: the rest serve nothing. */
export function curveUsefulBytes(curves: MissCurves, curve: number, bytes: number): number {
  const first = curves.start[curve]!;
  const misses = curveMisses(curves, curve, bytes);
  if (misses === curves.misses[first]!) return 0;
  let point = first;
  while (point < curves.start[curve + 1]! && curves.misses[point]! > misses) point++;
  return point < curves.start[curve + 1]! && curves.misses[point] === misses ? Math.min(bytes, curves.bytes[point]!) : bytes;
}

function checkCurve(path: string, points: MissCurve): void {
  const wrong = (at: string, value: unknown, want: string): never => {
    throw new RangeError(`${path}${at} = ${String(value)}, want ${want}`);
  };
  if (points.length === 0) wrong('.length', 0, 'at least one point');
  points.forEach(([bytes, misses], i) => {
    const [bytesBefore, missesBefore] = i > 0 ? points[i - 1]! : [-1, 1];
    if (!(Number.isFinite(bytes) && bytes > bytesBefore && bytes >= 0)) {
      wrong(`[${i}][0]`, bytes, i > 0 ? `bytes, more than ${bytesBefore}` : 'bytes, 0 or more');
    }
    if (!(misses >= 0 && misses <= missesBefore)) wrong(`[${i}][1]`, misses, `a share of accesses, 0 to ${missesBefore}`);
  });
}
