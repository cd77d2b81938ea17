import { faulty, later } from './base.ts';

/** Never returns. */
export const policy = faulty('timeout', () => {
  const isDue = later();
  return {
    running() {
      while (isDue());
    },
  };
});
