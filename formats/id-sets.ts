import { shown } from './format-error.ts';
import { formatIdList } from './id-list.ts';

/** What a list is of, and how large an id may be; for errors too. */
export interface IdKind {
  readonly what: string;
  readonly last: number;
}

export const HOST_CPUS: IdKind = { what: 'CPU', last: 4095 };
export const HOST_NODES: IdKind = { what: 'node', last: 1023 };
export const VCPUS: IdKind = { what: 'vCPU', last: 4095 };

/**
 * Reads a set such as `1-4,^2` in order: an id or a range is added, `^` takes an id out again.
 * After: libvirt, src/util/virbitmap.c, virBitmapParseInternal.
 * @returns rising ids, none of them twice
 * @param fail throws what is said of the text, at its place
 */
export function readIdList(text: string, kind: IdKind, fail: (said: string) => never): number[] {
  const isIn = new Uint8Array(kind.last + 1);
  const parts = text.split(',');
  if (parts.length > 1 && parts.at(-1)!.trim() === '') parts.pop(); // as virBitmapParseInternal lets it pass
  for (const part of parts) {
    const [, out, first, last] = /^\s*(\^?)(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?$/.exec(part) ?? [];
    const from = Number(first);
    const to = Number(last ?? first);
    if (first === undefined || (out === '^' && last !== undefined) || to < from) {
      fail(`${shown(text)}, want ${kind.what}s such as 1-4,^2`);
    }
    if (to > kind.last) fail(`${shown(text)}, want ${kind.what}s from 0 to ${kind.last}`);
    isIn.fill(out === '^' ? 0 : 1, from, to + 1);
  }
  const ids = [...isIn.keys()].filter((id) => isIn[id] === 1);
  return ids.length > 0 ? ids : fail(`${shown(text)}, want at least one ${kind.what}`);
}

/** Ids as all these tools read them: `0-3,5`. */
export function writeIdList(ids: readonly number[]): string {
  return formatIdList([...ids].sort((a, b) => a - b));
}
