import { readerBeside, readScenarioFile } from '../experiments/scenario-file.ts';
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
    read: name === undefined || call.texts.workload !== undefined ? undefined : readerBeside(name),
  };
}

/** The words of it that may name policies by their files. */
export function policiesOf({ flags, file }: ScenarioSource): { words: string[]; file: ScenarioSource['file'] } {
  return { words: flags.policy === undefined ? [] : [flags.policy], file };
}
