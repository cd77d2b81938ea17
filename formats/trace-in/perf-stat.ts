import { FormatError, shown } from '../format-error.ts';
import { eachLine, type TraceLine } from './trace-lines.ts';

/** What `perf stat` counted of a program. */
export interface PerfStat {
  /** In order; `event` without modifiers such as :u and without the name of the unit that counts. */
  readonly counts: readonly PerfCount[];
  /** null where it is not said, as in CSV and JSON. */
  readonly elapsedNs: number | null;
  readonly userNs: number | null;
  readonly sysNs: number | null;
  readonly remarks: readonly string[];
}

export interface PerfCount {
  readonly event: string;
  /** null: not counted or not supported. In the unit said, of a time that is ns. */
  readonly value: number | null;
  /** `msec`, `Joules`, `MiB`, ... as written; empty for plain counts. */
  readonly unit: string;
  /** Share of the time it was counted; the value is scaled up to the whole already. */
  readonly runningShare: number;
}

const MOST_COUNTS = 10_000;
const LONGEST_EVENT = 128;
const NS = { nsec: 1, ns: 1, usec: 1e3, msec: 1e6, ms: 1e6, sec: 1e9, seconds: 1e9 } as const;
const NOT_COUNTED = /^<not (?:counted|supported)>/;
/** Digits in groups with whatever a locale puts between them: comma, point, apostrophe, blanks of all kinds. */
const NUMBER = /^\d{1,20}(?:[.,'\u2019\u00a0\u202f\u2009 ]\d{1,12}){0,8}(?=\s|$)/;
const CSV = /^(<not (?:counted|supported)>|\d{1,20}(?:\.\d{1,12})?)([,;\t|])[A-Za-z%]{0,16}\2[^\s,;|]/;

/**
 * Reads what `perf stat` prints: the table for people in whatever locale, `-x,` (also ; tab |) or `-j` (an object a line). Multiplexed
 * counts are taken as perf scales them, and remarked.
 * After: tools/perf/util/stat-display.c of Linux.
 * @throws FormatError for a line that is none of it, for -I, -A and --per-* (more than one figure of an event), and for no counts at all
 */
export function readPerfStat(text: string): PerfStat {
  const reading = {
    counts: [] as PerfCount[],
    elapsedNs: null as number | null,
    userNs: null as number | null,
    sysNs: null as number | null,
  };
  const seen = new Set<string>();
  eachLine(text, (line) => {
    const trimmed = line.text.trim();
    if (trimmed === '' || trimmed.startsWith('#') || isHead(trimmed)) return;
    const count = trimmed.startsWith('{') ? jsonCount(line) : CSV.test(trimmed) ? csvCount(line) : null;
    if (count === null && takeTime(line, reading)) return;
    const found = count ?? tableCount(line);
    if (seen.has(found.event))
      line.fail(0, `${found.event} again, want each event once: without -I, -A and --per-..., on CPUs of one kind`);
    seen.add(found.event);
    if (reading.counts.length === MOST_COUNTS) line.fail(0, `more than ${MOST_COUNTS} counts, want fewer`);
    reading.counts.push(found);
  });
  if (reading.counts.length === 0) throw new FormatError(1, 1, 'no counts, want what perf stat prints');
  const shared = reading.counts.filter(({ runningShare, value }) => value !== null && runningShare < 1);
  const remarks = shared.map(({ event, runningShare }) => `${event}: counted ${(runningShare * 100).toFixed(2)} % of the time, scaled up`);
  return { ...reading, remarks };
}

/** The value of the first of these events that was counted; null if none was. */
export function countOf({ counts }: PerfStat, ...events: readonly string[]): number | null {
  for (const event of events) {
    const value = counts.find((count) => count.event === event)?.value;
    if (value !== undefined && value !== null) return value;
  }
  return null;
}

const isHead = (text: string): boolean =>
  /^Performance counter stats for|^Some events weren't counted|^Try (?:echo|the)|^perf stat|^\/\/|^echo /.test(text);

type Times = { elapsedNs: number | null; userNs: number | null; sysNs: number | null };

/** `1.234567890 seconds time elapsed`, `0,5 +- 0,1 seconds time elapsed`, `... seconds user`, `... seconds sys`. */
function takeTime(line: TraceLine, times: Times): boolean {
  const found =
    /^\s*(\d{1,12})(?:[.,](\d{1,9}))?(?: \+- \S{1,24})? seconds (time elapsed|user|sys)(?:\s+\( ?\+-\s*\S{1,12}%? ?\))?\s*$/.exec(
      line.text,
    );
  if (!found) return false;
  const ns = Number(found[1]) * 1e9 + Number((found[2] ?? '').padEnd(9, '0'));
  if (!Number.isSafeInteger(ns)) line.fail(0, `${shown(found[1])} seconds, want at most 104 days`);
  const key = found[3] === 'time elapsed' ? 'elapsedNs' : found[3] === 'user' ? 'userNs' : 'sysNs';
  if (times[key] !== null) line.fail(0, `${found[3]!} again, want one run's output`);
  times[key] = ns;
  return true;
}

/** `   1,234,567      cycles:u      #  1.2 GHz      ( +-  0.1% )  (66.67%)`. */
function tableCount(line: TraceLine): PerfCount {
  const hash = line.text.indexOf('#');
  const all = line.text.trim();
  const running = /\(\s{0,3}(\d{1,3}[.,]\d{1,4})%\)$/.exec(all);
  const body = (hash < 0 ? line.text : line.text.slice(0, hash)).replace(/\(\s{0,3}\+-\s{0,4}[\d.,]{1,12}%\s?\)/, '').replace(/\(\s{0,3}\d{1,3}[.,]\d{1,4}%\)\s*$/, '').trim(); // prettier-ignore
  const value = NOT_COUNTED.exec(body)?.[0] ?? NUMBER.exec(body)?.[0];
  const rest = value === undefined ? [] : body.slice(value.length).trim().split(/\s+/);
  if (value === undefined || rest.length < 1 || rest.length > 2 || rest[0] === '') {
    line.fail(0, `${shown(body)}, want COUNT [UNIT] EVENT as perf stat prints it`);
  }
  const [unit, event] = rest.length === 2 ? [rest[0]!, rest[1]!] : ['', rest[0]!];
  return countFrom(line, value, unit, event, running ? Number(running[1]!.replace(',', '.')) / 100 : 1, true);
}

/** `value,unit,event[,variance],run time,running %,metric,unit`: numbers in C's locale. */
function csvCount(line: TraceLine): PerfCount {
  const text = line.text.trim();
  const [, value, separator] = CSV.exec(text)!;
  const cells = text.split(separator!);
  const [, unit = '', first = ''] = cells;
  let [event, at] = [first, 3];
  for (; event.length <= LONGEST_EVENT && event.split('/').length === 2 && at < cells.length; at++) event += `${separator!}${cells[at]!}`; // cpu/event=1,umask=2/
  if (event === '') line.fail(0, 'no event, want COUNT,UNIT,EVENT,... (without -I, -A and --per-...)');
  if (cells[at]?.endsWith('%')) at++; // of -r
  const percent = Number(cells[at + 1] ?? '100');
  return countFrom(line, value!, unit, event, percent > 0 && percent <= 100 ? percent / 100 : 1, false);
}

function jsonCount(line: TraceLine): PerfCount {
  let read: unknown;
  try {
    read = JSON.parse(line.text);
  } catch {
    line.fail(0, `${shown(line.text.trim())}, want an object as perf stat -j prints it`);
  }
  const cells = new Map(Object.entries(read as object));
  const [value, unit, event, percent] = ['counter-value', 'unit', 'event', 'pcnt-running'].map((name) => cells.get(name));
  if (typeof value !== 'string' || typeof event !== 'string' || event === '')
    line.fail(0, 'want counter-value and event, as perf stat -j prints them');
  if (cells.has('interval') || cells.has('cpu')) line.fail(0, 'a part of the counts, want perf stat without -I, -A and --per-...');
  const share = typeof percent === 'number' && percent > 0 && percent <= 100 ? percent / 100 : 1;
  return countFrom(line, value, typeof unit === 'string' ? unit : '', event, share, false);
}

function countFrom(line: TraceLine, written: string, unit: string, event: string, runningShare: number, isLocal: boolean): PerfCount {
  if (event.length > LONGEST_EVENT) line.fail(0, `an event of ${event.length} characters, want at most ${LONGEST_EVENT}`);
  const name = plainName(event);
  if (NOT_COUNTED.test(written)) return { event: name, value: null, unit, runningShare: 0 };
  const value = isLocal ? localNumber(written, unit !== '') : Number(written);
  if (value === null || !Number.isFinite(value) || value > Number.MAX_SAFE_INTEGER) {
    line.fail(line.text.indexOf(written), `${name} = ${shown(written)}, want a count${unit === '' ? '' : ` of ${unit}`} below 2^53`);
  }
  const factor = Object.hasOwn(NS, unit) ? NS[unit as keyof typeof NS] : 1;
  return { event: name, value: factor === 1 ? value : Math.round(value * factor), unit, runningShare };
}

/** Counts are whole, so that all marks part thousands; a figure with a unit has decimals, and the last mark stands before them. */
function localNumber(written: string, hasDecimals: boolean): number | null {
  const parts = written.split(/[.,'\u2019\u00a0\u202f\u2009 ]/);
  if (!hasDecimals)
    return parts.slice(1).every((part, i) => part.length === 3 || (part.length === 2 && i < parts.length - 2))
      ? Number(parts.join(''))
      : null;
  const decimals = parts.length > 1 ? parts.pop()! : '0';
  return Number(`${parts.join('')}.${decimals}`);
}

/** `cycles:u` and `cpu/cycles/u` are cycles; `cpu_core/cycles/` too, so that CPUs of two kinds give the same event twice. */
function plainName(event: string): string {
  const inUnit = /^cpu(?:_core|_atom)?\/([\w.-]{1,64})\/[a-zA-Z]{0,8}$/.exec(event);
  return inUnit ? inUnit[1]! : event.replace(/:[a-zA-Z]{1,8}$/, '');
}
