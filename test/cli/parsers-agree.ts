import fc from 'fast-check';
import { expect } from 'vitest';
import { parseArguments } from '../../cli/arguments.ts';
import type { Call, Command } from '../../cli/command.ts';
import { commands as late } from '../../cli/commands/index.ts';
import { GLOBAL_FLAGS } from '../../cli/global-flags.ts';
import { InputError } from '../../experiments/input-error.ts';
import { parserOf } from '../../cli/yargs.ts';

const commands = await Promise.all(late.map((command) => command.load()));
/** What yargs makes of a line that ours has taken: the same, in its own words. */
async function byYargs(argv: readonly string[], command: Command): Promise<Call | string> {
  let text = '';
  const args = (await parserOf([command], '1.2.3').parse([...argv], {}, (_error: unknown, _args: unknown, output: string) => {
    text = output;
  })) as Record<string, unknown>;
  if (text !== '') return `${text}\n`;
  const named = (kind: string): string[] => command.flags.filter((flag) => flag.kind === kind).map(({ name }) => name);
  const list = (value: unknown): string[] => [value ?? []].flat().map(String);
  return {
    texts: Object.fromEntries(named('text').flatMap((name) => (args[name] === undefined ? [] : [[name, String(args[name])]]))),
    lists: Object.fromEntries(named('list').map((name) => [name, list(args[name])])),
    switches: new Set([...named('switch'), ...GLOBAL_FLAGS.map(({ name }) => name)].filter((name) => args[name] === true)),
    operands: (command.operands ?? []).map((operand) => String(args[operand])),
    more: command.more === undefined ? [] : list(args[command.more]),
  };
}

const value = fc.oneof(
  fc.constantFrom(
    '',
    '-',
    '-1',
    '-1.5',
    '007',
    '1e3',
    'true',
    'false',
    'help',
    '"7"',
    "'x y'",
    '"',
    '=',
    'a=b',
    '--',
    'ёж',
    '\u202e',
    '🦔',
    '__proto__',
  ),
  fc.constantFrom('drift', 'pinned', 'lopsided', '1GiB', 'run', 'list'),
  fc.string({ maxLength: 5 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const odd = fc.constantFrom(
  '--toString',
  '--hasOwnProperty=1',
  '--__proto__.x',
  '--n=',
  '-x',
  '-hh',
  '--',
  '---',
  '--no-json',
  '--seed.x=1',
);

/** A command and what may follow: mostly flags of its own with values, or few lines would get past the refusals. */
const line = fc.constantFrom(...commands).chain((command) => {
  const named = (kinds: readonly string[]): fc.Arbitrary<string> => {
    const names = command.flags.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => `--${name}`);
    return names.length === 0 ? fc.constant('--debug') : fc.constantFrom(...names);
  };
  const part = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(named(['text', 'list']), value) },
    { weight: 6, arbitrary: fc.tuple(named(['text', 'list']), value).map(([name, text]) => [`${name}=${text}`]) },
    { weight: 3, arbitrary: fc.tuple(named(['switch'])) },
    { weight: 2, arbitrary: fc.tuple(value) },
    { weight: 1, arbitrary: fc.tuple(odd) },
    { weight: 1, arbitrary: fc.constantFrom(['--debug'], ['--debug', 'false'], ['--version']) },
  );
  const operands = fc.tuple(...(command.operands ?? []).map(() => value));
  return fc
    .tuple(operands, fc.array(part, { maxLength: 4 }))
    .map(([given, parts]) => ({ command, argv: [...command.name.split(' '), ...given, ...parts.flat()] }));
});

/** Of so many lines, drawn at random: what is read without yargs is what yargs reads. Operands that begin with a hyphen it loses. */
export async function expectParsersToAgree(lines: number): Promise<void> {
  let read = 0;
  let refused = 0;
  const property = fc.asyncProperty(line, async ({ command, argv }) => {
    let ours: Awaited<ReturnType<typeof parseArguments>>;
    try {
      ours = await parseArguments(argv, late, '1.2.3');
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      refused++;
      return; // in our words, before yargs would be asked
    }
    read++;
    const theirs = await byYargs(argv, command);
    // An operand that begins with a hyphen yargs loses, and then takes a last `help` for it.
    const losesOne =
      typeof ours === 'string'
        ? argv.some((token) => /^-(\d|$)/.test(token))
        : [...ours.call.operands, ...ours.call.more].some((word) => word.startsWith('-'));
    if (losesOne) return;
    if (typeof ours === 'string') expect(typeof theirs).toBe('string');
    else expect(theirs).toEqual(ours.call);
  });
  await fc.assert(property, { numRuns: lines }); // prints seed and path of a failure
  expect(read).toBeGreaterThan(lines / 5);
  expect(refused).toBeGreaterThan(lines / 5);
}
