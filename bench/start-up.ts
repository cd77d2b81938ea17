import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { table } from '../report/table.ts';

/**
 * `npm run bench:start [-- REPEATS]`: what short command lines cost beside a bare `node -e 0`, all of them in turn so that whatever else the
 * machine does falls on all alike. Wall time, and CPU time of all threads, the compiler's among them; the least and the median of each.
 */
const start = fileURLToPath(new URL('../cli/start.cjs', import.meta.url));
const LINES = [
  '--version',
  '--help',
  'run --help',
  'check',
  'run --duration 1ms --boot 0',
  'run --duration 1ms --boot 0 --json',
  'run --duration 1ms',
  'run --duration 1ms --json',
  'run --duration 1ms --policy xl-credit2',
  'policy list',
];
const COUNT = Number(process.argv[2] ?? 20);

interface Spent {
  readonly wallMs: number[];
  readonly cpuMs: number[];
}

const cases = [['-e', '0'], ...LINES.map((line) => [start, ...line.split(' ')])];
const spent: Spent[] = cases.map(() => ({ wallMs: [], cpuMs: [] }));
for (let i = 0; i < COUNT; i++) {
  cases.forEach((argv, at) => {
    const before = childCpuMs(argv);
    spent[at]!.wallMs.push(before.wallMs);
    spent[at]!.cpuMs.push(before.cpuMs);
  });
}

/** `times` of a shell tells what its child used, to the millisecond. */
function childCpuMs(argv: readonly string[]): { wallMs: number; cpuMs: number } {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync('bash', ['-c', '"$0" "$@" >/dev/null 2>&1 || exit 1; times >&2', process.execPath, ...argv], {
    encoding: 'utf8',
  });
  const wallMs = performance.now() - startedMs;
  if (status !== 0) throw new Error(`numalab ${argv.slice(1).join(' ')} failed`);
  const [user = '', system = ''] = stderr.trim().split('\n').at(-1)!.split(' ');
  return { wallMs, cpuMs: msOf(user) + msOf(system) };
}

/** `0m1.234s` as bash writes it. */
function msOf(text: string): number {
  const [, minutes = '0', seconds = '0'] = /^(\d+)m([\d.]+)s$/.exec(text) ?? [];
  return Number(minutes) * 60_000 + Number(seconds) * 1_000;
}

const least = (values: readonly number[]): number => Math.min(...values);
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const [bare] = spent;
const rows = ['node -e 0', ...LINES.map((line) => `numalab ${line}`)].map((line, at) => {
  const { wallMs, cpuMs } = spent[at]!;
  const of = (pick: typeof least, values: readonly number[], beside: readonly number[]): string[] => [
    pick(values).toFixed(0),
    (pick(values) / pick(beside)).toFixed(2),
  ];
  return [
    line,
    ...of(least, wallMs, bare!.wallMs),
    ...of(median, wallMs, bare!.wallMs),
    ...of(least, cpuMs, bare!.cpuMs),
    ...of(median, cpuMs, bare!.cpuMs),
  ];
});
const columns = ['command line', 'wall least ms', 'x', 'median ms', 'x', 'CPU least ms', 'x', 'median ms', 'x'];
console.log(table(columns, rows));
console.log(
  `\n${COUNT} times each, in turn; Node ${process.version}; load of the machine ${loadavg()
    .map((load) => load.toFixed(1))
    .join(', ')}`,
);
