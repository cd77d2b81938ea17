import { describe, expect, test } from 'vitest';
import { bunzip2 } from '../../../formats/sysfs/bunzip2.ts';
import { PACKED_TEXT as PACKED } from '../packed-text.ts';
import { asText } from '../readers.ts';

const FIRST = Buffer.concat([Buffer.from(`node 0\nnode 0\nnode 0\n${'z'.repeat(260)}aaaab`), Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte))]); // prettier-ignore

describe('bzip2', () => {
  test('is unpacked, one stream after the other', () => {
    expect(Buffer.from(bunzip2(PACKED, 10_000))).toEqual(Buffer.concat([FIRST, Buffer.from('second stream\n')]));
  });

  test('of nothing is nothing', () => {
    expect(bunzip2(Buffer.from('QlpoORdyRThQkAAAAAA=', 'base64'), 0)).toHaveLength(0);
  });

  test('is never unpacked beyond the limit', () => {
    const all = FIRST.length + 'second stream\n'.length;
    expect(() => bunzip2(PACKED, all - 1)).toThrow(`bzip2: more than ${all - 1} bytes unpacked`);
    expect(bunzip2(PACKED, all)).toHaveLength(all);
    const bomb = Buffer.from(BOMB, 'base64');
    expect(() => bunzip2(bomb, 1_000_000)).toThrow(/^line 1, column 1: bzip2: more than 1000000 bytes unpacked, want a sound archive$/);
  });

  test.each([
    ['cut short', PACKED.subarray(0, 200), 'ends in the middle'],
    ['of another kind', Buffer.from('PK\u0003\u0004'), 'not bzip2'],
    ['with something behind', Buffer.concat([PACKED, Buffer.from('tail')]), 'not bzip2'],
    ['with a bit turned', turned(PACKED, 120), 'damaged|does not fit|too long|begins here'],
    ['with another sum', turned(PACKED, 11), 'the sum of a block does not fit'],
  ])('%s is refused', (_, bytes, said) => {
    expect(() => bunzip2(bytes, 10_000)).toThrow(new RegExp(`^line 1, column 1: bzip2: .*(?:${said}).*, want a sound archive$`));
  });

  test('with any byte changed is refused or unpacked to something of its size, and ends', () => {
    for (let at = 0; at < PACKED.length; at++) {
      try {
        expect(bunzip2(turned(PACKED, at), 10_000).length).toBeLessThanOrEqual(10_000);
      } catch (error) {
        expect((error as Error).name, `byte ${at}`).toBe('FormatError');
      }
    }
  });
});

test('text comes out as text', () => {
  expect(asText(bunzip2(PACKED, 10_000)).slice(0, 7)).toBe('node 0\n');
});

function turned(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at]! ^= 0x10;
  return copy;
}

/** Eight million zeros. */
const BOMB = 'QlpoOTFBWSZTWSV+h+YAPUZAQMAAAEAACCAAMMwJqmmoqSG1IqSHi7kinChIEr9D8wA=';
