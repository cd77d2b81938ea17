import { dirname, join } from 'node:path';
import type { PolicyBundle } from './user-policy.ts';

/** The files a policy was bundled from, where they lie. */
export function sourcePaths({ path, sourceMap }: PolicyBundle): string[] {
  const { sources } = JSON.parse(sourceMap) as { sources: string[] };
  return [path, ...sources.map((source) => join(dirname(path), source))];
}
