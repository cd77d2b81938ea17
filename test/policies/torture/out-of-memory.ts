import { faulty } from './base.ts';

/** Keeps all it ever saw, and then some. */
export const policy = faulty('out-of-memory', () => {
  const kept: number[][] = [];
  return {
    running() {
      for (let i = 0; i < 100; i++) kept.push(new Array<number>(1_000_000).fill(0.5)); // 8 MB each
    },
  };
});
