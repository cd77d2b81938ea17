import { faulty } from './base.ts';

/** Changes the options it was given. */
export const policy = faulty('mutation-options', (options) => {
  (options as Record<string, number>).slice = 1;
  return {};
});
