import type { Flag } from './command.ts';

/** Flags of every command. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  { name: 'help', summary: 'show help', kind: 'switch' },
  { name: 'version', summary: 'show the version', kind: 'switch' },
  { name: 'debug', summary: 'show the stack of an internal error', kind: 'switch' },
];
