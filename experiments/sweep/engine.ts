import type { RunResult } from '../run-result.ts';
import type { SweepFolder } from './sweep-folder.ts';

/** A way to get the runs of a sweep done. Whatever it says came of them, what is done is read off the results. */
export interface SweepEngine {
  readonly name: string;
  readonly summary: string;
  /** Names of the flags that are for it; the others of the engines are refused. */
  readonly flags: readonly string[];
  /**
   * Looks at the values of its flags before anything is planned, and also where nothing is to do.
   * @throws InputError
   */
  check(flags: SweepWork['flags']): void;
  /**
   * Returns when it has no more to do here: every run it was given has a result or is told as failed, or it was stopped, or the runs go
   * on elsewhere.
   * @throws InputError if it cannot be used here or its flags are wrong; StoreError if results cannot be kept
   */
  start(work: SweepWork): Promise<EngineOutcome>;
}

export interface SweepWork {
  readonly folder: SweepFolder;
  /** Indices of the runs that have no sound result, in order; not none. */
  readonly missing: readonly number[];
  readonly version: string;
  /** Policies of the user's own in processes of their own. */
  readonly isIsolated: boolean;
  /** Flags of the command with a value, by name. */
  readonly flags: Readonly<Record<string, string>>;
  /** Switches of the command that are on. */
  readonly switches: ReadonlySet<string>;
  /** Aborted when the user wants it to end: start nothing more, give what runs two seconds. */
  readonly stop: AbortSignal;
  /** A result has been kept. */
  done(index: number, result: RunResult): void;
  /** A run gave no result; it will be tried again next time. */
  failed(index: number, message: string): void;
  /** What policies print, lines included. */
  log(text: string): void;
  /** One line for the user. */
  say(line: string): void;
}

/** `elsewhere`: runs go on after this process has ended (a queue has them). */
export type EngineOutcome = 'tried' | 'stopped' | 'elsewhere';
