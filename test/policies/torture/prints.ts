import { faulty } from './base.ts';
declare const console: { log(text: string): void };

/** Prints more than anyone reads. */
export const policy = faulty('prints', () => ({
  running() {
    for (let i = 0; i < 100; i++) console.log('x'.repeat(1_000));
  },
}));
