import { readFileSync } from 'node:fs';
import { DISK_FULL, type LateLab, type Terminal } from './command.ts';
import { numalab } from './numalab.ts';

/**
 * The program: one command line, on this process's console.
 *
 * Signals keep their default action, but for work that is `interruptible`: a simulation keeps the one thread busy, so a handler would
 * never get to run. The shell reports 130 and 143.
 */
export function main(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(); // the reader has seen enough
    process.stderr.write(`standard output: ${error.code ?? error.message}\n`);
    process.exit(DISK_FULL);
  });
  process.stderr.on('error', () => {}); // nobody is left to tell
  const terminal: Terminal = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    progress: (text) => void (process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text}`)),
    width: process.stdout.columns ?? 100,
  };
  void numalab(process.argv.slice(2), lateLab(), terminal).then((code) => {
    process.exitCode = code;
  });
}

/** Everything numalab comes with, loaded when a command needs it. */
export function lateLab(): LateLab {
  const version = packageVersion(new URL('.', import.meta.url));
  return { version, load: async () => (await import('./lab.ts')).lab(version) };
}

export { numalab };

/** Found upwards, because this file runs from its source as well as from dist. */
function packageVersion(from: URL): string {
  try {
    return (JSON.parse(readFileSync(new URL('package.json', from), 'utf8')) as { version: string }).version;
  } catch (error) {
    if (from.pathname === '/') throw error;
    return packageVersion(new URL('..', from));
  }
}
