import type { Settings } from './options.ts';

const LOCAL = 10;
const MOST = 255;

/**
 * `-numa dist`: one value for a pair holds for both ways, unless some pair differs by direction: then all must be said both ways.
 * After: QEMU hw/core/numa.c, parse_numa_distance, validate_numa_distance, complete_init_numa_distance.
 * @returns [node][node], or null where nothing is said
 */
export function readDistances(options: readonly Settings[], nodeCount: number): number[][] | null {
  if (options.length === 0) return null;
  const rows = Array.from({ length: nodeCount }, () => Array<number>(nodeCount).fill(0));
  for (const settings of options) {
    settings.allow(['type', 'src', 'dst', 'val']);
    const [src, dst] = ['src', 'dst'].map((key) => settings.count(key, 0, nodeCount - 1) ?? settings.fail(null, `without ${key}, want ${key}=NODE`)) as [number, number]; // prettier-ignore
    const val = settings.count('val', LOCAL, MOST) ?? settings.fail(null, 'without val, want val=DISTANCE');
    if (src === dst && val !== LOCAL) settings.fail(settings.one('val'), `want ${LOCAL} from a node to itself`);
    rows[src]![dst] = val;
  }
  complete(rows, options[0]!);
  return rows;
}

function complete(rows: number[][], settings: Settings): void {
  let differs = false;
  rows.forEach((row, from) => {
    for (let to = from + 1; to < row.length; to++) {
      const there = row[to]!;
      const back = rows[to]![from]!;
      if (there === 0 && back === 0)
        settings.fail(null, `the distance between node ${from} and ${to} is missing, want it one way at least`);
      if (there > 0 && back > 0 && there !== back) differs = true;
    }
  });
  rows.forEach((row, from) => {
    row.forEach((distance, to) => {
      if (from === to) row[to] = LOCAL;
      else if (distance === 0 && differs)
        settings.fail(null, `the distance from node ${from} to ${to} is missing, want both ways of all pairs, as one differs by direction`);
      else if (distance === 0) row[to] = rows[to]![from]!;
    });
  });
}
