import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Those of the programs that are not installed here. */
export function absentPrograms(names: readonly string[]): string[] {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return names.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
}

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

/** Runs a program to its end, whatever that is. */
export function started(program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Started {
  let end: (ended: Ended) => void;
  const promise = new Promise<Ended>((resolve) => (end = resolve));
  const child = execFile(program, args, { env: { ...process.env, ...environment } }, (error, out, err) => {
    end({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, out, err });
  });
  return { pid: child.pid ?? 0, ended: promise };
}

export function ended(program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return started(program, args, environment).ended;
}

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** numalab as it was built. */
export function startedNumalab(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Started {
  return started(process.execPath, [MAIN, ...args], environment);
}

export function numalab(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return startedNumalab(args, environment).ended;
}

export interface Process {
  readonly pid: number;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Processes of numalab that run indices of a folder now. */
export function execProcesses(folder: string): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? [])
    .filter(({ words }) => words[1] === MAIN && words[3] === 'exec' && words[4] === folder);
}

function processOf(pid: number): Process | null {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    const settings = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').slice(0, -1);
    return { pid, words, environment: Object.fromEntries(settings.map((one) => one.split(/=(.*)/s).slice(0, 2))) };
  } catch {
    return null; // has ended
  }
}

/** The first thing that is found, looked for over and over. */
export async function eventually<T>(
  what: string,
  find: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  mostMs = 90_000,
): Promise<T> {
  for (const startMs = performance.now(); performance.now() - startMs < mostMs; await later(30)) {
    const found = await find();
    if (found) return found;
  }
  throw new Error(`${what}: not within ${mostMs} ms`);
}
