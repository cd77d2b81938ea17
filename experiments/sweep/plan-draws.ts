import { namedStream, type Random, shuffle } from '../../sim/random.ts';
import { show } from '../input-error.ts';
import { formatQuantity, parseQuantity, type QuantityKind } from '../quantities.ts';
import { didYouMean } from '../nearest-name.ts';
import type { Path, Tree } from '../yaml-tree.ts';
import { type Axis, isMapping, MAX_RUNS, type PlanReading } from './plan-axis.ts';

/** The value that a share from 0 to 1 of the range stands for. */
type Scale = (share: number) => Tree;

/**
 * `{count: 50, seed: 7, words: {host-noise: {from: 0, to: 2}, policy: {of: [apart, xl-credit]}}}`: drawn at random, each by itself; or as a
 * Latin hypercube, in which each of `count` equal parts of a word's range is met once. A word's draws depend on seed and name, not on
 * what else is drawn.
 */
export function drawnAxis(part: 'random' | 'latin-hypercube', tree: Tree, reading: PlanReading): Axis {
  const { refuse, checkWord } = reading;
  if (!isMapping(tree)) return refuse([part], `${show(tree)}, want {count: 50, words: {host-noise: {from: 0, to: 2}}}`);
  checkKeys(tree, ['count', 'seed', 'words'], [part], refuse);
  const count = countOf(tree.count, [part, 'count'], refuse);
  const seed = seedOf(tree.seed ?? '1', [part, 'seed'], refuse);
  const { words = '' } = tree;
  if (!isMapping(words) || Object.keys(words).length === 0) {
    return refuse([part, 'words'], `${show(words)}, want words such as {host-noise: {from: 0, to: 2}}`);
  }
  const columns = Object.entries(words).map(([word, range]) => {
    const path = [part, 'words', word];
    checkWord(path, word);
    const scale = scaleOf(range, path, refuse);
    const random = namedStream(seed, part, 0, word);
    const shares = part === 'random' ? Float64Array.from({ length: count }, random) : stratified(count, random);
    return [word, Array.from(shares, scale)] as const;
  });
  return {
    words: Object.keys(words),
    length: count,
    wordsAt: (at) => Object.fromEntries(columns.map(([word, values]) => [word, values[at]!])),
    pathOf: (_, word) => [part, 'words', word],
  };
}

/** One share in each of `count` equal parts of 0 to 1, in a drawn order. */
export function stratified(count: number, random: Random): Float64Array {
  const parts = Int32Array.from({ length: count }, (_, i) => i);
  shuffle(parts, count, random);
  return Float64Array.from(parts, (part) => (part + random()) / count);
}

const KINDS: readonly QuantityKind[] = ['share', 'time', 'bytes', 'rate'];

function scaleOf(tree: Tree, path: Path, refuse: PlanReading['refuse']): Scale {
  if (!isMapping(tree)) return refuse(path, `${show(tree)}, want {from: 0, to: 2} or {of: [a, b]}`);
  if ('of' in tree) return choiceOf(tree, path, refuse);
  checkKeys(tree, ['from', 'to', 'scale', 'whole', 'step'], path, refuse);
  const { from = '', to = '', scale = 'linear', whole = 'false', step } = tree;
  const kind = KINDS.find((one) => isOfKind(one, from) && isOfKind(one, to) && (step === undefined || isOfKind(one, step)));
  if (!kind) return refuse(path, `from ${show(from)} to ${show(to)}, want two numbers of one unit such as {from: 10ns, to: 1us}`);
  const low = parseQuantity(kind, from as string)!;
  const high = parseQuantity(kind, to as string)!;
  if (low >= high) refuse(path, `from ${show(from)} to ${show(to)}, want the smaller first`);
  if (scale !== 'linear' && scale !== 'log') refuse([...path, 'scale'], `${show(scale)}, want linear or log`);
  if (scale === 'log' && low === 0) refuse([...path, 'from'], `${show(from)}, want more than 0 on a log scale`);
  if (whole !== 'true' && whole !== 'false') refuse([...path, 'whole'], `${show(whole)}, want true or false`);
  if (whole === 'true' && step !== undefined) refuse([...path, 'step'], `${show(step)} beside whole, want one of the two`);
  const stepSize = step === undefined ? null : parseQuantity(kind, step as string)!;
  if (stepSize !== null && !(stepSize > 0 && stepSize <= high - low))
    refuse([...path, 'step'], `${show(step)}, want more than 0 and at most the range`);
  if (whole === 'true' && (kind !== 'share' || !Number.isInteger(low) || !Number.isInteger(high))) {
    refuse([...path, 'whole'], `from ${show(from)} to ${show(to)}, want whole numbers without a unit`);
  }
  const grain = whole === 'true' ? 1 : stepSize;
  return (share) =>
    written(kind, valueAt(share, { low, high, grain, isLog: scale === 'log', isWhole: kind === 'time' || kind === 'bytes' }));
}

/** As words take it: without an exponent. */
function written(kind: QuantityKind, value: number): string {
  const text = formatQuantity(kind, value);
  return text.includes('e') ? text.replace(/^[\d.e-]+/, value.toFixed(12).replace(/\.?0+$/, '')) : text;
}

interface Range {
  readonly low: number;
  readonly high: number;
  /** Distance of the values from `low` on; null if there are as many as can be written. */
  readonly grain: number | null;
  readonly isLog: boolean;
  /** ns and bytes have no parts. */
  readonly isWhole: boolean;
}

/** Of the values a grain leaves, each is as likely; on a log scale, as its part of the scale is long. */
function valueAt(share: number, { low, high, grain, isLog, isWhole }: Range): number {
  const steps = grain === null ? 0 : Math.floor((high - low) / grain + 1e-9);
  const end = grain === null ? high : low + (steps + 1) * grain; // the last value has a part of the range of its own
  const value = isLog ? low * (end / low) ** share : low + share * (end - low);
  if (grain !== null) return rounded(low + Math.min(steps, Math.floor((value - low) / grain)) * grain, grain);
  if (isWhole) return Math.min(high, Math.max(low, Math.round(value)));
  return Math.min(high, Math.max(low, isLog ? Number(value.toPrecision(7)) : rounded(value, (high - low) / 1e6)));
}

/** Without the last digits of binary arithmetic: to twelve places at most, which is what words can have, fewer where the grain is coarse. */
function rounded(value: number, grain: number): number {
  const places = Math.min(12, Math.max(0, Math.ceil(-Math.log10(grain)) + 3));
  return Number(value.toFixed(places));
}

function choiceOf(tree: { [key: string]: Tree }, path: Path, refuse: PlanReading['refuse']): Scale {
  checkKeys(tree, ['of'], path, refuse);
  const choices = tree.of!;
  if (!Array.isArray(choices) || choices.length === 0)
    return refuse([...path, 'of'], `${show(choices)}, want a list such as [apart, xl-credit]`);
  return (share) => choices[Math.floor(share * choices.length)]!;
}

function isOfKind(kind: QuantityKind, tree: Tree): boolean {
  return typeof tree === 'string' && parseQuantity(kind, tree) !== null;
}

function countOf(tree: Tree | undefined, path: Path, refuse: PlanReading['refuse']): number {
  const count = typeof tree === 'string' ? parseQuantity('count', tree) : null;
  if (count === null || count < 1 || count > MAX_RUNS)
    return refuse(path, `${show(tree ?? '')}, want a whole number from 1 to ${MAX_RUNS}`);
  return count;
}

function seedOf(tree: Tree, path: Path, refuse: PlanReading['refuse']): string {
  if (typeof tree !== 'string' || !/^\d{1,20}$/.test(tree)) return refuse(path, `${show(tree)}, want a whole number of at most 20 digits`);
  return BigInt(tree).toString();
}

function checkKeys(tree: { [key: string]: Tree }, known: readonly string[], path: Path, refuse: PlanReading['refuse']): void {
  const unknown = Object.keys(tree).find((key) => !known.includes(key));
  if (unknown !== undefined) refuse([...path, unknown], `unknown, want ${known.join(', ')}${didYouMean(unknown, known)}`);
}
