import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { paddingOf, readUstarHeader, TAR_BLOCK, TarError, ustarHeader } from '../../formats/ustar.ts';

/** A header in which `change` changed something, and its sum fits again. */
function header(change: (block: Buffer) => void): Buffer {
  const block = ustarHeader('study/file', 700);
  change(block);
  block.fill(0x20, 148, 156);
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  );
  return block;
}

describe('a header', () => {
  test('is read as it was written', () => {
    expect(readUstarHeader(ustarHeader('study-1/runs/a.json', 8_589_934_591))).toEqual({
      name: 'study-1/runs/a.json',
      bytes: 8 ** 11 - 1,
      kind: 'file',
    });
  });

  test('names no owner, no group and no time', () => {
    const block = ustarHeader('a', 1);
    expect(block.toString('latin1', 108, 124)).toBe('0000000\0' + '0000000\0');
    expect(block.toString('latin1', 136, 147)).toBe('00000000000');
  });

  test('of nothing but zeros is the end', () => expect(readUstarHeader(Buffer.alloc(TAR_BLOCK))).toBe(null));

  test('with any bit flipped is damaged', () => {
    const block = ustarHeader('study/file', 700);
    for (let bit = 0; bit < 8 * TAR_BLOCK; bit++) {
      const flipped = Buffer.from(block);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      // the sum's own field may say the same in other letters
      const isSum = bit >> 3 >= 148 && bit >> 3 < 156;
      if (isSum) continue;
      expect(() => readUstarHeader(flipped), `bit ${bit}`).toThrow(TarError);
    }
  });

  test.each([
    ['a link', (block: Buffer) => block.write('2', 156), 'neither a file nor a folder'],
    ['a hard link', (block: Buffer) => block.write('1', 156), 'neither a file nor a folder'],
    ['a device', (block: Buffer) => block.write('3', 156), 'neither a file nor a folder'],
    ['a long name of GNU tar', (block: Buffer) => block.write('L', 156), 'neither a file nor a folder'],
    ['a pax header', (block: Buffer) => block.write('x', 156), 'neither a file nor a folder'],
    ['a name that climbs', (block: Buffer) => block.write('../../x\0', 0), 'leads elsewhere'],
    ['a name that climbs in the middle', (block: Buffer) => block.write('a/../../x\0', 0), 'leads elsewhere'],
    ['an absolute name', (block: Buffer) => block.write('/etc/x\0', 0), 'leads elsewhere'],
    ['a climbing prefix', (block: Buffer) => block.write('..', 345), 'leads elsewhere'],
    ['a hidden name', (block: Buffer) => block.write('study/.x\0', 0), 'leads elsewhere'],
    ['a backslash', (block: Buffer) => block.write('..\\x\0', 0), 'leads elsewhere'],
    ['a control character', (block: Buffer) => block.write('a\u001b[2Jb\0', 0), 'leads elsewhere'],
    ['a drive', (block: Buffer) => block.write('C:x\0', 0), 'leads elsewhere'],
    ['no name', (block: Buffer) => block.write('\0', 0), 'leads elsewhere'],
    ['a size below zero', (block: Buffer) => block.write('-0000000001', 124), 'no octal number'],
    ['a size in base 256', (block: Buffer) => (block[124] = 0x80), 'no octal number'],
    ['a folder that has bytes', (block: Buffer) => block.write('5', 156), 'a folder of 700 bytes'],
    ['another magic', (block: Buffer) => block.write('tarus', 257), 'not that of a ustar archive'],
  ])('of %s is refused', (_, change, message) => {
    expect(() => readUstarHeader(header((block) => void change(block)))).toThrow(message);
  });

  test.each(['x'.repeat(101), 'Größe', 'a\nb', ''])('is not written for the name %s', (name) =>
    expect(() => ustarHeader(name, 1)).toThrow(RangeError),
  );
});

test.skipIf(spawnSync('tar', ['--version']).error !== undefined)('tar unpacks what was written (skipped where there is no tar)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'numalab-tar-'));
  try {
    const contents = { 'study/a.txt': 'x'.repeat(512), 'study/b/c.txt': 'y'.repeat(513), 'study/empty': '' };
    const blocks = Object.entries(contents).flatMap(([name, text]) => [
      ustarHeader(name, text.length),
      Buffer.from(text),
      Buffer.alloc(paddingOf(text.length)),
    ]);
    writeFileSync(join(folder, 'all.tar'), Buffer.concat([...blocks, Buffer.alloc(2 * TAR_BLOCK)]));
    execFileSync('tar', ['xf', 'all.tar'], { cwd: folder, stdio: 'pipe' });
    for (const [name, text] of Object.entries(contents)) expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
