import { faulty } from './base.ts';

/** Writes to the kernel it is shown. */
export const policy = faulty('mutation', () => ({
  running(k) {
    (k as { nowNs: number }).nowNs = 0;
  },
}));
