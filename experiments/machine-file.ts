import * as z from 'zod/mini';
import { meshHops, meshLinks } from '../machines/figures.ts';
import { checkSpec } from '../sim/machine-check.ts';
import type { LinkSpec, MachineSpec, Matrix } from '../sim/machine-spec.ts';
import { InputError, show } from './input-error.ts';
import { didYouMean } from './nearest-name.ts';
import { type Path, readYaml, type Tree } from './yaml-tree.ts';

const MACHINE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
const MOST_CPUS = 4096;
const MOST_NODES = 254;
const MOST_NODE_GIB = 2 ** 20;
const MOST_SOURCE = 4000;

/** Whether a word that could name a machine is a file of one: it has a `/`, or ends as YAML and JSON files do. */
export function isMachineFile(word: string): boolean {
  return word.includes('/') || /\.(?:ya?ml|json)$/.test(word);
}

/**
 * Reads a machine from YAML or JSON: what `MachineSpec` (sim/machine-spec.ts) has, each figure `{value, source}`. A row of numbers may be
 * a text such as `10 16 22`, a link `0-1 4.8`, and `mesh`, for nextHop and with a capacity for links, stands for links between all nodes.
 * @param taken names that it may not have, for they are of other machines
 * @throws InputError of one line: file, line and column, path, value, what was wanted and the nearest name
 */
export function readMachineFile(fileName: string, text: string, taken: readonly string[]): MachineSpec {
  if (text.trim() === '') throw new InputError(`${show(fileName)}: empty, want a machine file (numalab machine import)`);
  if (/^\s*(?:<|available:)/.test(text))
    throw new InputError(`${show(fileName)}: another tool's description, want the machine file that numalab machine import makes of it`);
  const file = readYaml(fileName, text);
  const refuse = (path: Path, message: string): never => {
    throw new InputError(`${file.locate(path)}: ${message}`);
  };
  const result = fileSchema().safeParse(file.value);
  if (!result.success) {
    const { issues } = result.error;
    const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!; // a key that is mistyped is also one that is missing
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys') {
      const known = path.length === 0 ? Object.keys(FIELDS()) : keysAt(path);
      const key = issue.keys[0]!;
      throw new InputError(
        `${file.locateKey([...path, key])}: ${pathText([...path, show(key)])}: no such key, want one of ${known.join(', ')}${didYouMean(key, known)}`,
      );
    }
    const value = valueAt(file.value, path);
    const want =
      issue.code === 'custom' ? issue.message : path.length === 0 || FIGURES.has(String(path.at(-1))) ? 'want a mapping' : 'want it';
    refuse(path, value === undefined ? `${pathText(path)}: missing, ${want}` : `${pathText(path)} = ${show(value)}, ${want}`);
  }
  const said = Object.fromEntries(Object.entries(result.data as object).filter(([, value]) => value !== undefined)) as unknown as Said;
  const spec = specOf(said);
  if (taken.includes(spec.name)) refuse(['name'], `name = ${spec.name}, want one that no machine of machine list has`);
  const cpus = spec.nodeCpus.reduce((sum, count) => sum + count, 0);
  if (cpus > MOST_CPUS) refuse(['nodeCpus'], `nodeCpus = ${cpus} CPUs in all, want at most ${MOST_CPUS}`);
  try {
    checkSpec(spec);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = error.message.slice(error.message.indexOf(': ') + 2);
    refuse([/^[a-zA-Z0-9]*/.exec(message)![0]], message);
  }
  return spec;
}

type Mesh<Said> = 'mesh' | Said;
/** As MachineSpec, with what is shorter in a file. */
interface Said extends Omit<MachineSpec, 'links' | 'nextHop'> {
  readonly links: { readonly value: readonly LinkSpec[] | number; readonly source: string };
  readonly nextHop: { readonly value: Mesh<Matrix>; readonly source: string };
}

function specOf(said: Said): MachineSpec {
  const { links, nextHop } = said;
  const count = said.nodeSocket.length;
  return {
    ...said,
    links: { ...links, value: typeof links.value === 'number' ? meshLinks(count, links.value) : links.value },
    nextHop: { ...nextHop, value: nextHop.value === 'mesh' ? meshHops(count) : nextHop.value },
  };
}

const FIGURES = new Set(['threadShare', 'clockGHz', 'l1Bytes', 'l2Bytes', 'llcBytes', 'hitCycles', 'memoryGiB', 'memoryHoleGiB', 'slit', 'latencyNs', 'links', 'nextHop', 'controllerGBps', 'pairGBps', 'pairWriteGBps', 'oneThreadReadGBps', 'oneThreadWriteGBps', 'linesInFlight', 'loadedLatency', 'clusters']); // prettier-ignore

/** Of the mappings below the top. */
function keysAt(path: Path): string[] {
  if (path.at(-1) !== 'value') return path.length === 1 ? ['value', 'source'] : ['between', 'capacityGBps'];
  if (path[0] === 'hitCycles') return ['l1', 'l2', 'llc'];
  return path[0] === 'loadedLatency' ? ['rise', 'curve'] : ['cpus', 'capacityGBps'];
}

function FIELDS() {
  const number = leaf(numberOf);
  const whole = leaf(wholeOf);
  const row = (parse: (text: string) => number, most: number): Leaf<number[]> => cells((value) => rowOf(value, parse, most));
  const matrix = cells(matrixOf);
  const figure = <Value extends z.ZodMiniType>(value: Value) => z.strictObject({ value, source: leaf(sourceOf) });
  const maybe = <Value extends z.ZodMiniType>(value: Value) => z.optional(figure(value));
  return {
    name: leaf(nameOf),
    summary: leaf(textOf),
    sockets: whole,
    nodeSocket: row(wholeOf, MOST_NODES),
    nodeCpus: row(wholeOf, MOST_NODES),
    threadsPerCore: z.optional(whole),
    nodeIds: z.optional(row(wholeOf, MOST_NODES)),
    cpuIds: z.optional(row(wholeOf, MOST_CPUS)),
    threadShare: maybe(number),
    clockGHz: figure(number),
    l1Bytes: figure(number),
    l2Bytes: figure(number),
    llcBytes: figure(number),
    hitCycles: figure(z.strictObject({ l1: number, l2: number, llc: number })),
    memoryGiB: figure(row(memoryOf, MOST_NODES)),
    memoryHoleGiB: figure(number),
    slit: figure(matrix),
    latencyNs: figure(matrix),
    links: figure(cells(linksOf)),
    nextHop: figure(cells((value) => (value === 'mesh' ? value : matrixOf(value)))),
    controllerGBps: figure(row(numberOf, MOST_NODES)),
    pairGBps: maybe(matrix),
    pairWriteGBps: maybe(matrix),
    oneThreadReadGBps: maybe(matrix),
    oneThreadWriteGBps: maybe(matrix),
    linesInFlight: maybe(number),
    loadedLatency: figure(z.strictObject({ rise: number, curve: number })),
    clusters: maybe(z.strictObject({ cpus: whole, capacityGBps: number })),
  };
}

let schema: z.ZodMiniType | null = null;

/** Not before there is a file: making it takes longer than reading with it. */
function fileSchema(): z.ZodMiniType {
  schema ??= z.strictObject(FIELDS());
  return schema;
}

type Leaf<Value> = z.ZodMiniPipe<z.ZodMiniUnknown, z.ZodMiniTransform<Awaited<Value>, unknown>>;

/** A value of any shape, read by hand; what is missing is nothing that any takes. */
function cells<Value>(parse: (value: unknown) => Value): Leaf<Value> {
  return z.pipe(
    z.unknown(),
    z.transform((value, context) => {
      try {
        return parse(value) as Awaited<Value>;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        context.issues.push({ code: 'custom', message: error.message, input: value, path: error instanceof RowError ? [error.row] : [] });
        return z.NEVER;
      }
    }),
  );
}

function leaf<Value>(parse: (text: string) => Value): Leaf<Value> {
  return cells((value) => parse(typeof value === 'string' ? value : ''));
}

/** What is wrong with a row of a matrix: without its number nobody finds the cell. */
class RowError extends InputError {
  readonly row: number;

  constructor(message: string, row: number) {
    super(message);
    this.row = row;
  }
}

function want(what: string): never {
  throw new InputError(`want ${what}`);
}

function numberOf(text: string): number {
  const isPlain = /^-?\d{1,20}(?:\.\d{1,40})?(?:e[+-]?\d{1,3})?$/i.test(text);
  return isPlain && Number.isFinite(Number(text)) ? Number(text) : want('a number such as 2.5');
}

function wholeOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : want('a whole number');
}

function memoryOf(text: string): number {
  const GiB = numberOf(text);
  return GiB <= MOST_NODE_GIB ? GiB : want(`at most ${MOST_NODE_GIB} GiB a node`);
}

function nameOf(text: string): string {
  return MACHINE_NAME.test(text) ? text : want('1 to 64 letters, digits, dots, hyphens and underscores, a letter or digit first');
}

function textOf(text: string): string {
  return text.length <= MOST_SOURCE && !/\p{Cc}/u.test(text) ? text : want(`one line of at most ${MOST_SOURCE} letters`);
}

function sourceOf(text: string): string {
  return textOf(text).trim() === '' ? want('where the figure comes from, or assumed: and why') : text;
}

function rowOf(value: unknown, parse: (text: string) => number, most: number): number[] {
  const parts: unknown = typeof value === 'string' ? value.trim().split(/ +/) : value;
  if (!Array.isArray(parts) || parts.length > most) return want(`at most ${most} numbers such as [1, 2], or 1 2`);
  return parts.map((part) => (typeof part === 'string' ? parse(part) : want('numbers')));
}

function matrixOf(value: unknown): number[][] {
  if (!Array.isArray(value) || value.length > MOST_NODES) return want(`at most ${MOST_NODES} rows of numbers`);
  return value.map((row, at) => {
    try {
      return rowOf(row, numberOf, MOST_NODES);
    } catch (error) {
      throw error instanceof InputError ? new RowError(error.message, at) : error;
    }
  });
}

/** All of them, or the capacity of each in a full mesh. */
function linksOf(value: unknown): LinkSpec[] | number {
  if (typeof value === 'string')
    return value.startsWith('mesh ') ? numberOf(value.slice('mesh '.length)) : want('a list of links, or mesh and a capacity');
  return Array.isArray(value) ? value.map(linkOf) : want('a list of links such as 0-1 4.8');
}

function linkOf(value: unknown): LinkSpec {
  if (typeof value === 'string') {
    const [, a, b, capacity] = /^(\d{1,3})-(\d{1,3}) +(\S{1,70})$/.exec(value) ?? [];
    return a === undefined ? want('links such as 0-1 4.8') : { between: [Number(a), Number(b)], capacityGBps: numberOf(capacity!) };
  }
  const { between, capacityGBps, ...other } = (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}) as Record<string, unknown>; // prettier-ignore
  const ends = rowOf(between, wholeOf, 2);
  if (ends.length !== 2 || Object.keys(other).length > 0 || typeof capacityGBps !== 'string')
    return want('links such as {between: [0, 1], capacityGBps: 4.8}');
  return { between: [ends[0]!, ends[1]!], capacityGBps: numberOf(capacityGBps) };
}

function pathText(path: Path): string {
  return path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${part}`)).join('') || 'machine';
}

function valueAt(tree: Tree, path: Path): Tree | undefined {
  let at: Tree | undefined = tree;
  for (const part of path) {
    if (typeof at !== 'object') return undefined;
    at = Array.isArray(at) ? at[Number(part)] : Object.hasOwn(at, part) ? at[part] : undefined;
  }
  return at;
}
