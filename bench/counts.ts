import { existsSync, readFileSync } from 'node:fs';

/**
 * What the suites that do harm have tried and what came of it, as the table of the README: `npm run counts` after the tests. The suites
 * write it down with `test/tally.ts`; of one that ran more than once the last counts.
 */
const FILE = 'results/tests/survival.jsonl';

/** In the order of the table; a count that several suites have is their sum. */
const ROWS = [
  'kill points tried',
  'faults injected into calls to the disk',
  'bits flipped',
  'files cut',
  'bad inputs tried',
  'mutated files of other tools',
  'runs lost',
  'runs duplicated',
  'damaged files believed',
  'bad inputs that crashed it',
  'mutated files that crashed or hung it',
] as const;

interface Line {
  readonly suite: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly commit: string | null;
  readonly date: string;
}

if (existsSync(FILE)) console.log(tableOf(readFileSync(FILE, 'utf8')));
else {
  console.log(`${FILE}: not there; npm test and npm run test:long write it`);
  process.exitCode = 1;
}

function tableOf(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
  const last = [...new Map(lines.map((line) => [line.suite, line])).values()];
  const sums = new Map<string, number>();
  for (const { counts } of last) for (const [name, count] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + count);
  const rows = ROWS.map((name) => `| ${name} | ${sums.get(name)?.toLocaleString('en') ?? 'not counted'} |`);
  const commits = [...new Set(last.map(({ commit }) => commit ?? 'unknown'))].join(', ');
  const date = last.map((line) => line.date).sort().at(-1); // prettier-ignore
  return [`| commit ${commits}, ${date} | |`, '|---|--:|', ...rows].join('\n');
}
