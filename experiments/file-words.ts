import type { WorkloadEntry } from '../sim/workload-api.ts';
import { FormatError } from '../formats/format-error.ts';
import type { MachineSpec } from '../sim/machine-spec.ts';
import { InputError, show } from './input-error.ts';
import { isMachineFile, readMachineFile } from './machine-file.ts';
import { rtApp } from './rt-app/guest.ts';
import { readScenarioFile } from './scenario-file.ts';
import type { Registries } from './scenario-words.ts';

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

/** Words of a run whose value may be, or hold, the name of a file. */
export type FileWord = 'machine' | 'workload';
export type Words = Readonly<Record<string, unknown>>;
/** @param word that names the file */
export type ReadFile = (name: string, word: FileWord) => { readonly name: string; readonly text: string };

const FILE_WORKLOADS: readonly FileWorkload[] = [rtApp];

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
export function expandFileWorkload(words: Words, read: ReadFile | undefined): { words: Words; programs: Programs } {
  const { workload, ...rest } = words;
  const isLenient = String(words.lenient) === 'true';
  const found = workloadFile(workload);
  if (found === null) return { words, programs: null };
  const { kind, file } = found;
  if ('guests' in words) throw new InputError(`workload = ${show(workload)}: its tasks are the guests, want no other guests`);
  const { name, text } = read ? read(file, 'workload') : readScenarioFile(file, kind.prefix);
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
