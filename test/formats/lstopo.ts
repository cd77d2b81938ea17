import { spawnSync } from 'node:child_process';

const PROGRAM = 'lstopo-no-graphics';

/** hwloc's own program, if it is installed (Debian: hwloc-nox). */
export const hasLstopo = spawnSync(PROGRAM, ['--version']).status === 0;

/** For the title of a test: says what is missing. */
export const lstopoNote = hasLstopo ? '' : ' (skipped: lstopo-no-graphics is not installed)';

export interface LstopoRun {
  readonly status: number | null;
  readonly output: string;
  /** What it complains of, with hwloc's checks and messages on. */
  readonly complaints: string;
}

/** @param input a file, or a synthetic string */
export function lstopo(input: string | null, ...options: string[]): LstopoRun {
  const from = input === null ? [] : ['-i', input];
  const { status, stdout, stderr } = spawnSync(PROGRAM, [...from, ...options], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 ** 2,
    env: { ...process.env, HWLOC_XML_VERBOSE: '1', HWLOC_DEBUG_CHECK: '1' },
  });
  return { status, output: stdout, complaints: stderr };
}
