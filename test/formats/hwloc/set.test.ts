import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readHwlocSet, within, writeHwlocSet, type HwlocSet } from '../../../formats/hwloc/set.ts';

const read = (text: string): HwlocSet =>
  readHwlocSet(text, (said) => {
    throw new RangeError(said);
  });

test.each([
  ['0x0', []],
  ['0x00000005', [0, 2]],
  ['80000000', [31]],
  ['0x00000001,0x80000000', [31, 32]],
  ['0x00000200,,0x2', [1, 73]], // a word of zero is left out
  ['0x00000003,0x0', [32, 33]],
])('%s has %j', (text, members) => {
  expect(read(text)).toEqual({ members, endlessFrom: null });
});

test('a set without an end goes on from its highest word', () => {
  expect(read('0xf...f')).toEqual({ members: [], endlessFrom: 0 });
  expect(read('0xf...f,0x00000005')).toEqual({ members: [0, 2], endlessFrom: 32 });
  expect(within(read('0xf...f,0x00000005'), [0, 1, 2, 31, 32, 99])).toEqual([0, 2, 32, 99]);
});

test.each([
  ['', '"", want words in hexadecimal such as 0x0000000f'],
  ['0x1 2', '"0x1 2", want a word in hexadecimal such as 0x0000000f'],
  ['0x123456789', '"0x123456789", want a word in hexadecimal such as 0x0000000f'],
  ['-1', '"-1", want a word in hexadecimal such as 0x0000000f'],
  ['0x1,0xf...f', '"0xf...f", want a word in hexadecimal such as 0x0000000f'],
  [','.repeat(2048), '2049 words, want numbers below 65536'],
  ['0'.repeat(23000), '23000 characters, want numbers below 65536'],
])('case %# is refused', (text, said) => {
  expect(() => read(text)).toThrow(said);
});

test('what is written is read again', () => {
  const numbers = fc.uniqueArray(fc.nat(300)).map((list) => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(numbers, (members) => {
      expect(read(writeHwlocSet(members)).members).toEqual(members);
    }),
  );
});
