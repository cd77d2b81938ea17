import yargs, { type Argv } from 'yargs';
import { InputError } from '../experiments/input-error.ts';
import type { Command } from './command.ts';
import { GLOBAL_FLAGS } from './global-flags.ts';

const EXIT_CODES = [
  ['0', 'done'],
  ['1', 'a run failed, or an internal error'],
  ['2', 'bad input or usage'],
  ['3', 'results damaged, or the disk is full'],
  ['4', 'the folder is in use by another'],
  ['75', 'try again'],
  ['130', 'interrupted (SIGINT); a sweep keeps what was finished, nothing else does'],
  ['143', 'ended (SIGTERM); likewise'],
] as const;

/** What yargs answers to a line without a command of its own: a help, or the version. */
export async function textOf(argv: readonly string[], commands: readonly Command[], version: string, width = 120): Promise<string> {
  const parser = parserOf(commands, version, width);
  let text = '';
  await parser.parse([...argv], {}, (_error: unknown, _args: unknown, output: string) => {
    text = output;
  });
  return `${text === '' ? await parser.getHelp() : text}\n`;
}

/** yargs as it knows these commands; all that it writes is English. */
export function parserOf(commands: readonly Command[], version: string, width = 120): Argv {
  const parser = yargs()
    .locale('en')
    .scriptName('numalab')
    .usage('$0 <command>\n\nA laboratory for NUMA scheduling ideas.')
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'short-option-groups': false,
    })
    .exitProcess(false)
    .fail((message: string | null, error?: Error) => {
      throw new InputError(message ?? error?.message ?? 'not understood');
    })
    .help()
    .alias('help', 'h')
    .version(version)
    .wrap(width)
    .epilog(
      `Exit codes:\n${EXIT_CODES.map(([code, meaning]) => `  ${code.padEnd(5)}${meaning}\n`).join('')}\nnumalab <command> --help has examples.`,
    );
  for (const { name, summary } of GLOBAL_FLAGS.slice(2)) parser.option(name, { type: 'boolean', describe: summary });
  for (const group of new Set(commands.map(({ name }) => name.split(' ')[0]!))) {
    const members = commands.filter(({ name }) => name.split(' ')[0] === group);
    const [only] = members;
    if (only!.name === group) addCommand(parser, group, only!);
    else {
      parser.command(group, members.map(({ name }) => name.slice(group.length + 1)).join(', '), (inner) => {
        for (const member of members) addCommand(inner, member.name.slice(group.length + 1), member);
        return inner;
      });
    }
  }
  return parser;
}

function addCommand(parser: Argv, name: string, command: Command): void {
  const rest = command.more === undefined ? [] : [`[${command.more}..]`];
  const usage = [name, ...(command.operands ?? []).map((operand) => `[${operand}]`), ...rest].join(' ');
  parser.command(usage, command.summary, (inner) => {
    inner.usage(
      `numalab ${[command.name, ...(command.operands ?? []), ...rest].map((word, i) => (i === 0 ? word : word.toUpperCase())).join(' ')}\n\n${command.summary}`,
    );
    for (const flag of command.flags) {
      inner.option(flag.name, {
        ...(flag.kind === 'switch' ? { type: 'boolean' } : { type: 'string', nargs: 1 }), // nargs lets a value be `-`
        describe: flag.default === undefined ? flag.summary : `${flag.summary} [${flag.default}]`,
      });
    }
    return inner.epilog(['Examples:', ...command.examples.map(([line, meaning]) => `  # ${meaning}\n  ${line}`)].join('\n'));
  });
}
