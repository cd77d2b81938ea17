import { escaped } from './format-error.ts';

/** What Intel Memory Latency Checker measured. Nodes without CPUs have no row, so cells are listed one by one. */
export interface MlcReport {
  readonly latencies: readonly MlcCell[]; //  value in ns, idle
  readonly bandwidths: readonly MlcCell[]; // value in GB/s, all CPUs of cpuNode read
  readonly loaded: readonly MlcPoint[]; //    all CPUs read their own node's memory, at falling rates
}

export interface MlcCell {
  readonly line: number; // 1 and up
  readonly cpuNode: number;
  readonly node: number;
  readonly value: number;
}

export interface MlcPoint {
  readonly line: number;
  readonly latencyNs: number;
  readonly GBps: number;
}

const HEADS = {
  latencies: /^Measuring idle latencies/,
  bandwidths: /^Measuring Memory Bandwidths between nodes/,
  loaded: /^Measuring Loaded Latencies/,
} as const;
/** Of a matrix: `Numa node 0 1`; by sockets in versions up to 3.1. */
const HEADING = /^(?:Numa node|Socket)\s+(?=\d)/i;
const OTHER_HEAD = /^(Measuring |Intel\(R\) Memory Latency Checker)/;
const MB_PER_GB = 1000; // decimal both, as MLC says itself

export function looksLikeMlc(text: string): boolean {
  return /^\s*Intel\(R\) Memory Latency Checker|^\s*Measuring (idle latencies|Loaded Latencies|Memory Bandwidths)/m.test(text);
}

/**
 * Reads the text that `mlc` prints: the matrices of idle latency and of bandwidth between nodes, and the latencies under load. Other
 * parts are passed over, and several reports may follow each other.
 * @throws RangeError `line N: value, want ...` for a row of these parts that is none
 */
export function readMlc(text: string): MlcReport {
  const report = { latencies: [] as MlcCell[], bandwidths: [] as MlcCell[], loaded: [] as MlcPoint[] };
  let part: keyof typeof HEADS | null = null;
  let columns: number[] | null = null;
  text.split('\n').forEach((raw, i) => {
    const line = i + 1;
    const words = raw.trim().split(/\s+/);
    const row = raw.trim();
    if (OTHER_HEAD.test(row)) {
      part = (Object.keys(HEADS) as (keyof typeof HEADS)[]).find((name) => HEADS[name].test(row)) ?? null;
      columns = null;
      return;
    }
    if (part === null || row === '') return;
    if (part === 'loaded') {
      if (/^\d/.test(row)) report.loaded.push(pointOf(line, words));
    } else if (HEADING.test(row)) {
      const ids = row.replace(HEADING, '').split(/\s+/);
      columns = ids.map((word) => count(line, word));
    } else if (columns && /^\d/.test(row)) {
      for (const cell of rowOf(line, words, columns, part === 'bandwidths' ? MB_PER_GB : 1)) report[part].push(cell);
    }
  });
  return report;
}

/** Of a word that is none, in an error. */
const LONGEST_SHOWN = 60;

function rowOf(line: number, [head = '', ...cells]: string[], columns: readonly number[], divisor: number): MlcCell[] {
  const cpuNode = count(line, head);
  if (cells.length !== columns.length) throw new RangeError(`line ${line}: ${cells.length} figures, want ${columns.length}, one a node`);
  return cells.flatMap((cell, i) => (cell === '-' ? [] : [{ line, cpuNode, node: columns[i]!, value: figure(line, cell) / divisor }]));
}

function pointOf(line: number, words: readonly string[]): MlcPoint {
  if (words.length !== 3) throw new RangeError(`line ${line}: ${words.length} figures, want 3: delay, latency, bandwidth`);
  return { line, latencyNs: figure(line, words[1]!), GBps: figure(line, words[2]!) / MB_PER_GB };
}

function count(line: number, word: string): number {
  if (!/^\d{1,3}$/.test(word)) throw new RangeError(`line ${line}: ${escaped(word.slice(0, LONGEST_SHOWN))}, want a node`);
  return Number(word);
}

function figure(line: number, word: string): number {
  const value = Number(word);
  if (!(Number.isFinite(value) && value > 0))
    throw new RangeError(`line ${line}: ${escaped(word.slice(0, LONGEST_SHOWN))}, want a number above 0`);
  return value;
}
