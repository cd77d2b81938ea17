import type { RunPool } from '../experiments/runs/run-pool.ts';
import type { Registries } from '../experiments/scenario-words.ts';
import { WORDS } from '../experiments/scenario-words.ts';
import type { Recording } from '../sim/recording.ts';
import type { Scenario } from '../sim/scenario.ts';

/** One command, one file: name it in the list of commands/index.ts and it is parsed, helped and suggested. */
export interface Command {
  /** The words that choose it: `run`, `policy list`. */
  readonly name: string;
  readonly summary: string;
  /** What follows these words, all of it required. */
  readonly operands?: readonly string[];
  /** What may follow after that, any number of times. */
  readonly more?: string;
  readonly flags: readonly Flag[];
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Returns the exit code. Throws InputError for what the user has to put right. */
  run(call: Call, lab: Lab, terminal: Terminal): number | Promise<number>;
}

/** A command by its words, whose file is not loaded yet. */
export interface LateCommand extends Pick<Command, 'name'> {
  load(): Promise<Command>;
}

export interface Flag {
  readonly name: string;
  readonly summary: string;
  /** A switch has no value; only a list may be given more than once. */
  readonly kind: 'text' | 'list' | 'switch';
  readonly default?: string;
}

export interface Call {
  readonly texts: Readonly<Record<string, string>>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly switches: ReadonlySet<string>;
  readonly operands: readonly string[];
  readonly more: readonly string[];
}

/** What the commands work with; tests bring their own. */
export interface Lab extends Registries {
  readonly version: string;
  run(scenario: Scenario): Recording;
  /** Threads that run orders as this lab does; without it all runs are in this thread. */
  readonly openPool?: (options: PoolWords) => Promise<RunPool>;
  /** That this process may use. */
  readonly cpus?: number;
}

export interface PoolWords {
  readonly workers: number;
  readonly isIsolated: boolean;
  log(text: string): void;
}

/** A lab that is not loaded yet: helps and refusals need none. */
export interface LateLab extends Pick<Lab, 'version'> {
  load(): Promise<Lab>;
}

/** Standard output for results, standard error for everything said about them. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Replaces the line before it; says nothing unless a person is watching. */
  progress(text: string): void;
  readonly width: number;
}

export const DONE = 0;
export const FAILED = 1;
export const BAD_INPUT = 2;
export const DISK_FULL = 3;
/** Another process works in the folder. */
export const IN_USE = 4;
/** A job may be tried again: what stopped it may pass. */
export const TRY_AGAIN = 75;

export const JSON_FLAG: Flag = { name: 'json', summary: 'print JSON', kind: 'switch' };
export const SCENARIO_FLAG: Flag = {
  name: 'scenario',
  summary: 'file of the same words in YAML or JSON, - for standard input; flags win',
  kind: 'text',
};

/** The words of a run as flags. */
export const WORD_FLAGS: readonly Flag[] = WORDS.map(({ isSwitch, ...word }) => ({ ...word, kind: isSwitch ? 'switch' : 'text' }));
