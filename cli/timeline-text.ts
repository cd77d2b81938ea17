import type { RunResult } from '../experiments/run-result.ts';
import { formatNs, formatNumber } from '../report/format.ts';
import { table } from '../report/table.ts';
import type { Timeline } from '../sim/recording.ts';

const ROWS = 10;

/** How fast work went in each part of the run, all guests of one unit together, and how many CPUs of each node they kept busy. */
export function timelineText({ guests }: Pick<RunResult, 'guests'>, timeline: Timeline): string {
  const { timesNs } = timeline;
  const nodes = timeline.guests[0]?.nodeRunNs[0]?.map((_, node) => node) ?? [];
  const units = [...new Set(guests.map(({ throughput }) => throughput.unit))];
  const rows = partsOf(timesNs).map(([from, to]) => {
    const ns = timesNs[to]! - timesNs[from]!;
    const rates = units.map((unit) => {
      const work = timeline.guests.reduce(
        (sum, guest, i) => sum + (guests[i]!.throughput.unit === unit ? guest.work[to]! - guest.work[from]! : 0),
        0,
      );
      return formatNumber((work / ns) * 1e9, 4);
    });
    const busy = nodes.map((node) => {
      const ranNs = timeline.guests.reduce((sum, guest) => sum + guest.nodeRunNs[to]![node]! - guest.nodeRunNs[from]![node]!, 0);
      return (ranNs / ns).toFixed(2);
    });
    return [formatNs(timesNs[from]!), formatNs(timesNs[to]!), ...rates, ...busy];
  });
  const columns = ['from', 'to', ...units, ...nodes.map((node) => (node === 0 ? 'CPUs busy: node 0' : `${node}`))];
  return rows.length === 0 ? '' : `\nas it went on\n${table(columns, rows)}\n`;
}

/** Pairs of points between which about a tenth of the run lies. */
function partsOf(timesNs: readonly number[]): [number, number][] {
  const last = timesNs.length - 1;
  const parts = Math.min(ROWS, last);
  const bounds = Array.from({ length: parts + 1 }, (_, part) =>
    part === parts ? last : nearest(timesNs, (timesNs[last]! * part) / parts),
  );
  return bounds.slice(1).flatMap((to, i): [number, number][] => (timesNs[to]! > timesNs[bounds[i]!]! ? [[bounds[i]!, to]] : []));
}

function nearest(timesNs: readonly number[], ns: number): number {
  return timesNs.reduce((best, timeNs, point) => (Math.abs(timeNs - ns) < Math.abs(timesNs[best]! - ns) ? point : best), 0);
}
