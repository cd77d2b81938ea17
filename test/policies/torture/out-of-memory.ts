import { faulty } from './base.ts';

/** Keeps all it ever saw, and then some. */
export const policy = faulty('out-of-memory', () => {
  const kept: number[][] = [];
  return {
    running() {
      for (;;) kept.push(new Array<number>(1_000_000).fill(0.5));
    },
  };
});
