import type { RunWords } from '../runs/run-order.ts';
import type { Path, Tree } from '../yaml-tree.ts';

/** More than a folder of results would bear. */
export const MAX_RUNS = 1_000_000;

/** What runs differ in: one of several parts of a plan, each step of which is combined with each of the others. */
export interface Axis {
  /** The words it gives; `costs.hook` for one inside a mapping, `policy.margin` for an option. */
  readonly words: readonly string[];
  readonly length: number;
  /** Of step `at`, from 0. */
  wordsAt(at: number): RunWords;
  /** Where in the plan that is written. */
  pathOf(at: number, word: string): Path;
}

/** What readers of the parts of a plan need of it. */
export interface PlanReading {
  refuse(path: Path, message: string): never;
  /** @throws InputError unless it is a word of a run that can differ */
  checkWord(path: Path, word: string): void;
}

export function isMapping(tree: Tree): tree is { [key: string]: Tree } {
  return typeof tree === 'object' && !Array.isArray(tree);
}
