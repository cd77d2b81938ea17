/** Headers of POSIX ustar, the form of tar that every tar reads: blocks of 512 bytes, a file's header before its padded bytes. */

export const TAR_BLOCK = 512;
/** What a header can say of a size: eleven octal digits. */
export const MOST_TAR_BYTES: number = 8 ** 11 - 1;

/** Archives that are no archives, or that ask for what a reader must not do. */
export class TarError extends Error {
  override name = 'TarError';
  /** The bytes are not what a writer of archives left; else they are, and are not wanted. */
  readonly isDamage: boolean;

  constructor(message: string, isDamage: boolean) {
    super(message);
    this.isDamage = isDamage;
  }
}

export interface TarHeader {
  readonly name: string;
  readonly bytes: number;
  readonly kind: 'file' | 'folder';
}

const FIELDS = { name: [0, 100], mode: [100, 8], uid: [108, 8], gid: [116, 8], size: [124, 12], mtime: [136, 12], sum: [148, 8] } as const;
const KIND_AT = 156;
const MAGIC_AT = 257;
const PREFIX = [345, 155] as const;

/**
 * The header of a file without owner and time, so that equal files make equal archives.
 * @throws RangeError for a name or a size it has no room for
 */
export function ustarHeader(name: string, bytes: number): Buffer {
  const block = Buffer.alloc(TAR_BLOCK);
  const put = (field: keyof typeof FIELDS, text: string): void => void block.write(text, FIELDS[field][0], 'latin1');
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  if (!/^[\x20-\x7e]+$/.test(name) || name.length > FIELDS.name[1])
    throw new RangeError(`tar: name ${name}, want at most 100 plain letters`);
  if (bytes > MOST_TAR_BYTES) throw new RangeError(`tar: ${name} has ${bytes} bytes, want at most ${MOST_TAR_BYTES}`);
  put('name', name);
  put('mode', octal(0o644, 7));
  put('uid', octal(0, 7));
  put('gid', octal(0, 7));
  put('size', octal(bytes, 11));
  put('mtime', octal(0, 11));
  block[KIND_AT] = 0x30;
  block.write('ustar\0' + '00', MAGIC_AT, 'latin1');
  put('sum', `${tarSum(block).toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** How many zero bytes follow a file, so that the next header begins a block. */
export function paddingOf(bytes: number): number {
  return (TAR_BLOCK - (bytes % TAR_BLOCK)) % TAR_BLOCK;
}

/**
 * What a header says; null for the zeros at the end of an archive.
 * @throws TarError for anything but a plain file or folder with a plain name that stays inside
 */
export function readUstarHeader(block: Buffer): TarHeader | null {
  if (block.every((byte) => byte === 0)) return null;
  const text = ([at, length]: readonly [number, number]): string => {
    const field = block.subarray(at, at + length);
    const end = field.indexOf(0);
    return field.subarray(0, end < 0 ? length : end).toString('latin1');
  };
  const octal = (field: keyof typeof FIELDS): number => {
    const digits = text(FIELDS[field]).trim();
    if (!/^[0-7]+$/.test(digits)) throw new TarError(`header: ${field} is no octal number`, true);
    return parseInt(digits, 8);
  };
  if (octal('sum') !== tarSum(block)) throw new TarError('header: its sum does not fit', true);
  if (block.toString('latin1', MAGIC_AT, MAGIC_AT + 5) !== 'ustar') throw new TarError('header: not that of a ustar archive', false);
  const prefix = text(PREFIX);
  const name = (prefix === '' ? '' : `${prefix}/`) + text(FIELDS.name);
  const kind = String.fromCharCode(block[KIND_AT]!);
  const shown = JSON.stringify(name).slice(1, -1);
  if (kind !== '0' && kind !== '\0' && kind !== '5') throw new TarError(`${shown}: neither a file nor a folder`, false);
  const parts = name.replace(/\/$/, '').split('/');
  const isPlain = parts.every((part) => /^[\w@+=-][\w.@+=-]*$/.test(part));
  if (!isPlain) throw new TarError(`${shown || 'a member'}: a name that leads elsewhere or is not plain`, false);
  const bytes = octal('size');
  if (kind === '5' && bytes > 0) throw new TarError(`${shown}: a folder of ${bytes} bytes`, false);
  return { name: parts.join('/'), bytes, kind: kind === '5' ? 'folder' : 'file' };
}

/** Of all bytes, those of the sum itself taken for spaces. */
export function tarSum(block: Buffer): number {
  const [at, length] = FIELDS.sum;
  let sum = 0;
  for (let i = 0; i < TAR_BLOCK; i++) sum += i >= at && i < at + length ? 0x20 : block[i]!;
  return sum;
}
