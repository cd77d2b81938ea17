import { InputError, show } from '../experiments/input-error.ts';
import { isMachineFile, readMachineFile } from '../experiments/machine-file.ts';
import { wantMachine } from '../experiments/named-options.ts';
import { readScenarioFile } from '../experiments/scenario-file.ts';
import type { MachineSpec } from '../sim/machine-spec.ts';
import type { Lab } from './command.ts';

/**
 * The machine that a word of the command line stands for: one of the list, or a file.
 * @param label what the word is called in errors, such as `machine show`
 * @throws InputError
 */
export function machineOfWord(word: string, { machines }: Pick<Lab, 'machines'>, label: string): MachineSpec {
  const names = machines.map(({ name }) => name);
  const found = machines.find(({ name }) => name === word);
  if (found) return found;
  if (!isMachineFile(word)) throw new InputError(`${label} ${show(word)}: ${wantMachine(word, names)}`);
  const { name, text } = readScenarioFile(word, label);
  return readMachineFile(name, text, names);
}
