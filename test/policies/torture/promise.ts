import { faulty } from './base.ts';

/** Returns before it is done. */
export const policy = faulty('promise', () => ({ running: (async () => {}) as never }));
