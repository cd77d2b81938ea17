import { faulty } from './base.ts';

/** The same where a heap limit does not look. */
export const policy = faulty('typed-memory', () => {
  const kept: Float64Array[] = [];
  return {
    running() {
      kept.push(new Float64Array(1_000_000).fill(1));
    },
  };
});
