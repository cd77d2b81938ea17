import { existsSync, readFileSync } from 'node:fs';
import type { LateCommand } from './command.ts';

/** Every help by the words it is of, '' for that of numalab itself. The build writes them, as yargs takes longer than a short run. */
export type Helps = Readonly<Record<string, string>>;

/** Columns of what the build writes, and the fewest that a terminal gets. */
const WIDTH = 120;
const LEAST_WIDTH = 60;

const BUILT = new URL('../bin/help.json', import.meta.url);

/** The help of a command, of a group of commands, or of numalab itself (''). */
export async function helpOf(words: string, commands: readonly LateCommand[]): Promise<string> {
  const width = Math.max(LEAST_WIDTH, Math.min(WIDTH, process.stdout.columns || WIDTH));
  if (width < WIDTH) return writtenHelp(words, commands, width); // lines that a terminal breaks are hard to read
  const built = existsSync(BUILT) ? (JSON.parse(readFileSync(BUILT, 'utf8')) as Helps)[words] : undefined;
  return built ?? (await writtenHelp(words, commands));
}

/** As yargs writes it. */
export async function writtenHelp(words: string, commands: readonly LateCommand[], width: number = WIDTH): Promise<string> {
  const { textOf } = await import('./yargs.ts');
  const all = await Promise.all(commands.map((command) => command.load()));
  return textOf(words === '' ? ['--help'] : [...words.split(' '), '--help'], all, '', width);
}

/** All helps there are. */
export async function writtenHelps(commands: readonly LateCommand[]): Promise<Helps> {
  const groups = commands.flatMap(({ name }) => (name.includes(' ') ? [name.split(' ')[0]!] : []));
  const helps: Record<string, string> = {};
  for (const words of ['', ...new Set(groups), ...commands.map(({ name }) => name)]) helps[words] = await writtenHelp(words, commands);
  return helps;
}
