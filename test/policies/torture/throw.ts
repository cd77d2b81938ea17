import { faulty, later } from './base.ts';

/** Throws. */
export const policy = faulty('throw', () => {
  const isDue = later();
  return {
    running() {
      if (isDue()) throw new Error('boom');
    },
  };
});
