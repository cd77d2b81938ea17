/** `0-3,8` as taskset, numactl and the kernel write ids, by rising id and each once; null if it is none. @param most of an id */
export function readIdList(text: string, most: number): number[] | null {
  if (text.length > MOST_LIST_CHARACTERS) return null;
  const ids = new Set<number>();
  let budget = MOST_MENTIONS;
  for (const part of text.split(',')) {
    const match = /^(\d{1,6})(?:-(\d{1,6})(?::(\d{1,6}))?)?$/.exec(part.trim());
    if (!match) return null;
    const from = Number(match[1]);
    const to = Number(match[2] ?? from);
    const step = Number(match[3] ?? 1);
    if (to < from || to > most || step < 1) return null;
    budget -= Math.floor((to - from) / step) + 1;
    if (budget < 0) return null;
    for (let id = from; id <= to; id += step) ids.add(id);
  }
  return [...ids].sort((a, b) => a - b);
}

/** With each id on its own the longest list of all that there may be is shorter. */
const MOST_LIST_CHARACTERS = 100_000;
/** Ids said twice and more count as often. */
const MOST_MENTIONS = 100_000;

/** Runs of ids, `[[0, 3], [8, 8]]`. @param ids by rising id */
export function runsOf(ids: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const id of ids) {
    const last = runs.at(-1);
    if (last && id === last[1] + 1) last[1] = id;
    else runs.push([id, id]);
  }
  return runs;
}

/** Where several runs are written apart: `0-3`, `8`. */
export function runText([from, to]: readonly [number, number]): string {
  return from === to ? String(from) : `${from}-${to}`;
}
