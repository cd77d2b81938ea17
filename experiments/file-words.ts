import type { WorkloadEntry } from '../sim/workload-api.ts';
import type { MachineSpec } from '../sim/machine-spec.ts';
import { type FileOptions, splitFileOptions } from './file-options.ts';
import type { FilePrefix } from './file-prefixes.ts';
import { InputError, show } from './input-error.ts';
import { isMachineFile, readMachineFile } from './machine-file.ts';
import { perfStat } from './perf-stat-guest.ts';
import { rtApp } from './rt-app/guest.ts';
import { MAX_NAMED_FILE_BYTES, readScenarioFile } from './scenario-file.ts';
import type { Registries } from './scenario-words.ts';
import { trace } from './trace-guest.ts';

/** [guest] what each runs, where a file says so; null where words do. */
export type Programs = readonly WorkloadEntry[] | null;

/** `workload: PREFIX:FILE` stands for guests. */
export interface FileWorkload {
  /** Without the colon. */
  readonly prefix: FilePrefix;
  /** Names of options that may follow the file, `PREFIX:FILE,name=value`; left out: none, and all of it is the file's name. */
  readonly options?: readonly string[];
  /**
   * What the file's text stands for. Its words win over none: the user's own win over them.
   * @throws RangeError of one line, without the file's name
   */
  expand(name: string, text: string, context: FileContext): Expanded;
}

export interface FileContext {
  /** The user's own words. */
  readonly words: Words;
  readonly options: FileOptions;
  readonly machines: readonly MachineSpec[];
  /** What cannot be simulated is left out, not refused. */
  readonly isLenient: boolean;
}

export interface Expanded {
  readonly words: Words;
  readonly programs: NonNullable<Programs>;
  /** What was assumed or left out, a line each. */
  readonly remarks?: readonly string[];
}

/** Words of a run whose value may be, or hold, the name of a file. */
export type FileWord = 'machine' | 'workload';
export type Words = Readonly<Record<string, unknown>>;
/** @param word that names the file */
export type ReadFile = (name: string, word: FileWord) => { readonly name: string; readonly text: string };

export const FILE_WORKLOADS: readonly FileWorkload[] = [rtApp, trace, perfStat];

/** Names of the files that the words of a run depend on, as written. */
export function filesNamedBy(words: Words): string[] {
  const workload = workloadFile(words.workload);
  const machine = machineFile(words.machine);
  return [...(workload === null ? [] : [workload.file]), ...(machine === null ? [] : [machine])];
}

/**
 * With `machine: FILE` read and among the machines, under its own name.
 * @throws InputError naming file, line and key
 */
export function expandMachineFile(
  words: Words,
  registries: Registries,
  read: ReadFile | undefined,
): { words: Words; registries: Registries } {
  const file = machineFile(words.machine);
  if (file === null) return { words, registries };
  const { name, text } = read ? read(file, 'machine') : readScenarioFile(file, 'machine');
  const known = machinesOf(registries);
  const key = JSON.stringify([name, text]);
  const found = known.get(key) ?? withMachine(registries, name, text);
  known.set(key, found);
  return { words: { ...words, machine: found.spec.name }, registries: found.registries };
}

interface WithMachine {
  readonly spec: MachineSpec;
  readonly registries: Registries;
}

/** By name and text: a sweep reads thousands of runs on few machines. */
const known = new WeakMap<Registries, Map<string, WithMachine>>();

function machinesOf(registries: Registries): Map<string, WithMachine> {
  const own = known.get(registries) ?? new Map<string, WithMachine>();
  known.set(registries, own);
  return own;
}

function withMachine(registries: Registries, name: string, text: string): WithMachine {
  const { machines } = registries;
  const spec = readMachineFile(name, text, machines.map((machine) => machine.name)); // prettier-ignore
  return { spec, registries: { ...registries, machines: [...machines, spec] } };
}

function machineFile(machine: unknown): string | null {
  return typeof machine === 'string' && isMachineFile(machine) ? machine : null;
}

/** @throws InputError naming file, line and key */
export function expandFileWorkload(
  words: Words,
  read: ReadFile | undefined,
  machines: readonly MachineSpec[],
): { words: Words; programs: Programs; remarks: readonly string[] } {
  const { workload, ...rest } = words;
  const isLenient = String(words.lenient) === 'true';
  const found = workloadFile(workload);
  if (found === null) return { words, programs: null, remarks: [] };
  const { kind, file, options } = found;
  if ('guests' in words) throw new InputError(`workload = ${show(workload)}: its tasks are the guests, want no other guests`);
  const { name, text } = read ? read(file, 'workload') : readScenarioFile(file, kind.prefix, MAX_NAMED_FILE_BYTES);
  try {
    const { words: said, programs, remarks = [] } = kind.expand(name, text, { words: rest, options, machines, isLenient });
    return { words: { ...said, ...rest }, programs, remarks };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(`${show(name)}: ${oneLine(error.message)}`);
  }
}

function workloadFile(workload: unknown): { kind: FileWorkload; file: string; options: FileOptions } | null {
  if (typeof workload !== 'string') return null;
  const kind = FILE_WORKLOADS.find(({ prefix }) => workload.startsWith(`${prefix}:`));
  if (kind === undefined) return null;
  try {
    return { kind, ...splitFileOptions(workload.slice(kind.prefix.length + 1), kind.options ?? []) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(`workload = ${show(workload)}: ${error.message}`);
  }
}

const MOST_SAID = 4000;

/** Readers shorten what they quote, so that their messages are short; one that is not is cut here. */
function oneLine(message: string): string {
  const line = message.replace(/\p{Cc}/gu, ' ');
  return line.length > MOST_SAID ? `${line.slice(0, MOST_SAID)}...` : line;
}
