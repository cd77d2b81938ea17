import { InputError, show } from '../input-error.ts';
import { didYouMean } from '../nearest-name.ts';
import type { RunWords } from '../runs/run-order.ts';
import { COST_WORDS } from '../scenario-input.ts';
import { WORDS } from '../scenario-words.ts';
import { type Path, readYaml, type Tree } from '../yaml-tree.ts';
import { type Axis, MAX_RUNS, type PlanReading } from './plan-axis.ts';
import { drawnAxis } from './plan-draws.ts';
import { gridAxes, listAxis, zipAxis } from './plan-values.ts';

export interface Plan {
  readonly name: string;
  readonly text: string;
  /** Words that all runs have. */
  readonly words: RunWords;
  readonly axes: readonly Axis[];
  readonly runCount: number;
  /** `plan.yaml:4:17: grid.policy: ` */
  place(path: Path): string;
}

/** Parts that say what runs differ in, in any order; the first written varies slowest. */
const PARTS = ['grid', 'list', 'zip', 'random', 'latin-hypercube'] as const;
type Part = (typeof PARTS)[number];

const VARIED_COSTS = COST_WORDS.map((word) => `costs.${word}`);
const WHOLE_WORDS = [...WORDS.map(({ name }) => name), 'hotplug'];
const OPTION = /^(policy|workload)\.[a-z][a-z0-9-]*$/;

/**
 * Reads a plan: the words of a run that all have, and in what runs differ. Nothing is counted out yet, so a plan of too many runs is
 * refused at once.
 * @throws InputError with line and column
 */
export function readPlan({ name, text }: { readonly name: string; readonly text: string }): Plan {
  const tree = readYaml(name, text);
  const { value } = tree;
  if (typeof value === 'string' || Array.isArray(value)) {
    throw new InputError(`${tree.locate([])}: ${show(value)}, want a mapping such as "grid: {policy: [kvm-unpinned, apart]}"`);
  }
  const place = (path: Path): string => `${tree.locate(path)}: ${path.length > 0 ? `${pathText(path)}: ` : ''}`;
  const refuse = (path: Path, message: string): never => {
    throw new InputError(`${place(path)}${message}`);
  };
  const refuseName = (path: Path, known: readonly string[]): never => {
    const word = String(path.at(-1));
    throw new InputError(
      `${tree.locateKey(path)}: ${pathText(path.slice(0, -1).concat(show(word)))}: unknown, want ${known.join(', ')}${didYouMean(word, known)}`,
    );
  };
  const checkWord = (path: Path, word: string): void => {
    if (word === 'costs') refuse(path, `want one cost such as ${VARIED_COSTS[0]}`);
    const known = [...WHOLE_WORDS, ...VARIED_COSTS];
    if (!known.includes(word) && !OPTION.test(word)) refuseName(path, known);
  };
  const reading: PlanReading = { refuse, checkWord };
  const words: Record<string, Tree> = {};
  const axes: Axis[] = [];
  for (const [key, part] of Object.entries(value)) {
    if (isPart(key)) axes.push(...axesOf(key, part, reading));
    else if (WHOLE_WORDS.includes(key) || key === 'costs') words[key] = part;
    else refuseName([key], [...WHOLE_WORDS, 'costs', ...PARTS]);
  }
  checkOnce(words, axes, refuse);
  const runCount = axes.reduce((product, axis) => product * axis.length, 1);
  if (runCount > MAX_RUNS) refuse([], `${runCount} runs, want at most ${MAX_RUNS}`);
  return { name, text, words, axes, runCount, place };
}

function isPart(key: string): key is Part {
  return (PARTS as readonly string[]).includes(key);
}

function axesOf(part: Part, tree: Tree, reading: PlanReading): readonly Axis[] {
  switch (part) {
    case 'grid':
      return gridAxes(tree, reading);
    case 'list':
      return [listAxis(tree, reading)];
    case 'zip':
      return [zipAxis(tree, reading)];
    case 'random':
    case 'latin-hypercube':
      return [drawnAxis(part, tree, reading)];
  }
}

/** A word has its value from one place. */
function checkOnce(words: RunWords, axes: readonly Axis[], refuse: PlanReading['refuse']): void {
  const seen = new Map<string, string>();
  for (const axis of axes) {
    for (const word of axis.words) {
      const path = axis.pathOf(0, word);
      const part = String(path[0]);
      const [outer, inner = ''] = word.split('.') as [string, string?];
      const costs = words.costs ?? {};
      const isConstant = outer === 'costs' ? typeof costs === 'object' && Object.hasOwn(costs, inner) : Object.hasOwn(words, word);
      if (isConstant) refuse(path, `${word} is also said for all runs, want one of the two`);
      if (seen.has(word)) refuse(path, `${word} is also in ${seen.get(word)}, want it in one of the two`);
      seen.set(word, part);
    }
  }
  for (const axis of axes) {
    for (const word of axis.words) {
      const [named] = OPTION.exec(word)?.slice(1) ?? [];
      if (named !== undefined && !Object.hasOwn(words, named) && !seen.has(named)) refuse(axis.pathOf(0, word), `want ${named} too`);
    }
  }
}

/** The words of the run of this index, those that differ: the last axis goes round first. */
export function variedOf({ axes }: Plan, index: number): RunWords {
  return Object.assign({}, ...stepsOf(axes, index).map((at, i) => axes[i]!.wordsAt(at))) as RunWords;
}

/** At which step of each axis the run of this index is. */
export function stepsOf(axes: readonly Axis[], index: number): number[] {
  let rest = index;
  const steps = axes.map(() => 0);
  for (let i = axes.length - 1; i >= 0; i--) {
    const { length } = axes[i]!;
    steps[i] = rest % length;
    rest = Math.floor(rest / length);
  }
  return steps;
}

export function pathText(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}
