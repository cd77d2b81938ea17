import type { Variation } from '../variations.ts';
import type { PolicyBundle } from '../user-policy/user-policy.ts';
import type { ScenarioSource } from '../scenario-input.ts';
import { readYaml, type Tree } from '../yaml-tree.ts';

/** Words of a scenario file, those of flags among them. */
export type RunWords = Readonly<Record<string, Tree>>;

/** All that one run needs, as plain data: a thread, another process or another machine makes the same of it. */
export interface RunOrder {
  readonly words: RunWords;
  /** The policies of the user's own that the words may name, by the file as it is written there. */
  readonly policies: readonly PolicyBundle[];
  /** Texts of the files that the words may name, by the name as it is written there. */
  readonly files: Readonly<Record<string, string>>;
  /** At how many points of time the run is looked at while it goes on; 0 for none. */
  readonly timelinePoints: number;
  /** An assumed figure that is not as the words say; left out: all are. */
  readonly variation?: Variation | undefined;
}

/** The words of flags and file as one; a flag wins. */
export function wordsOf({ flags, file }: Pick<ScenarioSource, 'flags' | 'file'>): RunWords {
  const words = file ? readYaml(file.name, file.text).value : {};
  return { ...(typeof words === 'object' && !Array.isArray(words) ? words : {}), ...flags };
}

/** Where `readScenario` finds the scenario of an order. */
export function sourceOfOrder({ words, files }: Pick<RunOrder, 'words' | 'files'>): ScenarioSource {
  return {
    flags: {},
    words,
    read: (name) => ({ name, text: Object.hasOwn(files, name) ? files[name]! : '' }),
  };
}
