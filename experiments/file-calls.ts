import fs from 'node:fs';

/** The calls by which results get to the disk and back: those of Node, or in a test some of which fail. */
export type FileCalls = Pick<
  typeof fs,
  | 'closeSync'
  | 'fsyncSync'
  | 'linkSync'
  | 'lstatSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readdirSync'
  | 'readFileSync'
  | 'renameSync'
  | 'unlinkSync'
  | 'writeSync'
>;

export const FILE_CALLS: FileCalls = fs;

/** `ENOSPC (no space left on device)`: the code of a failed call, and what it means. */
export function failureOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return String(error);
  const meaning = /^[A-Z0-9]+: ([^,]+),/.exec(message)?.[1];
  return meaning === undefined ? code : `${code} (${meaning})`;
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '');
}
