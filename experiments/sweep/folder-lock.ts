import { createHash } from 'node:crypto';
import { readdirSync, realpathSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderInUse } from '../failures.ts';
import { showPath } from '../input-error.ts';

/** A holder that is busy answers late; who asks does not wait for ever. */
const ANSWER_MS = 1_000;

/**
 * Keeps a folder for this process until it is released or the process ends, however it ends: the name of a socket belongs to whoever
 * listens on it. It saves two sweeps of one host from doing the same work twice; results are safe without it, so `sweep exec`, of
 * which many work in one folder at once and on many hosts, has no need of it.
 * @throws FolderInUse
 */
export async function lockFolder(path: string, platform: NodeJS.Platform = process.platform): Promise<() => void> {
  const name = `numalab-${createHash('sha256').update(realpathSync(path)).digest('hex').slice(0, 24)}`;
  // Names that vanish with their process.
  if (platform === 'linux') return await lockName(path, `\0${name}`);
  if (platform === 'win32') return await lockName(path, `\\\\.\\pipe\\${name}`);
  return await lockFile(path, tmpdir().length < 60 ? tmpdir() : '/tmp', name); // a socket's path is short on macOS
}

async function lockName(path: string, address: string): Promise<() => void> {
  const server = await listen(address);
  if (!server) throw inUse(path, await holderOf(address));
  return () => void server.close();
}

/**
 * Elsewhere the socket is a file, which a killed process leaves behind. To take such a file away and put one's own there is two steps,
 * between which another may do the same: so each takes the number after the highest there is, and the highest of a dead process stays.
 */
async function lockFile(path: string, folder: string, name: string): Promise<() => void> {
  for (let tries = 0; tries < 3; tries++) {
    const numbers = numbersIn(folder, name);
    const addressOf = (number: number): string => join(folder, `${name}.${number}`);
    for (const number of numbers) {
      const holder = await holderOf(addressOf(number));
      if (holder !== null) throw inUse(path, holder);
    }
    const server = await listen(addressOf((numbers.at(-1) ?? 0) + 1));
    if (!server) continue; // another was quicker: who?
    for (const number of numbers.slice(0, -1)) removeQuietly(addressOf(number));
    return () => void server.close();
  }
  throw inUse(path, 'unknown');
}

function numbersIn(folder: string, name: string): number[] {
  const files = readdirSync(folder).filter((file) => file.startsWith(`${name}.`));
  return files
    .map((file) => Number(file.slice(name.length + 1)))
    .filter(Number.isSafeInteger)
    .sort((a, b) => a - b);
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // gone already
  }
}

type Holder = number | 'unknown';

function inUse(path: string, holder: Holder | null): FolderInUse {
  return new FolderInUse(`${showPath(path)}: in use by ${typeof holder === 'number' ? `process ${holder}` : 'another process'}`);
}

/** Null if the name is taken. */
function listen(address: string): Promise<Server | null> {
  const server = createServer((socket) => socket.on('error', () => {}).end(`${process.pid}\n`));
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen(address, () => resolve(server));
  });
}

/** The process that listens, if it says which, or null if nobody listens. */
function holderOf(address: string): Promise<Holder | null> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect(address);
    const end = (holder: Holder | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(holder);
    };
    const timer = setTimeout(() => end('unknown'), ANSWER_MS);
    socket.on('data', (part) => (said += part));
    socket.on('end', () => end(/^[0-9]{1,10}\n$/.test(said) ? Number(said) : 'unknown'));
    socket.on('error', (error: NodeJS.ErrnoException) => end(['ECONNREFUSED', 'ENOENT'].includes(error.code ?? '') ? null : 'unknown'));
  });
}
