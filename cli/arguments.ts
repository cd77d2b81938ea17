import yargs, { type Argv } from 'yargs';
import { InputError, show } from '../experiments/input-error.ts';
import { didYouMean } from '../experiments/nearest-name.ts';
import type { Call, Command, Flag } from './command.ts';

export interface Parsed {
  readonly command: Command;
  readonly call: Call;
}

const HELP: Flag = { name: 'help', summary: 'show help', kind: 'switch' };
const VERSION: Flag = { name: 'version', summary: 'show the version', kind: 'switch' };
const DEBUG: Flag = { name: 'debug', summary: 'show the stack of an internal error', kind: 'switch' };
const GLOBAL_FLAGS = [HELP, VERSION, DEBUG];

/**
 * The command and its arguments, or a text to print when that was asked for.
 * @throws InputError for anything that is not understood
 */
export async function parseArguments(argv: readonly string[], commands: readonly Command[], version: string): Promise<Parsed | string> {
  const command = commandOf(argv, commands);
  checkFlags(argv, command, commands);
  let text = '';
  const parser = build(commands, version);
  const args = (await parser.parse([...argv], {}, (_error: unknown, _args: unknown, output: string) => {
    text = output;
  })) as Record<string, unknown>;
  if (text !== '') return `${text}\n`;
  if (!command) return `${await parser.getHelp()}\n`;
  return { command, call: callOf(args, command) };
}

/** The command that the first words name; undefined without any, so that its help is shown. */
function commandOf(argv: readonly string[], commands: readonly Command[]): Command | undefined {
  const end = argv.findIndex((token) => token.startsWith('-'));
  const words = end < 0 ? argv : argv.slice(0, end);
  const command = commands.find(({ name }) => name === words.slice(0, name.split(' ').length).join(' '));
  if (command) return command;
  const isGroup = commands.some(({ name }) => name.startsWith(`${words[0]} `));
  if (words.length === 0 || (isGroup && words.length === 1)) {
    const isAsking = argv.some((token) => ['--help', '-h', '--version'].includes(token));
    if (words.length === 0 && argv.length > 0 && !isAsking) {
      throw new InputError(`${show(argv[0])}: want a command first, such as ${commands[0]!.name}`);
    }
    return undefined;
  }
  const written = isGroup ? words.slice(0, 2).join(' ') : words[0]!;
  const names = isGroup ? commands.map(({ name }) => name) : [...new Set(commands.map(({ name }) => name.split(' ')[0]!))];
  const known = isGroup ? names.filter((name) => name.startsWith(`${words[0]} `)) : names;
  throw new InputError(`${show(written)}: no such command, want one of ${known.join(', ')}${didYouMean(written, known)}`);
}

/**
 * Refuses unknown flags here, because yargs fails inside on names such as --toString; then flags given twice, switches with a value
 * and others without.
 */
function checkFlags(argv: readonly string[], command: Command | undefined, commands: readonly Command[]): void {
  const known = [...(command?.flags ?? commands.flatMap(({ flags }) => flags)), ...GLOBAL_FLAGS];
  const seen = new Set<string>();
  argv.forEach((token, at) => {
    if (!/^-[^\d]/.test(token) || token === '-h') return;
    const [written = ''] = token.split('=', 1);
    const flag = known.find(({ name }) => `--${name}` === written);
    const names = known.map(({ name }) => `--${name}`);
    if (!flag) throw new InputError(`${show(written)}: no flag${command ? ` of ${command.name}` : ''}${didYouMean(written, names)}`);
    if (seen.has(written) && flag.kind !== 'list') throw new InputError(`${written}: given twice, want it once`);
    seen.add(written);
    const hasValue = token.includes('=') || (argv[at + 1] !== undefined && !/^-[^\d]/.test(argv[at + 1]!));
    if (flag.kind === 'switch' && token.includes('=')) throw new InputError(`${written}: takes no value`);
    if (flag.kind !== 'switch' && !hasValue) throw new InputError(`${written}: want a value after it (${flag.summary})`);
  });
}

function build(commands: readonly Command[], version: string): Argv {
  const parser = yargs()
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
    .option(DEBUG.name, { type: 'boolean', describe: DEBUG.summary })
    .wrap(120)
    .epilog('numalab <command> --help has examples.');
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

function callOf(args: Record<string, unknown>, command: Command): Call {
  const texts: Record<string, string> = {};
  const lists: Record<string, string[]> = {};
  const switches = new Set<string>();
  const extra = (args._ as unknown[])[command.name.split(' ').length];
  if (extra !== undefined) throw new InputError(`${show(extra)}: one word too many for ${command.name}`);
  for (const { name, kind } of [...command.flags, ...GLOBAL_FLAGS]) {
    const value = args[name];
    if (kind === 'switch' && value === true) switches.add(name);
    if (kind === 'list') lists[name] = [value ?? []].flat().map(String);
    if (kind === 'text' && value !== undefined) texts[name] = String(value);
  }
  const operands = (command.operands ?? []).map((operand) => {
    if (args[operand] === undefined) throw new InputError(`${command.name}: want ${operand.toUpperCase()} after it`);
    return String(args[operand]);
  });
  const more = command.more === undefined ? [] : [args[command.more] ?? []].flat().map(String);
  return { texts, lists, switches, operands, more };
}
