import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type { CST, Document, LineCounter, Node } from 'yaml';
import { InputError, show } from './input-error.ts';

export const MAX_FILE_BYTES: number = 1024 ** 2;
const MAX_DEPTH = 64;
const MAX_NODES = 100_000;
/** Spaces and punctuation count too; keeps the time for a hostile megabyte near a second. */
const MAX_LEXEMES = 200_000;
/** Keys that mean something to JavaScript and nothing to a scenario. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Plain lists, mappings (without prototype) and texts: what a scalar means is for its reader to say, as it is with flags. */
export type Tree = string | Tree[] | { [key: string]: Tree };
export type Path = readonly (string | number)[];

export interface YamlTree {
  readonly value: Tree;
  /** Where the value at a path stands, `scenario.yaml:4:17`, or of the deepest part of the path that the file has. */
  locate(path: Path): string;
  /** Where the last name of a path stands. */
  locateKey(path: Path): string;
}

/**
 * Reads one YAML (or JSON) document. Nesting is counted before the recursive part of the parser sees it, because that part can
 * end the process; aliases are followed with a budget, so that a few lines cannot stand for a billion nodes.
 * @throws InputError with file, line and column
 */
export function readYaml(fileName: string, text: string): YamlTree {
  const { isScalar, LineCounter } = yaml();
  const lines = new LineCounter();
  const positions = new Map<string, number>();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${show(fileName)}:${line}:${col}`;
  };
  const refuse = (offset: number, message: string): never => {
    throw new InputError(`${at(offset)}: ${message}`);
  };
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) throw new InputError(`${show(fileName)}: more than 1MiB, want a scenario`);
  const document = compose(tokens(text, lines, refuse), refuse);
  if (!document?.contents || (isScalar(document.contents) && document.contents.source === '')) {
    throw new InputError(`${show(fileName)}: empty, want a scenario such as "workload: kernbench"`);
  }
  const value = plain(document.contents as Node, positions, refuse);
  const locate = (path: Path): string => {
    for (let length = path.length; length >= 0; length--) {
      const offset = positions.get(pathKey(path.slice(0, length)));
      if (offset !== undefined) return at(offset);
    }
    return show(fileName);
  };
  return { value, locate, locateKey: (path) => at(positions.get(keyOf(path)) ?? 0) };
}

/** Not before there is something to read: a run told by flags alone takes no longer than this package to load. */
function yaml(): typeof Yaml {
  return createRequire(import.meta.url)('yaml') as typeof Yaml;
}

type Refuse = (offset: number, message: string) => never;

function tokens(text: string, lines: LineCounter, refuse: Refuse): CST.Token[] {
  const { Lexer, Parser } = yaml();
  const parser = new Parser(lines.addNewLine);
  const all: CST.Token[] = [];
  let lexemes = 0;
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) all.push(token);
    if (++lexemes > MAX_LEXEMES) refuse(parser.offset, 'too long by far, want a scenario');
    if (parser.stack.length > MAX_DEPTH) refuse(parser.offset, `nested deeper than ${MAX_DEPTH}, want a scenario`);
  }
  for (const token of parser.end()) all.push(token);
  return all;
}

function compose(all: CST.Token[], refuse: Refuse): Document.Parsed | undefined {
  const options = { schema: 'failsafe', uniqueKeys: false, merge: false, prettyErrors: false, strict: true } as const;
  const { Composer } = yaml();
  const documents = [...new Composer(options).compose(all)];
  for (const document of documents) {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) refuse(problem.pos[0], `not YAML: ${show(problem.message.split('\n')[0])}`);
  }
  if (documents.length > 1) refuse(documents[1]!.range[0], 'a second document, want one');
  return documents[0] as Document.Parsed | undefined;
}

/** The plain tree of a node, and where each of its parts is written. */
function plain(root: Node, positions: Map<string, number>, refuse: Refuse): Tree {
  const { isAlias, isMap, isScalar, isSeq } = yaml();
  const anchors = new Map<string, Node>();
  const open = new Set<Node>();
  let nodes = 0;

  function visit(node: Node | null, path: Path): Tree {
    const offset = node?.range?.[0] ?? 0;
    if (++nodes > MAX_NODES) refuse(offset, `more than ${MAX_NODES} values with aliases written out, want fewer`);
    if (path.length > MAX_DEPTH) refuse(offset, `nested deeper than ${MAX_DEPTH} with aliases written out, want a scenario`);
    const key = pathKey(path);
    if (node?.range && !positions.has(key)) positions.set(key, offset);
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (!target) return refuse(offset, `*${show(node.source)} has no anchor before it`);
      if (open.has(target)) refuse(offset, `*${show(node.source)} contains itself`);
      return visit(target, path);
    }
    if (node && 'anchor' in node && node.anchor) anchors.set(node.anchor, node);
    if (isMap(node) || isSeq(node)) {
      open.add(node);
      const tree = isMap(node) ? mapping(node.items as Pair[], path) : node.items.map((item, i) => visit(item as Node, [...path, i]));
      open.delete(node);
      return tree;
    }
    return isScalar(node) ? String(node.value) : '';
  }

  function mapping(pairs: Pair[], path: Path): Tree {
    const tree = Object.create(null) as { [key: string]: Tree };
    for (const pair of pairs) {
      const offset = pair.key?.range?.[0] ?? 0;
      if (!isScalar(pair.key)) return refuse(offset, 'a key that is not a plain name, want a name');
      const name = String(pair.key.value);
      if (FORBIDDEN_KEYS.has(name)) refuse(offset, `${name}: not a name that may be used`);
      if (Object.hasOwn(tree, name)) refuse(offset, `${show(name)}: given twice, want it once`);
      positions.set(keyOf([...path, name]), offset);
      positions.set(pathKey([...path, name]), pair.value?.range?.[0] ?? offset);
      tree[name] = visit(pair.value, [...path, name]);
    }
    return tree;
  }

  return visit(root, []);
}

interface Pair {
  readonly key: Node | null;
  readonly value: Node | null;
}

function pathKey(path: Path): string {
  return JSON.stringify(path);
}

function keyOf(path: Path): string {
  return `key ${pathKey(path)}`;
}
