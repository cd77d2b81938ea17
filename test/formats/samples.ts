import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Real files of other tools, which may lie beside the checkout; tests that need one are skipped where it does not. */
export function sample(name: string): string | null {
  const path = fileURLToPath(new URL(`../../../shared/samples/${name}`, import.meta.url));
  return existsSync(path) ? path : null;
}

/** For the title of a test: says what is missing. */
export const skipNote = (path: string | null): string => (path === null ? ' (skipped: the sample is not beside the checkout)' : '');
