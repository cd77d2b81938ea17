import type { ReadFile } from '../file-words.ts';

/** A published result, and how it is simulated. The same in the built-in set and in files of a user's own. */
export interface ValidationItem {
  readonly id: string;
  /** The machine, the work and the figure as the publication has them. */
  readonly machine: string;
  readonly workload: string;
  readonly metric: string;
  /** One figure, or several of one curve or table. */
  readonly value: number | readonly number[];
  /** What each value is, in a word or two, where there are several. */
  readonly labels?: readonly string[] | undefined;
  /** What error is accepted; see band.ts. */
  readonly accept: string;
  /** A: simulated directly. B: fitted on one point, the others predicted. C: direction and band only. */
  readonly class: 'A' | 'B' | 'C';
  readonly source: string;
  readonly note?: string | undefined;
  /** The figures behind the value, as published. */
  readonly raw?: unknown;
  /** Which parameters were fitted, and on what; the rest is predicted. */
  readonly fitted?: string | undefined;
  /** Places in `value` that a parameter was fitted on: they agree because they were made to. */
  readonly fittedValues?: readonly number[] | undefined;
  /** The machine file is made from these very figures: agreement shows that nothing is lost on the way, and predicts nothing. */
  readonly readBack?: boolean | undefined;
  /** The published figure was not measured but worked out from others. */
  readonly derived?: boolean | undefined;
  /** Why a miss is a miss, for an item that is known to have one. */
  readonly miss?: string | undefined;
  readonly scenario?: ValidationScenario | undefined;
  /** Reads the rt-app files that its runs name; left out: from the folder one is in. */
  readonly read?: ReadFile | undefined;
  /** Why it is not simulated; instead of a scenario. */
  readonly skipped?: string | undefined;
}

/** Words of a run, as flags and scenario files have them; a file may also list guests and costs. */
export type RunWords = Readonly<Record<string, unknown>>;

export interface ValidationScenario {
  /** Seeds that every run is repeated with, counted up from 1; 5 if left out. */
  readonly seeds?: number | undefined;
  /** Words that hold for every run that does not say otherwise. */
  readonly words?: RunWords | undefined;
  /** Runs by name; a list is one kind of run in several places, whose figures are averaged. */
  readonly runs: Readonly<Record<string, RunWords | readonly RunWords[]>>;
  /** The simulated figure for each published one; see expression.ts. */
  readonly values: string | readonly string[];
  /** The same with some of the text of the words replaced, told beside the values: what a fitted figure's uncertainty does. */
  readonly beside?: Readonly<Record<string, { readonly replace: string; readonly with: string }>> | undefined;
}

export function publishedOf({ value }: ValidationItem): readonly number[] {
  return typeof value === 'number' ? [value] : value;
}
