import { describe, expect, test } from 'vitest';
import { isTar, readTarFiles } from '../../../formats/sysfs/tar.ts';
import { paddingOf, tarSum, ustarHeader } from '../../../formats/ustar.ts';
import { tarOf } from '../sysfs-fixture.ts';

const all = (): boolean => true;

/** A member of any kind: what is not given is that of a file. */
function member(name: string, text: string, { kind = '0', link = '', change = (_: Buffer): void => {} } = {}): Buffer {
  const content = Buffer.from(text);
  const header = ustarHeader(name, content.length);
  header[156] = kind.charCodeAt(0);
  header.write(link, 157, 'latin1');
  change(header);
  header.write(`${tarSum(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, content, Buffer.alloc(paddingOf(content.length))]);
}

const END = Buffer.alloc(1024);
const names = (...members: Buffer[]): [string, string][] => [...readTarFiles(Buffer.concat([...members, END]), all)];

describe('a tar archive', () => {
  test('gives the texts of its files by plain names', () => {
    expect(names(member('./a/b', 'one'), member('/c', 'two'), member('d', '', { kind: '5' }))).toEqual([['a/b', 'one'], ['c', 'two']]); // prettier-ignore
  });

  test('is read as far as its files are wanted, and no further than its end', () => {
    const bytes = Buffer.concat([member('a', '1'), member('b', '2'), END, member('c', '3')]);
    expect([...readTarFiles(bytes, (name) => name !== 'a')]).toEqual([['b', '2']]);
  });

  test('has long names of GNU and of pax, each for the next member alone', () => {
    const long = `${'x'.repeat(150)}/y`;
    expect(names(member('L', `${long}\0`, { kind: 'L' }), member('cut', '1'), member('b', '2'))).toEqual([[long, '1'], ['b', '2']]); // prettier-ignore
    const record = ` path=${long}\n`;
    const pax = `30 mtime=1269938477.123456789\n`;
    expect(pax).toHaveLength(30);
    expect(names(member('x', `${pax}${record.length + 3}${record}`, { kind: 'x' }), member('cut', '3'), member('c', '4'))).toEqual([[long, '3'], ['c', '4']]); // prettier-ignore
  });

  test('is without the zeros that tar puts behind what ends early, as each file of /sys does, which says 4096 bytes of itself', () => {
    expect(names(member('online', `0-3\n${'\0'.repeat(4092)}`), member('flags', `a\0b\n\0`))).toEqual([['online', '0-3\n'], ['flags', 'a\0b\n']]); // prettier-ignore
  });

  test('has the prefix of POSIX', () => {
    expect(names(member('end', '1', { change: (header) => void header.write('front/part', 345) }))).toEqual([['front/part/end', '1']]);
  });

  test('never leads elsewhere: links are empty, and names that climb are not there', () => {
    expect(names(member('a', '', { kind: '2', link: '/etc/passwd' }), member('b/../../c', 'x'), member('d', '', { kind: '1', link: 'a' }))).toEqual([['a', '']]); // prettier-ignore
  });

  test.each([
    ['a changed header', Buffer.concat([member('a', '1'), END]).fill(0x41, 3, 4), 'the sum of header 1 does not fit'],
    ['a file that is cut', member('a', 'x'.repeat(600)).subarray(0, 1024), 'member 1 ends in the middle'],
    ['a pax header of nonsense', Buffer.concat([member('x', '99 path=a\n', { kind: 'x' }), END]), 'a damaged pax header'],
    ['a name without end', member('L', 'x'.repeat(70_000), { kind: 'L' }), 'a name of 70000 bytes'],
  ])('with %s is refused', (_, bytes, said) => {
    expect(() => readTarFiles(bytes, all)).toThrow(`line 1, column 1: tar: ${said}, want a sound archive`);
  });
});

test('an archive is told from text by the sum of its header', () => {
  expect(isTar(tarOf(new Map([['a', '1']])))).toBe(true);
  expect(isTar(Buffer.alloc(2048))).toBe(false);
  expect(isTar(Buffer.from('available: 1 nodes (0)\n'.repeat(100)))).toBe(false);
});
