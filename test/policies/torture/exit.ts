import { faulty } from './base.ts';
declare const process: { exit(code: number): never };

/** Ends the process. */
export const policy = faulty('exit', () => ({ running: () => process.exit(0) }));
