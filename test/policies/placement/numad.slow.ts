import type { Room } from '../../../policies/placement/numad.ts';

interface Request {
  readonly mB: number;
  readonly percent: number;
  readonly flexPercent: number;
  readonly hasEnoughCpus: boolean;
}

/**
 * numad's choice of nodes in whole numbers without end, with nothing kept between its questions: what is left after some nodes is counted
 * anew for each prefix of the list.
 */
export function slowPick(
  rooms: readonly Room[],
  want: Request,
  first: { mB: number; percent: number },
  slit: readonly (readonly number[])[],
): number[] {
  const ids = rooms.map((_, i) => i);
  const far = (a: number, b: number): bigint => BigInt(slit[rooms[a]!.node]![rooms[b]!.node]!);
  const worth = (i: number): bigint => {
    const [mB, percent] = [BigInt(rooms[i]!.freeMB), BigInt(Math.max(1, rooms[i]!.freePercent))];
    const [wantMB, wantPercent] = [BigInt(want.mB), BigInt(want.percent)];
    const memory = mB > wantMB ? wantMB * 10n + (mB - wantMB) * 4n : mB * 10n;
    const cpu = percent > wantPercent ? wantPercent * 6n + (percent - wantPercent) : percent * 6n;
    return memory * cpu;
  };
  const chain = (from: number, list: readonly number[] = ids): number[] => {
    if (list.length === 0) return [];
    const isBetter = (a: number, b: number): boolean =>
      far(a, from) < far(b, from) || (far(a, from) === far(b, from) && worth(a) > worth(b));
    const next = list.find((a) => !list.some((b) => isBetter(b, a)))!; // the first in the list with none better
    const rest = list.slice(1).map((i) => (i === next ? list[0]! : i)); // the head takes its place
    return [next, ...chain(from, rest)];
  };
  let least = 0;
  while (least * first.mB < want.mB || least * first.percent < want.percent - want.flexPercent) least++;
  least = Math.min(least, rooms.length);
  const sumFrom = (from: number): bigint =>
    chain(from)
      .slice(0, least)
      .reduce((sum, i) => sum + worth(i) / (far(i, from) * far(i, from)), 0n);
  const best = ids.find((i) => !ids.some((j) => sumFrom(j) > sumFrom(i)))!;
  const order = chain(best);
  const lacks = (count: number): boolean => {
    const had = order.slice(0, count).map((i) => rooms[i]!);
    const mB = had.reduce((left, room) => left - Math.max(0, Math.min(left, room.freeMB - 100)), want.mB);
    const percent = had.reduce((left, room) => left - Math.min(left, room.freePercent), want.percent);
    return count < least || mB > 0 || (percent > want.flexPercent && !want.hasEnoughCpus);
  };
  let count = 0;
  while (count < rooms.length && lacks(count)) count++;
  return order.slice(0, count).map((i) => rooms[i]!.node);
}
