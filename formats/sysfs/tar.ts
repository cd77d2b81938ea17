import { FormatError } from '../format-error.ts';
import { TAR_BLOCK, tarSum } from '../ustar.ts';

const MOST_MEMBERS = 500_000;
const MOST_NAME_BYTES = 1 << 16;
/** Of one file that is kept: far beyond any of a machine's own. */
const MOST_FILE_BYTES = 16 * 1024 ** 2;

const NAME = [0, 100] as const;
const SIZE = [124, 12] as const;
const SUM = [148, 8] as const;
const PREFIX = [345, 155] as const;
const KIND_AT = 156;
const MAGIC_AT = 257;

/** Whether these bytes begin with the header of a tar archive of any kind. */
export function isTar(bytes: Uint8Array): boolean {
  if (bytes.length < TAR_BLOCK) return false;
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, TAR_BLOCK);
  return numberIn(block, SUM) === tarSum(block) && block[0] !== 0;
}

/**
 * The texts of those files of a tar archive that `isWanted` asks for by their names, without a leading `./` or `/`. Understood are the
 * forms of v7, POSIX (ustar, pax) and GNU with their long names. Nothing is written, and no link is followed: a symbolic one that is
 * wanted is an empty file, so that one can see that it is there; names with `..` are passed over. Of two of one name the later counts.
 * Zeros at the end of a file are left out.
 * @throws FormatError for what is no sound tar, for a wanted file beyond 16 MiB and for more than 500,000 members
 */
export function readTarFiles(bytes: Uint8Array, isWanted: (name: string) => boolean): Map<string, string> {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const files = new Map<string, string>();
  const decoder = new TextDecoder();
  let longName: string | null = null;
  let longSize: number | null = null;
  let members = 0;
  for (let at = 0; at + TAR_BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + TAR_BLOCK);
    if (isZero(header)) return files;
    if (++members > MOST_MEMBERS) refuse(`more than ${MOST_MEMBERS} members`);
    if (numberIn(header, SUM) !== tarSum(header)) refuse(`the sum of header ${members} does not fit`);
    const kind = String.fromCharCode(header[KIND_AT]!);
    const isFile = kind === '0' || kind === '\0' || kind === '7';
    const size: number = isFile || 'LKxg'.includes(kind) ? ((isFile ? longSize : null) ?? numberIn(header, SIZE)) : 0;
    const from = at + TAR_BLOCK;
    if (!Number.isSafeInteger(size) || from + size > archive.length) refuse(`member ${members} ends in the middle`);
    const content = archive.subarray(from, from + size);
    at = from + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
    if ('LKxg'.includes(kind)) {
      if (size > MOST_NAME_BYTES) refuse(`a name of ${size} bytes`);
      if (kind === 'L') longName = upToZero(content).toString('utf8');
      if (kind === 'x') ({ name: longName, size: longSize } = paxOf(content, longName));
      continue;
    }
    const name = plainName(longName ?? nameOf(header));
    longName = null;
    longSize = null;
    if (name === null || !(isFile || kind === '2') || !isWanted(name)) continue;
    if (size > MOST_FILE_BYTES) refuse(`a file of ${size} bytes`);
    files.set(name, decoder.decode(withoutPadding(content)));
  }
  return files;
}

function refuse(said: string): never {
  throw new FormatError(1, 1, `tar: ${said}, want a sound archive`);
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

function upToZero(field: Buffer): Buffer {
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

/** tar fills up with zeros what was shorter than its size said: a file of /sys says 4096 bytes, and ends after a line. */
function withoutPadding(content: Buffer): Buffer {
  let end = content.length;
  while (end > 0 && content[end - 1] === 0) end--;
  return content.subarray(0, end);
}

function nameOf(header: Buffer): string {
  const text = ([at, length]: readonly [number, number]): string => upToZero(header.subarray(at, at + length)).toString('utf8');
  const isPosix = header.toString('latin1', MAGIC_AT, MAGIC_AT + 6) === 'ustar\0'; // GNU keeps times where POSIX keeps the prefix
  const prefix = isPosix ? text(PREFIX) : '';
  return (prefix === '' ? '' : `${prefix}/`) + text(NAME);
}

/** Octal digits, or binary where the first bit is set, as GNU writes what digits have no room for; NaN for neither. */
function numberIn(header: Buffer, [at, length]: readonly [number, number]): number {
  const field = header.subarray(at, at + length);
  if (field[0]! & 0x80) return field.subarray(1).reduce((sum, byte) => sum * 256 + byte, field[0]! & 0x7f);
  const digits = upToZero(field).toString('latin1').trim();
  return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : NaN;
}

/** Records of the form `LENGTH KEY=VALUE\n`; all but path and size are passed over. */
function paxOf(content: Buffer, before: string | null): { name: string | null; size: number | null } {
  let name = before;
  let size: number | null = null;
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = space < 0 ? NaN : Number(content.toString('latin1', at, space));
    const isSound = Number.isInteger(length) && length > space - at + 2 && at + length <= content.length;
    if (!isSound) refuse('a damaged pax header');
    const record = content.toString('utf8', space + 1, at + length - 1);
    if (record.startsWith('path=')) name = record.slice('path='.length);
    if (record.startsWith('size=')) size = /^size=\d{1,15}$/.test(record) ? Number(record.slice('size='.length)) : NaN;
    at += length;
  }
  return { name, size };
}

function plainName(name: string): string | null {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.length === 0 || parts.includes('..') ? null : parts.join('/');
}
