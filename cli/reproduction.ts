import { type Call, WORD_FLAGS } from './command.ts';
import { shellWord } from './command-line.ts';

/** The command line of the one run that a call made with this policy and seed. */
export function reproduction(call: Call, policy: string, seed: string): string {
  const words = { ...call.texts, policy, seed };
  const names = ['scenario', ...WORD_FLAGS.map(({ name }) => name)].filter((name) => (words as Record<string, string>)[name] !== undefined);
  const flags = names.map((name) => `--${name} ${shellWord((words as Record<string, string>)[name]!)}`);
  return ['numalab run', ...flags, ...(call.switches.has('isolate') ? ['--isolate'] : [])].join(' ');
}
