import { type Call, WORD_FLAGS } from './command.ts';
import { shellWord } from './command-line.ts';

/** The command line of the one run that a call made with this policy and seed. */
export function reproduction(call: Call, policy: string, seed: string): string {
  const words = { ...call.texts, policy, seed };
  const names = ['scenario', ...WORD_FLAGS.map(({ name }) => name)].filter((name) => (words as Record<string, string>)[name] !== undefined);
  const flags = names.map((name) => `--${name} ${shellWord((words as Record<string, string>)[name]!)}`);
  const switches = WORD_FLAGS.filter(({ kind, name }) => kind === 'switch' && call.switches.has(name)).map(({ name }) => `--${name}`);
  return ['numalab run', ...flags, ...switches, ...(call.switches.has('isolate') ? ['--isolate'] : [])].join(' ');
}
