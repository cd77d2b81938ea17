import { faulty } from './base.ts';

/** The time of day. */
export const policy = faulty('clock', () => ({
  running() {
    if (Date.now() % 2 === 0) return;
  },
}));
