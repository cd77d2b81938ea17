import type { GuestResult, RunResult } from '../experiments/run-result.ts';
import { formatNs, formatNumber, formatShare, plainText } from '../report/format.ts';
import { table } from '../report/table.ts';
import { CAUSES } from '../sim/recording.ts';

/** More guests than this are told as a summary, and more threads in all not one by one. */
const LISTED_GUESTS = 16;
const LISTED_THREADS = 32;
const BAR = 40;
const COLUMNS = ['guest', 'throughput', 'unit', 'elapsed', 'remote', 'moves: core', 'cpu', 'node', 'socket', 'pages', 'waited', 'status'];

/** What a person wants to know of a run: how much was done, by whom, and where the time went. */
export function runText(result: RunResult): string {
  const { status, message, machine, policy, oracle, workload, seed, guests, total, simulatedNs } = result;
  const head =
    `${workload} under ${policy}${oracle ? ' (oracle: knows what no kernel could)' : ''} on ${machine}, seed ${seed}\n` +
    `${status}${message === null ? '' : `: ${plainText(message)}`}, ${formatNs(simulatedNs)} simulated, decisions ${result.hash}\n`;
  const listed = guests.length <= LISTED_GUESTS ? guests.map((guest) => row(guest.name, guest, guest.status)) : spread(guests);
  return `${head}\n${table(COLUMNS, [...listed, row('total', total, '')])}\n${threads(guests)}${figures(guests)}${beliefs(guests)}${moved(total)}\n${causes(total)}`;
}

/** The threads of processes whose file names them. */
function threads(guests: readonly GuestResult[]): string {
  const named = guests.flatMap((guest) => guest.threads ?? []);
  if (named.length === 0) return '';
  if (named.length > LISTED_THREADS) return `\n${named.length} threads: --json tells of each\n`;
  const own = [...new Set(named.flatMap(({ figures: values }) => Object.keys(values)))];
  const rows = named.map(({ name, runNs, waitNs, blockedNs, sleepNs, contextSwitches, migrations, figures: values }) => [
    plainText(name),
    ...[runNs, waitNs, blockedNs, sleepNs].map((ns) => formatNs(ns)),
    contextSwitches,
    migrations,
    ...own.map((figure) => figureText(figure, values[figure])),
  ]);
  const heads = [
    'thread',
    'ran',
    'waited',
    'blocked',
    'slept',
    'switches',
    'moves',
    ...own.map((figure) => plainText(figure.replace(/Ns$/, ''))),
  ];
  return `\n${table(heads, rows)}\n`;
}

function figureText(name: string, value: number | undefined): string {
  if (value === undefined) return '-';
  if (name.endsWith('Ns')) return formatNs(value);
  return Number.isInteger(value) ? String(value) : formatNumber(value, 4);
}

/** Guests that were told of nodes and made something else of it. */
function beliefs(guests: readonly GuestResult[]): string {
  return guests.flatMap(({ name, vnuma }) => vnuma.dropped.map((why) => `${plainText(name)}: ${plainText(why)}\n`)).join('');
}

/** What policies saw of memory and did with it. */
function moved({ pageReturns, pageReplicas, failedMoves, hintFaults, samples }: RunResult['total']): string {
  const told = [
    [hintFaults, 'hint faults'],
    [samples, 'samples'],
    [pageReturns, 'blocks returned'],
    [pageReplicas, 'blocks copied beside themselves'],
    [failedMoves, 'moves failed'],
  ] as const;
  const said = told.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return said.length > 0 ? `memory: ${said.join(', ')}\n` : '';
}

function row(name: string, measures: RunResult['total'], status: string): (string | number)[] {
  const { throughput, elapsedNs, remoteRatio, migrations, pageMoves, waitNs } = measures;
  return [
    name,
    throughput.value === null ? '-' : formatNumber(throughput.value, 4),
    throughput.value === null ? '' : throughput.unit,
    formatNs(elapsedNs),
    formatShare(remoteRatio),
    migrations.core,
    migrations.cpu,
    migrations.node,
    migrations.socket,
    pageMoves,
    formatNs(waitNs),
    status,
  ];
}

/** The slowest, the middle and the fastest of many guests, by throughput: of those that count in one unit. */
function spread(guests: readonly GuestResult[]): (string | number)[][] {
  const units = [...new Set(guests.map(({ throughput }) => throughput.unit))];
  return units.flatMap((unit) => spreadOfUnit(guests.filter(({ throughput }) => throughput.unit === unit)));
}

function spreadOfUnit(guests: readonly GuestResult[]): (string | number)[][] {
  const sorted = [...guests].sort((a, b) => a.throughput.value - b.throughput.value);
  const at = (share: number): GuestResult => sorted[Math.round(share * (sorted.length - 1))]!;
  return [
    ['least', 0],
    ['median', 0.5],
    ['most', 1],
  ].map(([name, share]) => row(`${name} (${at(share as number).name})`, at(share as number), at(share as number).status));
}

/** The workloads' own figures, as means over the guests that have them. */
function figures(guests: readonly GuestResult[]): string {
  const names = [...new Set(guests.flatMap((guest) => Object.keys(guest.figures)))];
  const lines = names.map((name) => {
    const values = guests.flatMap((guest) => guest.figures[name] ?? []);
    return `${plainText(name)}: ${formatNumber(values.reduce((sum, value) => sum + value, 0) / values.length, 4)} (mean of ${values.length})\n`;
  });
  return lines.length > 0 ? `\n${lines.join('')}` : '';
}

/** Where the tasks' time went, most first, as shares of their lifetimes. */
function causes({ causes: ns, lifetimeNs }: RunResult['total']): string {
  const shares = CAUSES.filter((cause) => ns[cause] > 0)
    .map((cause) => ({ cause, share: ns[cause] / lifetimeNs }))
    .sort((a, b) => b.share - a.share);
  const lines = shares.map(
    ({ cause, share }) => `  ${cause.padEnd(16)}${formatShare(share).padStart(9)}  ${'#'.repeat(Math.round(share * BAR))}`,
  );
  return `where ${formatNs(lifetimeNs)} of task time went\n${lines.map((line) => `${line.trimEnd()}\n`).join('')}`;
}
