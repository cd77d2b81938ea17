import { shown, type SourceText } from '../format-error.ts';
import { MOST_NUMBERS } from './set.ts';
import { typeOf, type SyntheticAttributes, type SyntheticLevel } from './synthetic-levels.ts';

/** One term of an interleaving: of `count` objects that are `step` apart, the numbers follow each other. */
interface Loop {
  readonly step: number;
  readonly count: number;
}

const MOST_LOOPS = 128;

/**
 * Numbers of the operating system for `total` objects: as they come, from a list `5,3`, from loops `2*2:1*2`, or from loops over types
 * `numa:core`. After hwloc/topology-synthetic.c, hwloc_synthetic_process_indexes, which passes over what is wrong; this refuses it.
 */
export function indexesOf(
  indexes: SyntheticAttributes['indexes'],
  total: number,
  levels: readonly SyntheticLevel[],
  source: SourceText,
): number[] {
  if (!indexes) return Array.from({ length: total }, (_, i) => i);
  const fail = (said: string): never => source.fail(indexes.offset, `indexes = ${shown(indexes.text)}, ${said}`);
  const numbers = /^[\d,]*$/.test(indexes.text) ? listed(indexes.text, fail) : interleaved(indexes.text, total, levels, fail);
  if (numbers.length !== total) fail(`want ${total} numbers`);
  if (new Set(numbers).size !== total) fail('want each number once');
  return numbers;
}

function listed(text: string, fail: (said: string) => never): number[] {
  return text.split(',').map((word) => {
    const number = word === '' || word.length > 8 ? NaN : Number(word);
    return number < MOST_NUMBERS ? number : fail(`want whole numbers below ${MOST_NUMBERS}`);
  });
}

function interleaved(text: string, total: number, levels: readonly SyntheticLevel[], fail: (said: string) => never): number[] {
  const terms = text.split(':');
  if (terms.length > MOST_LOOPS) fail(`want at most ${MOST_LOOPS} terms`);
  const loops = /^\d/.test(text) ? terms.map((term) => counted(term, fail)) : overTypes(terms, total, levels, fail);
  const product = loops.reduce((all, { count }) => Math.min(all * count, Number.MAX_SAFE_INTEGER), 1);
  const smallest = loops.reduce((least, { step }) => Math.min(least, step), total);
  if (product !== total) {
    if (smallest !== total / product) fail(`want terms for ${total} objects`);
    loops.push({ step: 1, count: smallest });
  }
  const numbers = new Array<number>(total).fill(0);
  let factor = 1;
  for (const { step, count } of loops) {
    for (let i = 0; i < total; i++) numbers[i]! += (Math.floor(i / step) % count) * factor;
    factor *= count;
  }
  if (numbers.some((number) => number >= total)) fail(`want numbers below ${total}`);
  return numbers;
}

function counted(term: string, fail: (said: string) => never): Loop {
  const [, step, count] = /^(\d{1,5})\*(\d{1,5})$/.exec(term) ?? fail('want a list, terms such as 2*4, or names of types');
  if (Number(step) === 0 || Number(count) === 0) fail('want no 0 in it');
  return { step: Number(step), count: Number(count) };
}

function overTypes(terms: readonly string[], total: number, levels: readonly SyntheticLevel[], fail: (said: string) => never): Loop[] {
  const depths = terms.map((term) => {
    const wanted = typeOf(term);
    // The last level is never found: it has nothing below.
    const depth = levels.slice(0, -1).findIndex((level) => wanted?.type === level.type && (wanted.depth ?? level.depth) === level.depth);
    return depth >= 0 ? depth : fail(`want types of levels above, not ${shown(term)}`);
  });
  if (new Set(depths).size < depths.length) fail('want each type once');
  return depths.map((depth) => {
    const { width } = levels[depth]!;
    const above = depths.reduce((nearest, other) => (other < depth ? Math.max(nearest, other) : nearest), 0);
    if (width > total || total % width !== 0) fail('want types of levels above');
    return { step: total / width, count: width / levels[above]!.width };
  });
}
