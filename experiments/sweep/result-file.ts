import { createHash } from 'node:crypto';
import { StoreError } from '../failures.ts';
import type { RunResult } from '../run-result.ts';

/** A stored result that is not what was written: torn, flipped, or another's. */
export class DamagedResult extends StoreError {
  override name = 'DamagedResult';
}

const HASH_KEY = ',"sha256":"';
const END = '"}\n';
const TAIL_LENGTH = HASH_KEY.length + 64 + END.length;

/** One JSON text for a run: its id, its result, and the SHA-256 of all that stands before, by which any damage shows. */
export function resultText(id: string, result: RunResult): string {
  const text = JSON.stringify({ id, result }).slice(0, -1);
  return `${text}${HASH_KEY}${sha256(text)}${END}`;
}

/**
 * @param file as it was read: bytes, because the text of bytes that are not UTF-8 hides what they were
 * @throws DamagedResult unless `file` is, to the byte, what resultText made for this id
 */
export function readResult(id: string, file: string | Uint8Array): RunResult {
  const bytes = Buffer.from(file as Uint8Array);
  const body = bytes.subarray(0, -TAIL_LENGTH);
  const tail = Buffer.from(`${HASH_KEY}${sha256(body)}${END}`);
  if (!bytes.subarray(-TAIL_LENGTH).equals(tail)) throw new DamagedResult(`result ${id}: its hash does not fit`);
  const { id: of, result } = parsed(id, body);
  if (of !== id) throw new DamagedResult(`result ${id}: holds that of another run`);
  if (result?.schemaVersion !== 1) throw new DamagedResult(`result ${id}: is no result of this version`);
  return result;
}

/** A hash that fits says that nothing has changed since, not that it was numalab who wrote. */
function parsed(id: string, body: Buffer): { id?: string; result?: RunResult } {
  try {
    return JSON.parse(`${body.toString()}}`) as { id?: string; result?: RunResult };
  } catch {
    throw new DamagedResult(`result ${id}: is not JSON`);
  }
}

function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}
