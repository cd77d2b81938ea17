import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { show } from '../input-error.ts';

/** Another process of this host works in the folder. */
export class FolderInUse extends Error {
  override name = 'FolderInUse';
}

/**
 * Keeps a folder for this process until it is released or the process ends, however it ends: the name of a socket belongs to whoever
 * listens on it. It saves two sweeps from doing the same work twice; results are safe without it.
 * @throws FolderInUse
 */
export function lockFolder(path: string): Promise<() => void> {
  const name = `\0numalab-${createHash('sha256').update(realpathSync(path)).digest('hex').slice(0, 32)}`;
  const server = createServer();
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new FolderInUse(`${show(path)}: in use by another process`) : error);
    });
    server.listen(name, () => resolve(() => void server.close()));
  });
}
