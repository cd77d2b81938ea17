import { faulty } from './base.ts';

/** Leaves a promise that fails when it is looked at, after the run. */
export const policy = faulty('rejection', () => ({ init: () => void Promise.reject(new Error('late')) }));
