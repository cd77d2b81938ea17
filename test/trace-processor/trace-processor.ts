import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where `.ci/install-peers` puts Perfetto's trace_processor. */
const FOLDER = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'numalab', 'trace_processor');
const QUERY = fileURLToPath(new URL('query.mjs', import.meta.url));

/** What a test that needs it says, and whether it is skipped. */
export const isTraceProcessorThere: boolean = existsSync(join(FOLDER, 'trace_processor.wasm'));
export const unlessThere: string = isTraceProcessorThere ? '' : ' (skipped: no trace_processor)';

export type Cell = number | string | null;

/** What trace_processor answers of a trace: rows for each query. */
export function queried(trace: Uint8Array, queries: readonly string[]): Cell[][][] {
  const folder = mkdtempSync(join(tmpdir(), 'numalab-trace-'));
  try {
    const file = join(folder, 'trace');
    writeFileSync(file, trace);
    const answers = execFileSync(process.execPath, [QUERY, FOLDER, file, ...queries], { encoding: 'utf8', maxBuffer: 1 << 28 });
    return JSON.parse(answers) as Cell[][][];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whatever it could not make sense of. */
export const COMPLAINTS = "select name, value from stats where severity in ('error', 'data_loss') and value > 0";
