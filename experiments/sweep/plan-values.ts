import { show } from '../input-error.ts';
import type { RunWords } from '../runs/run-order.ts';
import type { Path, Tree } from '../yaml-tree.ts';
import { type Axis, isMapping, MAX_RUNS, type PlanReading } from './plan-axis.ts';

/** `grid: {policy: [kvm-unpinned, apart], seed: 1..20}`: each word with each of the others. */
export function gridAxes(tree: Tree, reading: PlanReading): Axis[] {
  return columnsOf('grid', tree, reading).map(({ word, values }) => ({
    words: [word],
    length: values.length,
    wordsAt: (at) => ({ [word]: values[at]!.value }),
    pathOf: (at) => values[at]!.path,
  }));
}

/** `zip: {guests: [1, 7], memory: [8GiB, 2GiB]}`: the first of each, then the second of each. */
export function zipAxis(tree: Tree, reading: PlanReading): Axis {
  const columns = columnsOf('zip', tree, reading);
  const [first] = columns;
  for (const { word, values } of columns) {
    if (values.length !== first!.values.length) {
      reading.refuse(['zip', word], `${values.length} values beside ${first!.values.length} of ${first!.word}, want as many`);
    }
  }
  return {
    words: columns.map(({ word }) => word),
    length: first!.values.length,
    wordsAt: (at) => Object.fromEntries(columns.map(({ word, values }) => [word, values[at]!.value])),
    pathOf: (at, word) => columns.find((column) => column.word === word)!.values[at]!.path,
  };
}

/** `list: [{policy: apart, guests: 7}, {policy: xl-credit}]`: cases, one by one. */
export function listAxis(tree: Tree, { refuse, checkWord }: PlanReading): Axis {
  if (!Array.isArray(tree) || tree.length === 0) return refuse(['list'], `${show(tree)}, want cases such as [{policy: apart, guests: 7}]`);
  const cases = tree.map((item, at): RunWords => {
    const path: Path = ['list', at];
    if (!isMapping(item) || Object.keys(item).length === 0)
      return refuse(path, `${show(item)}, want words such as {policy: apart, guests: 7}`);
    const { costs, ...words } = item;
    if (costs !== undefined && !isMapping(costs)) return refuse([...path, 'costs'], `${show(costs)}, want a mapping such as {hook: 20ns}`);
    const all: Record<string, Tree> = { ...words };
    for (const [word, value] of Object.entries(costs ?? {})) {
      if (Object.hasOwn(all, `costs.${word}`)) refuse([...path, 'costs', word], 'given twice, want it once');
      all[`costs.${word}`] = value;
    }
    for (const word of Object.keys(words)) checkWord([...path, word], word);
    for (const word of Object.keys(costs ?? {})) checkWord([...path, 'costs', word], `costs.${word}`);
    return all;
  });
  const pathOf = (at: number, word: string): Path => {
    const [outer, inner] = word.split('.') as [string, string?];
    const item = tree[at] as Record<string, Tree>;
    return inner !== undefined && !Object.hasOwn(item, word) ? ['list', at, outer, inner] : ['list', at, word];
  };
  return { words: [...new Set(cases.flatMap((one) => Object.keys(one)))], length: cases.length, wordsAt: (at) => cases[at]!, pathOf };
}

interface Value {
  readonly value: Tree;
  readonly path: Path;
}

interface Column {
  readonly word: string;
  readonly values: readonly Value[];
}

function columnsOf(part: string, tree: Tree, { refuse, checkWord }: PlanReading): Column[] {
  if (!isMapping(tree) || Object.keys(tree).length === 0)
    return refuse([part], `${show(tree)}, want words such as {policy: [apart, xl-credit]}`);
  return Object.entries(tree).map(([word, values]) => {
    checkWord([part, word], word);
    return { word, values: valuesOf(values, [part, word], refuse) };
  });
}

/** A list, in which `3..7` stands for five numbers, or such a range alone. */
function valuesOf(tree: Tree, path: Path, refuse: PlanReading['refuse']): Value[] {
  if (isMapping(tree) || (typeof tree === 'string' && !isRange(tree)) || tree.length === 0) {
    return refuse(path, `${Array.isArray(tree) ? 'an empty list' : show(tree)}, want a list such as [1, 7], or a range such as 1..20`);
  }
  const values: Value[] = [];
  const items = Array.isArray(tree) ? tree.map((value, at): Value => ({ value, path: [...path, at] })) : [{ value: tree, path }];
  for (const item of items) {
    const range = typeof item.value === 'string' ? rangeOf(item.value) : null;
    if (!range) {
      values.push(item);
      continue;
    }
    const [first, last] = range;
    if (last < first) refuse(item.path, `${show(item.value)}, want the smaller number first`);
    if (values.length + last - first >= MAX_RUNS) refuse(item.path, `${show(item.value)}, want at most ${MAX_RUNS} values`);
    for (let number = first; number <= last; number++) values.push({ value: String(number), path: item.path });
  }
  return values;
}

const RANGE = /^(0|[1-9]\d{0,14})\.\.(0|[1-9]\d{0,14})$/;

function isRange(text: string): boolean {
  return RANGE.test(text.trim());
}

function rangeOf(text: string): [first: number, last: number] | null {
  const match = RANGE.exec(text.trim());
  return match && [Number(match[1]), Number(match[2])];
}
