import fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileCalls } from '../../../experiments/file-calls.ts';

/** What befalls the n-th call that a command makes. */
export const FAULTS = [
  'EIO',
  'ENOSPC',
  'EACCES',
  'short write',
  'short write, then ENOSPC',
  'done, but told as ENOENT',
  'process ends before it',
  'process ends in the middle of it',
  'process ends after it',
  'power fails, names not flushed are lost',
  'power fails, content not flushed is lost',
] as const;
export type Fault = (typeof FAULTS)[number];

/** The process is no more: nothing that runs after it has any effect. */
export class Ended extends Error {}

/**
 * Node's file calls, of which the n-th fails. For a loss of power it keeps the worst that a disk may do: what was written since the last
 * flush of a file is cut in half, and names given or taken since the last flush of their folder are undone.
 */
export class FaultyFiles {
  calls = 0;
  /** 1 once the fault has come about: not every call can be done by half. */
  injected = 0;
  readonly #at: number;
  readonly #fault: Fault;
  readonly #root: string;
  #hasEnded = false;
  #isFull = false;
  readonly #pathOf = new Map<number, string>();
  /** Inodes with bytes that are not flushed. */
  readonly #dirty = new Set<number>();
  #undo: { readonly folder: string; readonly act: () => void }[] = [];

  /** @param root all that the command writes stands under it */
  constructor(root: string, fault: Fault, at: number) {
    this.#root = root;
    this.#fault = fault;
    this.#at = at;
  }

  /** Whether there were as many calls. */
  get hasStruck(): boolean {
    return this.calls >= this.#at;
  }

  readonly files: FileCalls = new Proxy(fs, {
    get:
      (_, name: keyof FileCalls) =>
      (...args: readonly unknown[]) =>
        this.#call(name, args),
  });

  #call(name: keyof FileCalls, args: readonly unknown[]): unknown {
    if (this.#hasEnded) throw new Ended();
    if (this.#isFull && name === 'writeSync') throw failure('ENOSPC');
    if (++this.calls !== this.#at) return this.#done(name, args);
    switch (this.#fault) {
      case 'EIO':
      case 'ENOSPC':
      case 'EACCES':
        if (name === 'closeSync') this.#done(name, args); // closes whatever it says
        throw this.#failure(this.#fault);
      case 'short write':
      case 'short write, then ENOSPC':
        if (name !== 'writeSync') return this.#done(name, args);
        this.injected++;
        this.#isFull = this.#fault !== 'short write';
        return this.#done(name, half(args));
      case 'done, but told as ENOENT':
        if (!['renameSync', 'linkSync', 'unlinkSync'].includes(name)) return this.#done(name, args);
        this.#done(name, args);
        throw this.#failure('ENOENT');
      case 'process ends before it':
        return this.#end();
      case 'process ends in the middle of it':
        if (name === 'writeSync') this.#done(name, half(args));
        return this.#end();
      case 'process ends after it':
        this.#done(name, args);
        return this.#end();
      case 'power fails, names not flushed are lost':
        this.#done(name, args);
        for (const { act } of this.#undo.reverse()) act();
        this.#cutContent();
        return this.#end();
      case 'power fails, content not flushed is lost':
        this.#done(name, args);
        this.#cutContent();
        return this.#end();
    }
  }

  #failure(code: string): Error {
    this.injected++;
    return failure(code);
  }

  #end(): never {
    this.injected++;
    this.#hasEnded = true;
    for (const file of this.#pathOf.keys()) fs.closeSync(file);
    throw new Ended();
  }

  /** Does what is asked, and notes what a loss of power would take back. */
  #done(name: keyof FileCalls, args: readonly unknown[]): unknown {
    const [first, second] = args as [string, string];
    if (name === 'renameSync') this.#noteRename(first, second);
    if (name === 'unlinkSync') this.#noteUnlink(first);
    const result = (fs[name] as (...all: readonly unknown[]) => unknown)(...args);
    if (name === 'openSync') {
      this.#pathOf.set(result as number, first);
      if (second === 'wx') this.#note(first, () => fs.rmSync(first, { force: true }));
    }
    if (name === 'closeSync') this.#pathOf.delete(args[0] as number);
    if (name === 'writeSync') this.#dirty.add(fs.fstatSync(args[0] as number).ino);
    if (name === 'fsyncSync') this.#noteFlush(args[0] as number);
    if (name === 'linkSync') this.#note(second, () => fs.rmSync(second, { force: true }));
    if (name === 'mkdirSync') this.#note(first, () => fs.rmSync(first, { force: true, recursive: true }));
    return result;
  }

  #note(path: string, act: () => void): void {
    this.#undo.push({ folder: dirname(path), act });
  }

  #noteRename(from: string, to: string): void {
    const before = fs.existsSync(to) ? fs.readFileSync(to) : null;
    this.#note(to, () => {
      fs.renameSync(to, from);
      if (before) fs.writeFileSync(to, before);
    });
  }

  #noteUnlink(path: string): void {
    if (!fs.existsSync(path)) return;
    const before = fs.readFileSync(path);
    this.#note(path, () => fs.writeFileSync(path, before));
  }

  #noteFlush(file: number): void {
    const path = this.#pathOf.get(file)!;
    const found = fs.fstatSync(file);
    if (found.isDirectory()) this.#undo = this.#undo.filter(({ folder }) => folder !== path);
    else this.#dirty.delete(found.ino);
  }

  /** Wherever a file with such bytes stands by now. */
  #cutContent(): void {
    for (const name of fs.readdirSync(this.#root, { recursive: true, encoding: 'utf8' })) {
      const path = join(this.#root, name);
      const { ino, size } = fs.statSync(path);
      if (this.#dirty.has(ino)) fs.truncateSync(path, size >> 1);
    }
  }
}

/** A writeSync of half the bytes. */
function half([file, bytes, at]: readonly unknown[]): unknown[] {
  const length = (bytes as Uint8Array).length - (at as number);
  return [file, bytes, at, Math.max(1, length >> 1)];
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: injected, call`), { code });
}
