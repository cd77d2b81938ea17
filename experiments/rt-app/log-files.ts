import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, show, showPath } from '../input-error.ts';
import { WholeFile } from '../whole-file.ts';
import { linesOf, type RtAppLogs } from './rows.ts';

/** @throws InputError for a folder that cannot be made */
export function makeLogFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new InputError(`--rt-app-log = ${showPath(folder)}, want a folder that can be written (${show((error as NodeJS.ErrnoException).code ?? error)})`); // prettier-ignore
  }
}

/**
 * Writes rt-app's logs, a file a thread by rt-app's own names, over those that are there as rt-app does.
 * @returns how many
 * @throws StoreError
 */
export function writeLogs(folder: string, { logs }: RtAppLogs): number {
  for (const log of logs) {
    const file = new WholeFile(join(folder, fileName(log.name)));
    for (const text of batches(linesOf(log))) file.write(Buffer.from(text));
    file.commit();
  }
  return logs.length;
}

/** Task names may hold anything; a file's may not lead elsewhere. */
function fileName(name: string): string {
  return name
    .replace(/[/\\\0]/g, '_')
    .replace(/^\.+/, '_')
    .slice(-200);
}

const LINES_AT_ONCE = 4096;

function* batches(lines: Iterable<string>): Iterable<string> {
  let batch: string[] = [];
  for (const line of lines) {
    batch.push(line);
    if (batch.length < LINES_AT_ONCE) continue;
    yield batch.join('');
    batch = [];
  }
  yield batch.join('');
}
