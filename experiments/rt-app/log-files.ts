import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Scenario } from '../../sim/scenario.ts';
import { InputError, show, showPath } from '../input-error.ts';
import { WholeFile } from '../whole-file.ts';
import { loggedEntry } from './entry.ts';
import { RtAppRows } from './rows.ts';

/** A scenario whose rt-app process tells each loop of each thread, which changes nothing else of it; null where there is none. */
export function loggedScenario(scenario: Scenario): { readonly scenario: Scenario; readonly rows: RtAppRows } | null {
  const rows = new RtAppRows();
  let isLogged = false;
  const guests = scenario.guests.map((guest) => {
    const workload = loggedEntry(guest.workload, rows);
    if (workload === null) return guest;
    isLogged = true;
    return { ...guest, workload };
  });
  return isLogged ? { scenario: { ...scenario, guests }, rows } : null;
}

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
export function writeLogs(folder: string, rows: RtAppRows): number {
  let count = 0;
  for (const { name, lines } of rows.logs()) {
    const file = new WholeFile(join(folder, fileName(name)));
    for (const text of batches(lines)) file.write(Buffer.from(text));
    file.commit();
    count++;
  }
  return count;
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
