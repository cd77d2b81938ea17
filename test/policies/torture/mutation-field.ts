import { faulty } from './base.ts';

/** Hangs something of its own on the kernel. */
export const policy = faulty('mutation-field', () => ({
  init(k) {
    (k as unknown as { mine: number }).mine = 1;
  },
}));
