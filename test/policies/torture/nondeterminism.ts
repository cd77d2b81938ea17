import { faulty } from './base.ts';

/** Chance of its own. */
export const policy = faulty('nondeterminism', () => ({
  selectCpu: (k) => Math.floor(Math.random() * k.cpuCount) as never, // eslint-disable-line no-restricted-properties
}));
