import { InputError, show } from '../experiments/input-error.ts';
import { didYouMean } from '../experiments/nearest-name.ts';
import type { Call, Command, Flag, LateCommand } from './command.ts';
import { GLOBAL_FLAGS } from './global-flags.ts';
import { helpOf } from './help.ts';

export interface Parsed {
  readonly command: Command;
  readonly call: Call;
}

/**
 * The command and its arguments, or a text to print when that was asked for. Only the command that is named is loaded, and yargs only
 * where a help has to be written anew.
 * @throws InputError for anything that is not understood
 */
export async function parseArguments(argv: readonly string[], commands: readonly LateCommand[], version: string): Promise<Parsed | string> {
  if (argv[0] === 'help') return helpAsked(argv.slice(1), commands);
  const late = commandOf(argv, commands);
  if (!late) return withoutCommand(argv, commands, version);
  const command = await late.load();
  checkFlags(argv, command.flags, ` of ${command.name}`);
  const tokens = read(argv, command.flags);
  if (tokens.switches.has('help')) return helpOf(command.name, commands);
  if (tokens.switches.has('version')) return `${version}\n`;
  return { command, call: callOf(tokens, command) };
}

const isHelpFlag = (token: string): boolean => token === '--help' || token === '-h';

/** `help machine show` prints what `machine show --help` does. */
function helpAsked(argv: readonly string[], commands: readonly LateCommand[]): Promise<string> {
  const words = argv.filter((token) => !isHelpFlag(token));
  const flag = words.find(isFlag);
  if (flag !== undefined) throw new InputError(`${show(flag)}: no flag of help`);
  const name = commandOf(words, commands)?.name ?? words[0] ?? '';
  const extra = words[name.split(' ').length];
  if (extra !== undefined) throw new InputError(`${show(extra)}: one word too many for help ${name}`);
  return helpOf(name, commands);
}

/** The command that the first words name; undefined without any, so that its help is shown. */
function commandOf(argv: readonly string[], commands: readonly LateCommand[]): LateCommand | undefined {
  const end = argv.findIndex((token) => token.startsWith('-'));
  const words = end < 0 ? argv : argv.slice(0, end);
  const command = commands.find(({ name }) => name === words.slice(0, name.split(' ').length).join(' '));
  if (command) return command;
  const isGroup = commands.some(({ name }) => name.startsWith(`${words[0]} `));
  if (words.length === 0 || (isGroup && words.length === 1)) {
    const isAsking = argv.some((token) => isHelpFlag(token) || token === '--version');
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

/** A help, or the version. Which of them, and of what, is plain in the usual cases; yargs knows the others. */
async function withoutCommand(argv: readonly string[], commands: readonly LateCommand[], version: string): Promise<string> {
  const [first = '--help', ...rest] = argv;
  if (rest.length === 0 && first === '--version') return `${version}\n`;
  if (rest.length === 0) return helpOf(isHelpFlag(first) ? '' : first, commands);
  if (rest.length === 1 && isHelpFlag(rest[0]!) && !isFlag(first)) return helpOf(first, commands);
  const all = await Promise.all(commands.map((command) => command.load()));
  checkFlags(argv, all.flatMap(({ flags }) => flags), ''); // prettier-ignore
  const { textOf } = await import('./yargs.ts');
  return textOf(argv, all, version);
}

const isFlag = (token: string | undefined): boolean => token !== undefined && /^-[^\d]/.test(token);

/** Refuses flags that nobody knows, flags given twice, switches with a value and others without. */
function checkFlags(argv: readonly string[], flags: readonly Flag[], ofWhat: string): void {
  const known = [...flags, ...GLOBAL_FLAGS];
  const seen = new Set<string>();
  argv.forEach((token, at) => {
    if (!isFlag(token) || token === '-h') return;
    const [written = ''] = token.split('=', 1);
    const flag = known.find(({ name }) => `--${name}` === written);
    const names = known.map(({ name }) => `--${name}`);
    if (!flag) throw new InputError(`${show(written)}: no flag${ofWhat}${didYouMean(written, names)}`);
    if (seen.has(written) && flag.kind !== 'list') throw new InputError(`${written}: given twice, want it once`);
    seen.add(written);
    const hasValue = token.includes('=') || (argv[at + 1] !== undefined && !isFlag(argv[at + 1]));
    if (flag.kind === 'switch' && token.includes('=')) throw new InputError(`${written}: takes no value`);
    if (flag.kind !== 'switch' && !hasValue) throw new InputError(`${written}: want a value after it (${flag.summary})`);
  });
}

interface Tokens {
  readonly words: readonly string[];
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly switches: ReadonlySet<string>;
}

/** Words, values of flags and switches, of a line whose flags are sound. */
function read(argv: readonly string[], flags: readonly Flag[]): Tokens {
  const words: string[] = [];
  const values = new Map<string, string[]>();
  const switches = new Set<string>();
  const isSwitch = new Set([...flags, ...GLOBAL_FLAGS].filter(({ kind }) => kind === 'switch').map(({ name }) => name));
  for (let at = 0; at < argv.length; at++) {
    const token = argv[at]!;
    if (!isFlag(token)) {
      words.push(token);
      continue;
    }
    const [written = '', value] = token === '-h' ? ['help'] : token.slice(2).split(/=(.*)/s);
    if (isSwitch.has(written)) {
      const isSaid = argv[at + 1] === 'true' || argv[at + 1] === 'false';
      if (isSaid && argv[at + 1] === 'false') switches.delete(written);
      else switches.add(written);
      if (isSaid) at++;
    } else values.set(written, [...(values.get(written) ?? []), value ?? argv[++at]!]);
  }
  if (words.at(-1) === 'help') switches.add('help');
  return { words, values, switches };
}

function callOf({ words, values, switches }: Tokens, command: Command): Call {
  const { operands = [], more } = command;
  const given = words.slice(command.name.split(' ').length);
  const extra = more === undefined ? given[operands.length] : undefined;
  if (extra !== undefined) throw new InputError(`${show(extra)}: one word too many for ${command.name}`);
  operands.forEach((operand, at) => {
    if (given[at] === undefined) throw new InputError(`${command.name}: want ${operand.toUpperCase()} after it`);
  });
  const of = (kind: Flag['kind']): string[] => command.flags.filter((flag) => flag.kind === kind).map(({ name }) => name);
  return {
    texts: Object.fromEntries(of('text').flatMap((name) => (values.has(name) ? [[name, values.get(name)![0]!]] : []))),
    lists: Object.fromEntries(of('list').map((name) => [name, values.get(name) ?? []])),
    switches,
    operands: given.slice(0, operands.length),
    more: given.slice(operands.length),
  };
}
