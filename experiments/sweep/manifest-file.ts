import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { StoreError } from '../failures.ts';
import { InputError, show, showPath } from '../input-error.ts';
import type { RunWords } from '../runs/run-order.ts';
import type { Tree } from '../yaml-tree.ts';
import type { Manifest } from './manifest.ts';

/** A manifest that is not what was written: torn or flipped. */
export class DamagedManifest extends StoreError {
  override name = 'DamagedManifest';
}

const HASH_KEY = ',\n "sha256": "';
const END = '"\n}\n';
const TAIL_LENGTH = HASH_KEY.length + 64 + END.length;

/** The manifest as JSON; its last line is the SHA-256 of all that stands before, by which any damage shows. */
export function manifestText(manifest: Manifest): string {
  const { sha256: _, ...plain } = manifest as Manifest & { sha256?: string };
  const text = JSON.stringify(plain, null, 1).slice(0, -2);
  return `${text}${HASH_KEY}${sha256(text)}${END}`;
}

/**
 * @throws DamagedManifest unless it is to the byte what manifestText made
 * @throws InputError if it was made by something else than this version
 */
export function readManifest(path: string, bytes: Buffer): Manifest {
  const body = bytes.subarray(0, -TAIL_LENGTH);
  if (!bytes.subarray(-TAIL_LENGTH).equals(Buffer.from(`${HASH_KEY}${sha256(body)}${END}`))) {
    throw new DamagedManifest(
      `${showPath(path)}: is damaged; plan the sweep again, its results are kept (numalab sweep run PLAN --out DIR)`,
    );
  }
  const read = SCHEMA.safeParse(parsed(path, body));
  if (read.success) return read.data;
  const { path: at, message } = read.error.issues[0]!;
  const where = at.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  throw new InputError(`${showPath(path)}: ${show(where.replace(/^\./, '') || 'the manifest')}: ${message}`);
}

function parsed(path: string, body: Buffer): unknown {
  try {
    return JSON.parse(`${body.toString()}}`);
  } catch {
    throw new InputError(`${showPath(path)}: not JSON, want what numalab sweep plan writes`);
  }
}

function wanted(what: string): { error: string } {
  return { error: `want ${what}` };
}

const text = z.string(wanted('text'));
const hash = z.string(wanted('a SHA-256')).check(z.regex(/^[0-9a-f]{64}$/, wanted('64 hexadecimal digits')));
const words = z.custom<RunWords>(isMapping, wanted('words of a run'));

/** The files of a folder are named by it: what it says must be no way out. */
const SCHEMA: z.ZodMiniType<Manifest> = z.looseObject(
  {
    schemaVersion: z.literal(1, wanted('1: another version of numalab has planned this')),
    version: text,
    code: text,
    commit: z.nullable(text),
    plan: z.looseObject({ name: text, text }, wanted('a plan')),
    policies: z.array(z.looseObject({ file: text, sha256: hash }), wanted('a list of policies')),
    files: z.array(z.looseObject({ name: text, sha256: hash }), wanted('a list of files')),
    host: z.record(text, z.union([text, z.number()]), wanted('facts of the host')),
    words,
    varied: z.array(text, wanted('a list of words')),
    runs: z
      .array(z.looseObject({ id: hash, words }), wanted('a list of runs'))
      .check(z.refine((runs) => new Set(runs.map(({ id }) => id)).size === runs.length, wanted('each run once'))),
  },
  wanted('a manifest'),
);

/** Names that mean something to JavaScript and nothing to a scenario. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

const MOST_DEPTH = 64;

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isTree(value as Tree, MOST_DEPTH);
}

/** Not nested without end either, which would end whoever walks it. */
function isTree(value: Tree, depth: number): boolean {
  if (typeof value === 'string') return true;
  if (typeof value !== 'object' || value === null || depth === 0) return false;
  if (Array.isArray(value)) return value.every((inner) => isTree(inner, depth - 1));
  return Object.entries(value).every(([name, inner]) => !name.split('.').some((part) => FORBIDDEN.has(part)) && isTree(inner, depth - 1));
}

function sha256(of: string | Uint8Array): string {
  return createHash('sha256').update(of).digest('hex');
}
