import { faulty } from './base.ts';

/** Calls itself until the stack is full. */
export const policy = faulty('recursion', () => {
  const deeper = (depth: number): number => deeper(depth + 1) + 1;
  return { running: () => void deeper(0) };
});
