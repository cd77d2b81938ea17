import type { WorkloadEntry } from '../sim/workload-api.ts';
import { FormatError } from '../formats/format-error.ts';
import { InputError, show } from './input-error.ts';
import { rtApp } from './rt-app/guest.ts';
import { readScenarioFile } from './scenario-file.ts';

/** [guest] what each runs, where a file says so; null where words do. */
export type Programs = readonly WorkloadEntry[] | null;

/** `workload: PREFIX:FILE` stands for guests. */
export interface FileWorkload {
  /** Without the colon. */
  readonly prefix: string;
  /**
   * What the file's text stands for. Its words win over none: the user's own win over them.
   * @param words the user's own
   * @param isLenient what cannot be simulated is left out, not refused
   * @throws RangeError of one line, without the file's name
   */
  expand(name: string, text: string, words: Words, isLenient: boolean): { readonly words: Words; readonly programs: NonNullable<Programs> };
}

export type Words = Readonly<Record<string, unknown>>;
export type ReadFile = (name: string) => { readonly name: string; readonly text: string };

const FILE_WORKLOADS: readonly FileWorkload[] = [rtApp];

/** Names of the files that the words of a run depend on, as written. */
export function filesNamedBy(words: Words): string[] {
  const workload = workloadFile(words.workload);
  return workload === null ? [] : [workload.file];
}

/** @throws InputError naming file, line and key */
export function expandFileWorkload(words: Words, read: ReadFile | undefined): { words: Words; programs: Programs } {
  const { workload, ...rest } = words;
  const isLenient = String(words.lenient) === 'true';
  const found = workloadFile(workload);
  if (found === null) return { words, programs: null };
  const { kind, file } = found;
  if ('guests' in words) throw new InputError(`workload = ${show(workload)}: its tasks are the guests, want no other guests`);
  const { name, text } = read ? read(file) : readScenarioFile(file, kind.prefix);
  try {
    const { words: said, programs } = kind.expand(name, text, rest, isLenient);
    return { words: { ...said, ...rest }, programs };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // what a reader says is one line already, and its end says what was wanted
    const isWhole = error instanceof FormatError || error instanceof InputError;
    throw new InputError(`${show(name)}: ${isWhole ? error.message : show(error.message)}`);
  }
}

function workloadFile(workload: unknown): { kind: FileWorkload; file: string } | null {
  if (typeof workload !== 'string') return null;
  const kind = FILE_WORKLOADS.find(({ prefix }) => workload.startsWith(`${prefix}:`));
  return kind === undefined ? null : { kind, file: workload.slice(kind.prefix.length + 1) };
}
