import { looksLikeMlc, readMlc } from '../formats/mlc.ts';
import { InputError, show } from './input-error.ts';
import { wantOneOf } from './named-options.ts';
import { readYaml, type Tree } from './yaml-tree.ts';

/** What was measured of a machine; `at` says where, for errors: `file:line`. */
export interface Measurements {
  readonly latencies: readonly { readonly at: string; readonly cpuNode: number; readonly node: number; readonly latencyNs: number }[];
  readonly bandwidths: readonly BandwidthRow[];
  readonly loaded: readonly { readonly at: string; readonly curve: string; readonly latencyNs: number; readonly GBps: number }[];
}

export interface BandwidthRow {
  readonly at: string;
  readonly cpuNode: number;
  readonly node: number;
  /** ALL: every CPU of the node, however many these are. */
  readonly threads: number | typeof ALL;
  readonly isWrite: boolean;
  readonly GBps: number;
}

export const ALL = 'all';
const KINDS = {
  latency: ['cpuNode', 'node', 'latencyNs'],
  bandwidth: ['cpuNode', 'node', 'threads', 'GBps'],
  loaded: ['latencyNs', 'GBps'],
} as const;
const OPTIONAL: Readonly<Record<Kind, readonly string[]>> = { latency: [], bandwidth: ['access'], loaded: ['curve'] };
type Kind = keyof typeof KINDS;

/** One measurement before it is understood: its fields as texts. */
interface Row {
  readonly kind: Kind;
  readonly at: string;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Reads measurements from what Intel MLC prints, from CSV (its first line names `kind` and other fields) or from YAML (lists
 * `latency`, `bandwidth` and `loaded`). Which of them it is shows in the text.
 * @throws InputError with file, line, value and what was wanted
 */
export function readMeasurements(file: string, text: string): Measurements {
  if (text.trim() === '') throw new InputError(`${show(file)}: empty, want measurements in YAML, in CSV or as Intel MLC prints them`);
  const found = looksLikeMlc(text) ? fromMlc(file, text) : gather(isCsv(text) ? csvRows(file, text) : yamlRows(file, text));
  if (found.bandwidths.length === 0 && found.loaded.length === 0) {
    throw new InputError(`${show(file)}: neither bandwidth nor latency under load, want measurements to fit`);
  }
  return found;
}

function fromMlc(file: string, text: string): Measurements {
  const at = (line: number): string => `${show(file)}:${line}`;
  try {
    const { latencies, bandwidths, loaded } = readMlc(text);
    return {
      latencies: latencies.map(({ line, cpuNode, node, value }) => ({ at: at(line), cpuNode, node, latencyNs: value })),
      bandwidths: bandwidths.map(({ line, cpuNode, node, value }) => ({
        at: at(line),
        cpuNode,
        node,
        threads: ALL,
        isWrite: false,
        GBps: value,
      })),
      loaded: loaded.map(({ line, ...point }) => ({ at: at(line), curve: 'MLC', ...point })),
    };
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(`${show(file)}, ${show(error.message)}`);
    throw error;
  }
}

/** The first line that says something is the head of a table. */
function isCsv(text: string): boolean {
  return /^kind\s*,/m.test(text) && !/^(latency|bandwidth|loaded)\s*:/m.test(text);
}

function csvRows(file: string, text: string): Row[] {
  const lines = text.split(/\r?\n/).map((line, i) => ({ at: `${show(file)}:${i + 1}`, line: line.trim() }));
  const [head, ...rest] = lines.filter(({ line }) => line !== '' && !line.startsWith('#'));
  const names = cellsOf(head!.line);
  return rest.map(({ at, line }) => {
    const cells = cellsOf(line);
    if (cells.length !== names.length)
      throw new InputError(`${at}: ${cells.length} fields, want ${names.length}: ${show(names.join(', '))}`);
    const fields = Object.fromEntries(cells.flatMap((cell, i) => (cell === '' ? [] : [[names[i]!, cell]])));
    const { kind = '', ...others } = fields;
    return rowOf(kind, others, at, () => at);
  });
}

function cellsOf(line: string): string[] {
  return line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
}

function yamlRows(file: string, text: string): Row[] {
  const { value, locate, locateKey } = readYaml(file, text);
  if (!isMapping(value)) throw new InputError(`${locate([])}: ${show(value)}, want lists named ${Object.keys(KINDS).join(', ')}`);
  return Object.entries(value).flatMap(([kind, list]) => {
    if (!(kind in KINDS)) throw new InputError(`${locateKey([kind])}: ${unknownKind(kind)}`);
    if (!Array.isArray(list)) throw new InputError(`${locate([kind])}: ${kind} = ${show(list)}, want a list`);
    return list.map((item, i): Row => {
      const at = locate([kind, i]);
      if (!isMapping(item))
        throw new InputError(`${at}: ${kind}[${i}] = ${show(item)}, want a mapping such as {${KINDS[kind as Kind].join(': 1, ')}: 1}`);
      const fields = Object.entries(item).map(([name, cell]): [string, string] => {
        if (typeof cell !== 'string') throw new InputError(`${locate([kind, i, name])}: ${name} = ${show(cell)}, want one value`);
        return [name, cell];
      });
      return rowOf(kind, Object.fromEntries(fields), at, (name) => locateKey([kind, i, name]));
    });
  });
}

function isMapping(tree: Tree): tree is { [key: string]: Tree } {
  return typeof tree === 'object' && !Array.isArray(tree);
}

function unknownKind(kind: string): string {
  return `kind = ${show(kind)}, ${wantOneOf(kind, Object.keys(KINDS))}`;
}

/** A row whose kind and field names are known and complete. */
function rowOf(kind: string, fields: Record<string, string>, at: string, locate: (name: string) => string): Row {
  if (!Object.hasOwn(KINDS, kind)) throw new InputError(`${at}: ${unknownKind(kind)}`);
  const wanted: readonly string[] = KINDS[kind as Kind];
  const allowed = [...wanted, ...OPTIONAL[kind as Kind]];
  for (const name of Object.keys(fields)) {
    if (!allowed.includes(name))
      throw new InputError(`${locate(name)}: ${show(name)} in a row of ${kind}, want only ${allowed.join(', ')}`);
  }
  for (const name of wanted) {
    if (!Object.hasOwn(fields, name)) throw new InputError(`${at}: ${kind} without ${name}, want ${wanted.join(', ')}`);
  }
  return { kind: kind as Kind, at, fields };
}

function gather(rows: readonly Row[]): Measurements {
  const of = (kind: Kind): Row[] => rows.filter((row) => row.kind === kind);
  return {
    latencies: of('latency').map((row) => ({
      at: row.at,
      cpuNode: node(row, 'cpuNode'),
      node: node(row, 'node'),
      latencyNs: positive(row, 'latencyNs'),
    })),
    bandwidths: of('bandwidth').map((row) => ({
      at: row.at,
      cpuNode: node(row, 'cpuNode'),
      node: node(row, 'node'),
      threads: row.fields.threads === ALL ? ALL : whole(row, 'threads', 1, 4096),
      isWrite: isWrite(row),
      GBps: positive(row, 'GBps'),
    })),
    loaded: of('loaded').map((row) => ({
      at: row.at,
      curve: row.fields.curve ?? 'loaded',
      latencyNs: positive(row, 'latencyNs'),
      GBps: positive(row, 'GBps'),
    })),
  };
}

function isWrite({ at, fields: { access = 'read' } }: Row): boolean {
  if (access !== 'read' && access !== 'write') throw new InputError(`${at}: access = ${show(access)}, want read or write`);
  return access === 'write';
}

const node = (row: Row, name: string): number => whole(row, name, 0, 253);

function whole({ at, fields }: Row, name: string, least: number, most: number): number {
  const value = Number(fields[name]);
  if (/^\d+$/.test(fields[name]!) && value >= least && value <= most) return value;
  throw new InputError(`${at}: ${name} = ${show(fields[name])}, want a whole number from ${least} to ${most}`);
}

function positive({ at, fields }: Row, name: string): number {
  const value = Number(fields[name]);
  if (fields[name]!.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InputError(`${at}: ${name} = ${show(fields[name])}, want a number above 0`);
}
