import { formatNumber } from '../report/format.ts';
import { table } from '../report/table.ts';
import { buildReference } from './c-reference.ts';
import { jobD } from './job-d.ts';

const ROUNDS = 5;
const SECONDS = 20;
/** Times the CPU time of the program in C. */
const TARGET = 2;

/** What dispatching alone costs, beside a program in C that does nothing else, where that can be built. */
export function printDispatch(): void {
  const reference = buildReference('jobD.c');
  const us: number[] = [];
  const ratios: number[] = [];
  let inC = { ev: 0, comp: 0 };
  jobD(2e9); // warm up
  let events = 0;
  let completions = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    const outcome = jobD(SECONDS * 1e9);
    const { user, system } = process.cpuUsage(before);
    ({ events, completions } = outcome);
    us.push((user + system) / events);
    if (!reference) continue;
    const { s, ev, comp } = reference.run(String(SECONDS * 1000));
    inC = { ev: ev!, comp: comp! };
    ratios.push((user + system) / 1e6 / s!);
  }
  reference?.remove();
  console.log(`\njob D: 300 processes served round robin at ticks of 1 ms on 48 CPUs, no memory; median of ${ROUNDS} interleaved rounds\n`);
  const row = [
    events,
    completions,
    ...spread(us),
    ...(ratios.length > 0 ? spread(ratios) : ['-', '-']),
    formatNumber(TARGET),
    inC.ev,
    inC.comp,
  ];
  console.log(
    table(
      ['events', 'completions', 'us an event', 'least .. most', 'x C', 'least .. most', 'target', 'events in C', 'completions in C'],
      [row],
    ),
  );
  if (!reference) console.log('C reference skipped: its source is not beside the project, or there is no g++');
}

function spread(values: readonly number[]): [string, string] {
  const sorted = [...values].sort((a, b) => a - b);
  return [formatNumber(sorted[sorted.length >> 1]!), `${formatNumber(sorted[0]!)} .. ${formatNumber(sorted.at(-1)!)}`];
}
