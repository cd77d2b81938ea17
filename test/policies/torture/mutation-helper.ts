import { faulty } from './base.ts';

/** Replaces a helper for all that come after it. */
export const policy = faulty('mutation-helper', () => ({
  init(k) {
    Object.getPrototypeOf(k).kick = () => {};
  },
}));
