import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where `bench/counts.ts` finds them. One line each, because test files run at once: a line is appended as a whole. */
const FILE = new URL('../results/tests/survival.jsonl', import.meta.url);

/**
 * Writes down what a suite has tried and what came of it, to be published with the commit and the date: `tally('process', { 'kill points
 * tried': 120, 'runs lost': 0 })`. A suite that runs again replaces what it said.
 */
export function tally(suite: string, counts: Readonly<Record<string, number>>): void {
  mkdirSync(fileURLToPath(new URL('.', FILE)), { recursive: true });
  const line = { suite, counts, commit: commit(), date: new Date().toISOString().slice(0, 10) };
  appendFileSync(FILE, `${JSON.stringify(line)}\n`);
}

/** Null outside of a checkout. */
function commit(): string | null {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}
