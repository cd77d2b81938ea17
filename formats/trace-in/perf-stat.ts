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
  /** Of all that ran on the CPUs (-a, -C), so that cpu-clock is no time of a program; false where it is not said, as in CSV and JSON. */
  readonly isOfCpus: boolean;
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
/** A locale may have a comma before decimals here too. */
const CSV = /^(<not (?:counted|supported)>|\d{1,20}(?:[.,]\d{1,12})?)([,;\t|])[A-Za-z%]{0,16}\2[^\s,;|]/;

/** What stands before the counts of one interval, CPU, core, die, socket or node. */
const PART = /^(?:\d{1,12}[.,]\d{9}(?=[\s,;|])|(?:CPU|S|D|C|N)\d)/;
const PART_KEYS = ['interval', 'cpu', 'core', 'cluster', 'cache', 'die', 'socket', 'node', 'thread', 'cgroup'];
const ONE_PART = 'a part of the counts, want perf stat without -I, -A and --per-...';
const HEAD = 'Performance counter stats for';

/**
 * Reads what `perf stat` prints: the table for people in whatever locale, `-x,` (also ; tab |) or `-j` (an object a line). Multiplexed
 * counts are taken as perf scales them, and remarked; so is what the program itself printed before its table. Lines with metrics alone are
 * passed over. Of CPUs of two kinds those count that the program was held to: the others were not counted.
 * After: tools/perf/util/stat-display.c of Linux.
 * @throws FormatError for a line that is none of it, for -I, -A and --per-* (more than one figure of an event), and for no counts at all
 */
export function readPerfStat(text: string): PerfStat {
  const reading = {
    counts: [] as PerfCount[],
    elapsedNs: null as number | null,
    userNs: null as number | null,
    sysNs: null as number | null,
    isOfCpus: false,
  };
  const places = new Map<string, number>();
  let isAhead = text.includes(HEAD);
  let aheadCount = 0;
  eachLine(text, (line) => {
    const trimmed = line.text.trim();
    if (trimmed.startsWith(HEAD)) {
      if (!isAhead) line.fail(0, `${shown(trimmed)}: another run's, want the output of one`);
      isAhead = false;
      reading.isOfCpus = /'(?:system wide|CPU\(s\) [\d,-]{1,256})'/.test(trimmed);
    } else if (isAhead) aheadCount += isPlain(trimmed) ? 0 : 1;
    else if (!isPlain(trimmed) && !isMetric(line.text, trimmed) && !takeTime(line, reading)) add(line, countOn(line, trimmed));
  });
  if (reading.counts.length === 0) throw new FormatError(1, 1, 'no counts, want what perf stat prints');
  const shared = reading.counts.filter(({ runningShare, value }) => value !== null && runningShare < 1);
  const remarks = shared.map(({ event, runningShare }) => `${event}: counted ${(runningShare * 100).toFixed(2)} % of the time, scaled up`);
  if (reading.isOfCpus) remarks.push('counts of all that ran on the CPUs (-a, -C), idle time and other programs too');
  if (aheadCount > 0) remarks.push(`${aheadCount} lines before the counts are not perf stat's: passed over`);
  return { ...reading, remarks };

  function add(line: TraceLine, count: PerfCount): void {
    const place = places.get(count.event);
    if (place === undefined) {
      if (reading.counts.length === MOST_COUNTS) line.fail(0, `more than ${MOST_COUNTS} counts, want fewer`);
      places.set(count.event, reading.counts.push(count) - 1);
    } else if (reading.counts[place]!.value === null) reading.counts[place] = count;
    else if (count.value !== null)
      line.fail(
        0,
        `${count.event} again, want each event once: without -I, -A and --per-..., on CPUs of one kind (perf stat taskset -c CPUS ...)`,
      );
  }
}

function countOn(line: TraceLine, trimmed: string): PerfCount {
  if (trimmed.startsWith('{')) return jsonCount(line);
  if (PART.test(trimmed)) line.fail(0, ONE_PART);
  return CSV.test(trimmed) ? csvCount(line) : tableCount(line);
}

/** The value of the first of these events that was counted, named in capitals or not; null if none was. */
export function countOf({ counts }: PerfStat, ...events: readonly string[]): number | null {
  for (const event of events) {
    const value = counts.find((count) => count.event.toLowerCase() === event.toLowerCase())?.value;
    if (value !== undefined && value !== null) return value;
  }
  return null;
}

/** Neither counts nor times: comments, what perf says of events that were not counted, and single runs of -r --table. */
const isPlain = (text: string): boolean =>
  text === '' ||
  text.startsWith('#') ||
  /^\d{1,12}[.,]\d{1,12} \([-+]\d/.test(text) ||
  /^Some events weren't counted|^The events in group usually|^Try (?:echo|the)|^perf stat|^\/\/|^echo /.test(text);

/** Figures that perf worked out of counts, in a line of their own behind no more than a name: `TopdownL1 (cpu_core)   #   66.1 %  tma_backend_bound`, `,,,,0.23,stalled...`. */
function isMetric(text: string, trimmed: string): boolean {
  if (/^([,;|\t])\1/.test(text)) return true;
  if (trimmed.startsWith('{')) return /"metric-(?:value|unit)"/.test(trimmed) && !trimmed.includes('"counter-value"');
  return /^(?:[A-Za-z]\w{0,63}|(?:[A-Za-z]\w{0,63} {1,8})?\(\w{1,64}\))\s{1,200}#/.test(trimmed);
}

type Times = { elapsedNs: number | null; userNs: number | null; sysNs: number | null };

/** `1.234567890 seconds time elapsed`, `0,5 +- 0,1 seconds time elapsed`, `... seconds user`, `... seconds sys`. */
function takeTime(line: TraceLine, times: Times): boolean {
  const found =
    /^\s*(\d{1,12})(?:[.,](\d{1,9}))?(?: \+- \S{1,24})? {1,8}seconds (time elapsed|user|sys)(?:\s+\( ?\+-\s*\S{1,12}%? ?\))?\s*$/.exec(
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
  const [unit, event] = unitAndEvent(rest);
  if (unit !== '' && !/^[A-Za-z%/]{1,16}$/.test(unit)) line.fail(0, `${shown(unit)}, want a unit of letters`);
  return countFrom(line, value, unit, event, running ? Number(running[1]!.replace(',', '.')) / 100 : 1, true);
}

/** `msec task-clock`; in old versions `task-clock (msec)` and `task-clock-msecs`. */
function unitAndEvent([first = '', second = '']: readonly string[]): [unit: string, event: string] {
  if (second === '') return first.endsWith('-clock-msecs') ? ['msec', first.slice(0, -'-msecs'.length)] : ['', first];
  const old = /^\(([a-z]{1,8})\)$/.exec(second);
  return old ? [old[1]!, first] : [first, second];
}

/** `value,unit,event[,variance],run time,running %,metric,unit`: numbers in C's locale. */
function csvCount(line: TraceLine): PerfCount {
  const text = line.text.trim();
  const [, value, separator] = CSV.exec(text)!;
  const cells = text.slice(value!.length + 1).split(separator!);
  const [unit = '', first = ''] = cells;
  let [event, at] = [first, 2];
  for (; event.length <= LONGEST_EVENT && event.split('/').length === 2 && at < cells.length; at++) event += `${separator!}${cells[at]!}`; // cpu/event=1,umask=2/
  if (event === '') line.fail(0, 'no event, want COUNT,UNIT,EVENT,... (without -I, -A and --per-...)');
  if (cells[at]?.endsWith('%')) at++; // of -r
  const percent = plainNumber(cells[at + 1] ?? '100');
  return countFrom(line, value!, unit, event, percent > 0 && percent <= 100 ? percent / 100 : 1, false);
}

function jsonCount(line: TraceLine): PerfCount {
  let read: unknown;
  try {
    read = JSON.parse(line.text.replace(/, {0,8}\}\s{0,8}$/, '}')); // some versions end it so
  } catch {
    line.fail(0, `${shown(line.text.trim())}, want an object as perf stat -j prints it`);
  }
  const cells = new Map(Object.entries(read as object));
  const [value, unit, event, percent] = ['counter-value', 'unit', 'event', 'pcnt-running'].map((name) => cells.get(name));
  if (typeof value !== 'string' || typeof event !== 'string' || event === '')
    line.fail(0, 'want counter-value and event, as perf stat -j prints them');
  if (PART_KEYS.some((key) => cells.has(key))) line.fail(0, ONE_PART);
  const share = typeof percent === 'number' && percent > 0 && percent <= 100 ? percent / 100 : 1;
  return countFrom(line, value, typeof unit === 'string' ? unit : '', event, share, false);
}

function countFrom(line: TraceLine, written: string, unit: string, event: string, runningShare: number, isLocal: boolean): PerfCount {
  if (event.length > LONGEST_EVENT) line.fail(0, `an event of ${event.length} characters, want at most ${LONGEST_EVENT}`);
  const name = plainName(event);
  if (NOT_COUNTED.test(written)) return { event: name, value: null, unit, runningShare: 0 };
  const value = isLocal ? localNumber(written, unit !== '') : plainNumber(written);
  if (value === null || !Number.isFinite(value) || value > Number.MAX_SAFE_INTEGER) {
    line.fail(line.text.indexOf(written), `${name} = ${shown(written)}, want a count${unit === '' ? '' : ` of ${unit}`} below 2^53`);
  }
  const factor = Object.hasOwn(NS, unit) ? NS[unit as keyof typeof NS] : 1;
  return { event: name, value: factor === 1 ? value : Math.round(value * factor), unit, runningShare };
}

const plainNumber = (written: string): number => Number(written.replace(',', '.'));

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

/**
 * `cycles:u` and `cpu/cycles/u` are cycles, as are `cpu_core/cycles/`, `armv8_pmuv3_0/cycles/` and `apple_firestorm_pmu/cycles/`: CPUs of two
 * kinds give the same event twice.
 */
function plainName(event: string): string {
  const inUnit = /^(?:cpu(?:_core|_atom)?|armv\d\w{0,32}|apple_\w{1,32}_pmu)\/([\w.-]{1,64})\/[a-zA-Z]{0,8}$/.exec(event);
  return inUnit ? inUnit[1]! : event.replace(/:[a-zA-Z]{1,8}$/, '');
}
