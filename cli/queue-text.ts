import { logOf, type QueueStatus } from '../experiments/sweep/engines/slurm-status.ts';
import { quoted } from '../experiments/sweep/engines/shell.ts';
import { plural } from './sweep-text.ts';

const MOST_LOST = 5;

/** What Slurm has of a sweep: what runs, what waits and why, and what it has lost; nothing where nothing is open. */
export function queueText(folder: string, { running, queued, lost, reasons, jobs }: QueueStatus): string {
  if (running + queued + lost.length === 0) return '';
  const why = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`);
  const lines = [`in Slurm: ${running} running, ${queued} queued${why.length > 0 ? ` (${why.join(', ')})` : ''}`];
  if (jobs.length > 0) lines[0] += `; to end them: scancel ${jobs.join(' ')}`;
  if (lost.length > 0) {
    lines.push(`lost: ${plural(lost.length, 'run')}, in no queue and without a sound result`);
    for (const index of lost.slice(0, MOST_LOST)) lines.push(`  run ${index}: ${logOf(folder, index) ?? 'no log'}`);
    if (lost.length > MOST_LOST) lines.push(`  ... ${lost.length - MOST_LOST} more`);
    lines.push(`submit them again: numalab sweep run ${quoted(folder)} --engine slurm`);
  }
  return `${lines.join('\n')}\n`;
}
