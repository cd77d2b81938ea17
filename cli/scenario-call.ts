import { LABELS, readerBeside, readScenarioFile } from '../experiments/scenario-file.ts';
import type { ReadFile } from '../experiments/file-words.ts';
import type { ScenarioSource } from '../experiments/scenario-input.ts';
import { type Call, WORD_FLAGS } from './command.ts';

/** Where a call's scenario comes from; the file is read once, whatever is made of it. */
export function sourceOf(call: Call): ScenarioSource {
  const texts = WORD_FLAGS.map((flag) => flag.name).filter((name) => call.texts[name] !== undefined);
  const switches = WORD_FLAGS.filter(({ kind, name }) => kind === 'switch' && call.switches.has(name));
  const name = call.texts.scenario;
  return {
    flags: Object.fromEntries([...texts.map((word) => [word, call.texts[word]!]), ...switches.map((flag) => [flag.name, 'true'])]),
    file: name === undefined ? undefined : readScenarioFile(name),
    read: name === undefined ? undefined : readerFor(call, name),
  };
}

/** What a flag names lies in the folder one is in; what a word of the file names, beside the file. */
function readerFor(call: Call, scenario: string): ReadFile {
  const beside = readerBeside(scenario);
  return (name, word) => (call.texts[word] === undefined ? beside(name, word) : readScenarioFile(name, LABELS[word]));
}

/** The words of it that may name policies by their files. */
export function policiesOf({ flags, file }: ScenarioSource): { words: string[]; file: ScenarioSource['file'] } {
  return { words: flags.policy === undefined ? [] : [flags.policy], file };
}
