import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A program in C or C++ that does the same job, built for this machine. It prints one line of JSON. */
export interface CReference {
  run(...args: string[]): Record<string, number>;
  remove(): void;
}

/** @returns null where its source does not lie beside the project, or no compiler is there */
export function buildReference(source: string): CReference | null {
  const path = fileURLToPath(new URL(`../../../shared/anchors/c/${source}`, import.meta.url));
  if (!existsSync(path)) return null;
  const folder = mkdtempSync(join(tmpdir(), 'numalab-bench-'));
  const program = join(folder, 'reference');
  try {
    execFileSync('g++', ['-O2', '-march=native', ...(source.endsWith('.c') ? ['-x', 'c'] : []), '-o', program, path, '-lm'], {
      stdio: 'ignore',
    });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  return {
    run: (...args) => JSON.parse(execFileSync(program, args, { encoding: 'utf8' })) as Record<string, number>,
    remove: () => rmSync(folder, { recursive: true }),
  };
}
