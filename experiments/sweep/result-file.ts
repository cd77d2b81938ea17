import { createHash } from 'node:crypto';
import type { RunResult } from '../run-result.ts';

/** A stored result that is not what was written: torn, flipped, or another's. */
export class DamagedResult extends Error {
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

/** @throws DamagedResult unless `text` is, to the byte, what resultText made for this id */
export function readResult(id: string, text: string): RunResult {
  const body = text.slice(0, -TAIL_LENGTH);
  if (text.slice(-TAIL_LENGTH) !== `${HASH_KEY}${sha256(body)}${END}`) throw new DamagedResult(`result ${id}: its hash does not fit`);
  const file = JSON.parse(`${body}}`) as { id: string; result: RunResult };
  if (file.id !== id) throw new DamagedResult(`result ${id}: holds that of ${file.id}`);
  return file.result;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
