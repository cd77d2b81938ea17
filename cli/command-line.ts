import type { Call, Command } from './command.ts';

/**
 * What was asked for, as a command line: flags in the order of the command, whatever the order they were written in. How many threads
 * work on it is left out, as results do not depend on it.
 */
export function commandLine({ name, flags }: Pick<Command, 'name' | 'flags'>, { texts, lists, switches }: Call): string {
  const words = flags
    .filter((flag) => flag.name !== 'workers')
    .flatMap((flag): string[] => {
      if (flag.kind === 'switch') return switches.has(flag.name) ? [`--${flag.name}`] : [];
      const values = flag.kind === 'list' ? (lists[flag.name] ?? []) : texts[flag.name] === undefined ? [] : [texts[flag.name]!];
      return values.flatMap((value) => [`--${flag.name}`, shellWord(value)]);
    });
  return ['numalab', name, ...words].join(' ');
}

/** As a POSIX shell reads it back. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
