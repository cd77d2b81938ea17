import { z } from 'zod';
import { show } from '../input-error.ts';
import type { Manifest } from '../sweep/manifest.ts';
import { DamagedPack } from './damaged-pack.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const MOST_DEPTH = 32;
const mapping = z.custom<Record<string, never>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && isShallow(value, MOST_DEPTH),
);
const SCHEMA = z.looseObject({
  schemaVersion: z.literal(1),
  version: z.string(),
  code: z.string(),
  commit: z.string().nullable(),
  plan: z.looseObject({ name: z.string(), text: z.string() }),
  policies: z.array(z.looseObject({ file: z.string(), sha256 })),
  files: z.array(z.looseObject({ name: z.string(), sha256 })),
  host: mapping,
  words: mapping,
  varied: z.array(z.string()),
  runs: z.array(z.looseObject({ id: sha256, words: mapping })).min(1),
});

/** @throws DamagedPack for what is no manifest: it comes from others, and names files */
export function packedManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DamagedPack('manifest.json: not JSON');
  }
  const read = SCHEMA.safeParse(value);
  if (read.success && new Set(read.data.runs.map(({ id }) => id)).size < read.data.runs.length)
    throw new DamagedPack('manifest.json: runs: an id is there twice');
  if (read.success) return read.data as Manifest;
  const { path, message } = read.error.issues[0]!;
  throw new DamagedPack(`manifest.json: ${show(path.join('.') || 'the whole')}: ${show(message)}`);
}

/** What is nested without end would end whoever walks it. */
function isShallow(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return left > 0 && Object.values(value).every((inner) => isShallow(inner, left - 1));
}
