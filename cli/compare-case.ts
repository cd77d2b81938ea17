import type { Comparison } from '../experiments/compare/comparison.ts';
import type { Failure, Replicated } from '../experiments/compare/replicate.ts';
import type { Sensitivity } from '../experiments/compare/sensitivity.ts';
import { comparisonsOf, type StudyResult, wellEnded } from '../experiments/compare/study.ts';
import { show } from '../experiments/input-error.ts';
import type { RunResult } from '../experiments/run-result.ts';
import type { PolicySource } from '../experiments/user-policy/user-policy.ts';
import { plainText } from '../report/format.ts';
import type { Terminal } from './command.ts';
import { comparisonText, quantilesText, type Setting } from './comparison-text.ts';
import type { CompareWords } from './compare-words.ts';
import { exitText } from './exit-text.ts';
import { sensitivityText } from './sensitivity-text.ts';

/** One comparison as it is told: a case of --over or of a sweep, or all there is. */
export interface CompareCase {
  /** What makes it a case, such as `guests = 7`; null for the only one. */
  readonly label: string | null;
  readonly setting: Setting;
  readonly result: StudyResult;
  readonly sources: ReadonlyMap<string, PolicySource | null>;
  /** How one run is seen again; null where nobody knows. */
  reproduction(policy: string, seed: string): string | null;
}

export interface Told {
  readonly isIncomplete: boolean;
  readonly text: string;
  readonly json: object | null;
}

/** What to print of a case; says on the terminal which runs went wrong. */
export function tellCase(
  one: CompareCase,
  cases: number,
  words: CompareWords,
  about: { version: string; command: string },
  terminal: Terminal,
): Told {
  const { result, setting, label } = one;
  const { well, failures, canCompare } = wellEnded(result.runs);
  failures.forEach((failure) => tellFailure(failure, one, terminal));
  if (!canCompare) {
    terminal.err(
      'no comparison: every run of the first policy and of another must end well, or the better would be the one that failed early\n',
    );
    return { isIncomplete: true, text: '', json: null };
  }
  const left = result.runs.filter((runs) => !well.includes(runs)).map(({ policy }) => show(policy));
  if (left.length > 0) terminal.err(`compared without ${left.join(', ')}\n`);
  const note = noteOf(well);
  if (note !== null) terminal.err(`${label === null ? '' : `${label}: `}note: ${note}\n`);
  const comparisons = comparisonsOf(well, words.warmUp);
  const texts = comparisons.map((comparison, at) => textOf(comparison, result.sensitivity?.[at] ?? null, one, cases, words));
  return {
    isIncomplete: failures.length > 0,
    text: label === null ? texts.join('\n') + unitsText(comparisons) : `${label}\n\n${texts.join('\n')}${unitsText(comparisons)}\n`,
    json: {
      ...(label === null ? {} : { over: label }),
      schemaVersion: 1,
      ...about,
      machine: setting.machine,
      workload: setting.workload,
      ...asJson(comparisons, failures, one, cases),
    },
  };
}

/** What runs told that ended well: the first of it, and of how many runs there was any; null where none told anything. */
function noteOf(runs: readonly Replicated[]): string | null {
  const notes = runs.flatMap((one) => one.notes);
  const [first] = notes;
  if (!first) return null;
  const count = runs.reduce((sum, { outcomes }) => sum + outcomes.length, 0);
  const others = notes.length === 1 ? '' : `; ${notes.length} of ${count} runs told such a thing`;
  return `${plainText(first.message)} (${show(first.policy)}, seed ${first.seed}${others})`;
}

/** That nobody takes tables of one title for one family. */
function unitsText(comparisons: readonly Comparison[]): string {
  if (comparisons.length < 2) return '';
  const units = comparisons.map(({ metric }) => metric.unit).join(', ');
  return `\nguests that count in different units (${units}) are compared apart: each unit is a family of its own (Holm)\n`;
}

/** With a run of each policy, for the file of --out. */
export function withExamples(json: object, { result }: CompareCase): object {
  return { ...json, examples: wellEnded(result.runs).well.flatMap(({ example }): RunResult[] => (example ? [example] : [])) };
}

function textOf(
  comparison: Comparison,
  sensitivity: Sensitivity | null,
  { setting, result }: CompareCase,
  cases: number,
  words: CompareWords,
): string {
  return (
    comparisonText(comparison, setting, result.reached, cases) +
    (words.hasQuantiles ? quantilesText(comparison) : '') +
    (sensitivity ? sensitivityText(sensitivity, comparison.policies[0]!.policy) : '')
  );
}

function tellFailure({ policy, seed, status, message, exit }: Failure, { reproduction }: CompareCase, terminal: Terminal): void {
  const why = message === null ? '' : `, ${message.replace(/^policy .*? ns: /, '')}`;
  terminal.err(`${show(policy)}, seed ${seed}: ${status}${plainText(why)}\n`);
  const again = reproduction(policy, seed);
  if (exit && again !== null) terminal.err(exitText(policy, exit, again));
}

/** The first comparison stands at the top; guests that count in other units have theirs in `others`. */
function asJson(comparisons: readonly Comparison[], failures: readonly Failure[], { sources, result }: CompareCase, cases: number): object {
  const [first, ...others] = comparisons.map((comparison, at) => ({
    ...comparison,
    family: { ...comparison.family, cases, spansCases: false },
    policies: comparison.policies.map((policy) => ({ ...policy, policySource: sources.get(policy.policy) ?? null })),
    ...(result.sensitivity && { sensitivity: result.sensitivity[at] }),
  }));
  return {
    ...first,
    until: result.reached,
    others,
    failures: failures.map((failure) => ({ ...failure, policySource: sources.get(failure.policy) ?? null })),
  };
}
