import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type FileCalls, FILE_CALLS } from './file-calls.ts';

/** A writer holds a temporary file for milliseconds; clocks of hosts that share a disk may be minutes apart. */
const OLD_MS = 3_600_000;

const HOST = hostname()
  .replace(/[^a-zA-Z0-9-]/g, '')
  .slice(0, 48);

/**
 * A name that no other writer takes, on any host of a shared disk: host and process say whose it is, chance keeps threads, and hosts of
 * one name, apart.
 */
export function temporaryName(): string {
  return `.numalab-${HOST}-${process.pid}-${randomBytes(8).toString('hex')}.tmp`;
}

/**
 * Removes what writers that died left in a folder: of this host, if their process is no more; of others, if it is old. A process calls
 * it before it writes there itself. A writer that loses a living file all the same (hosts of one name) writes it again.
 * @returns how many there were
 */
export function removeStale(folder: string, files: FileCalls = FILE_CALLS): number {
  let removed = 0;
  for (const name of namesIn(folder, files)) {
    const writer = /^\.numalab-(?<host>[a-zA-Z0-9-]*)-(?<pid>[0-9]+)-[0-9a-f]{16}\.tmp$/.exec(name)?.groups;
    if (!writer) continue;
    try {
      const path = join(folder, name);
      const isDead = writer.host === HOST && !isAlive(Number(writer.pid));
      if (!isDead && Date.now() - files.lstatSync(path).mtimeMs < OLD_MS) continue;
      files.unlinkSync(path);
      removed++;
    } catch {
      // gone already, or not ours to remove: it does no harm
    }
  }
  return removed;
}

function namesIn(folder: string, files: FileCalls): string[] {
  try {
    return files.readdirSync(folder);
  } catch {
    return []; // no such folder yet: nothing is left in it
  }
}

/** This process has not written yet: a file under its number is of one that had the number before, as in containers. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // somebody else's
  }
}
