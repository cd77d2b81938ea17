import { formatNs } from '../report/format.ts';
import type { Manifest } from '../experiments/sweep/manifest.ts';
import { textOf } from '../experiments/sweep/planned.ts';
import type { SweepStatus } from '../experiments/sweep/status.ts';

/** `24 runs: 20 done, 3 missing, 1 damaged` and what those done ended as. */
export function statusText(status: SweepStatus): string {
  const { runs, done, missing, damaged, firstMissing, firstDamaged, other, different, endings } = status;
  const counts = [`${done} done`, ...counted(missing, 'missing'), ...counted(damaged, 'damaged')].join(', ');
  const ends = Object.entries(endings).map(([ending, count]) => `${count} ${ending}`);
  const lines = [`${plural(runs, 'run')}: ${counts}`];
  if (ends.length > 0) lines.push(`ended: ${ends.join(', ')}`);
  if (done > 0) lines.push(...named('missing', missing, firstMissing)); // of a sweep that has not begun all are
  lines.push(...named('damaged', damaged, firstDamaged));
  if (different > 0) lines.push(`not deterministic: ${plural(different, 'result')} gave other bytes than before (runs/*.different)`);
  if (other > 0) lines.push(`kept beside: ${plural(other, 'result')} of other plans, code or policies`);
  return `${lines.join('\n')}\n`;
}

/** `damaged: runs 3-7,9`, as sweep exec --indices takes them. */
function named(what: string, count: number, first: readonly number[]): string[] {
  if (count === 0) return [];
  const more = count - first.length;
  return [`${what}: ${count === 1 ? 'run' : 'runs'} ${rangesText(first)}${more > 0 ? ` and ${more} more` : ''}`];
}

function rangesText(indices: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const index of indices) {
    const last = ranges.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** What differs, and what is there of each value. */
export function wordsText({ words }: SweepStatus): string {
  const parts = Object.entries(words).map(([word, values]) => {
    const lines = Object.entries(values).map(
      ([value, { runs, done, notOk }]) => `  ${value}: ${done} of ${runs}${notOk > 0 ? `, ${notOk} not ok` : ''}\n`,
    );
    return `${word}\n${lines.join('')}`;
  });
  return parts.join('');
}

/** The first runs of a plan, one a line. */
export function firstRuns({ runs }: Manifest, count: number): string {
  const lines = runs.slice(0, count).map(({ id, words }, index) => `  ${index}  ${id.slice(0, 12)}  ${textOf(words)}\n`);
  return lines.join('') + (runs.length > count ? `  ... ${runs.length - count} more\n` : '');
}

export function variedText({ varied, runs }: Manifest): string {
  return `${plural(runs.length, 'run')}${varied.length > 0 ? `, which differ in ${varied.join(', ')}` : ''}\n`;
}

/** For a person who watches: `37 of 200 runs, 2 not ok, 1 failed, 12s left`. */
export function progressText(at: { done: number; runs: number; notOk: number; failed: number; leftMs: number | null }): string {
  const parts = [`${at.done} of ${plural(at.runs, 'run')}`, ...counted(at.notOk, 'not ok'), ...counted(at.failed, 'failed')];
  if (at.leftMs !== null) parts.push(`${formatNs(Math.max(1, Math.round(at.leftMs / 1000)) * 1e9)} left`);
  return parts.join(', ');
}

function counted(count: number, what: string): string[] {
  return count > 0 ? [`${count} ${what}`] : [];
}

export function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
