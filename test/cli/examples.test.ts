import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../cli/arguments.ts';
import type { Call } from '../../cli/command.ts';
import { commands } from '../../cli/commands/index.ts';
import { charts } from '../../experiments/deck.ts';
import { everything } from '../../experiments/everything.ts';
import { questions } from '../../experiments/questions/index.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { WORDS } from '../../experiments/scenario-words.ts';
import { checkEngineFlags, engineNamed } from '../../experiments/sweep/engines.ts';
import { isPolicyFile } from '../../experiments/user-policy/load.ts';
import { validationItems } from '../../experiments/validation/items/index.ts';

const engine = everything('1.2.3');
const all = await Promise.all(commands.map((command) => command.load()));
const lines = all
  .flatMap(({ examples }) => examples.flatMap(([line]) => line.split(/ \| |; /)))
  .filter((part) => part.startsWith('numalab '));

/** As a shell splits a line that has no more than single quotes; in `--slurm='a b'` they stand inside of a word. */
function argvOf(line: string): string[] {
  return [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));
}

/** Words of a run that a line says, without policies: what is in files is not looked at. */
function wordsOf({ texts }: Call): Record<string, string> {
  const names = WORDS.map(({ name }) => name).filter((name) => name !== 'policy' && texts[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, texts[name]!]));
}

/** For files that lines name. */
const read = (name: string): { name: string; text: string } => ({ name, text: '{"tasks": {"a": {"run": 1}}}' });

function policiesOf(command: string, { texts, lists, operands }: Call): string[] {
  const named = command === 'explain' || command === 'policy show' || command === 'policy check' ? operands : [];
  return [...named, ...(lists.policy ?? []), ...(texts.policy === undefined ? [] : [texts.policy])];
}

/** One call, or one for each value of --over. */
function cases(words: Record<string, string>, over: string | undefined): Record<string, string>[] {
  const [, word = '', values = ''] = /^([^=]+)=(.*)$/.exec(over ?? '') ?? [];
  return word === '' ? [words] : values.split(/[,;]/).map((value) => ({ ...words, [word]: value }));
}

describe('every example of the help', () => {
  test('is there for each command', () => {
    expect(all.filter(({ examples }) => examples.length === 0).map(({ name }) => name)).toEqual([]);
    expect(lines.length).toBeGreaterThanOrEqual(all.flatMap(({ examples }) => examples).length); // a line with a pipe may have two
  });

  test.each(lines)('is a line that is understood, with names there are: %s', async (line) => {
    const parsed = await parseArguments(argvOf(line).slice(1), commands, engine.version);
    if (typeof parsed === 'string') throw new Error('is a help');
    const { command, call } = parsed;
    for (const words of cases(wordsOf(call), call.texts.over)) {
      readScenario({ flags: words, read }, engine);
      for (const policy of policiesOf(command.name, call))
        if (!isPolicyFile(policy)) readScenario({ flags: { ...words, policy }, read }, engine);
    }
    const [operand] = call.operands;
    if (command.name === 'machine show') expect(engine.machines.map(({ name }) => name)).toContain(operand);
    if (command.name === 'experiment run') expect([...charts, ...questions].map(({ name }) => name)).toContain(operand);
    if (command.name === 'validate') expect(validationItems.map(({ id }) => id)).toEqual(expect.arrayContaining([...call.more]));
    if (command.name === 'sweep run') {
      const runner = engineNamed(call.texts.engine);
      checkEngineFlags(runner, [...Object.keys(call.texts), ...call.switches]);
      runner.check(call.texts);
    }
  });
});
