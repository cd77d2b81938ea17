import { FormatError } from '../format-error.ts';

const BLOCK_BYTES = 100_000;
const GROUP_SYMBOLS = 50;
const MOST_CODE_BITS = 20;
const MOST_SYMBOLS = 258;
/** A block holds at least 100 kB but for the last of each stream, so that this is enough for gigabytes; tiny ones would cost time without end. */
const MOST_BLOCKS = 20_000;

interface Code {
  /** [length in bits] largest code of that length, and what to take off it for a place in `symbols`. */
  readonly limits: Int32Array;
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
  readonly shortest: number;
  readonly longest: number;
}

/**
 * Unpacks bzip2, of one stream or several after one another, as pbzip2 writes them, and checks its sums. Form: bzip2 1.0.8 and its manual.
 * Nothing is kept beyond `mostBytes`.
 * @throws FormatError for what is no bzip2, is damaged, ends early, or unpacks to more
 */
export function bunzip2(packed: Uint8Array, mostBytes: number): Uint8Array {
  const bits = new BitReader(packed);
  const out = new Output(mostBytes);
  let blocks = 0;
  do {
    const level = bits.read(24) === 0x425a68 ? bits.read(8) - 0x30 : 0;
    if (level < 1 || level > 9) refuse('not bzip2');
    let links: Int32Array | null = null; // not before there is a block
    let sum = 0;
    for (;;) {
      const [high, low] = [bits.read(24), bits.read(24)];
      const wanted = bits.read32();
      if (high === 0x177245 && low === 0x385090) {
        if (wanted !== sum) refuse('its sum does not fit');
        break;
      }
      if (high !== 0x314159 || low !== 0x265359) refuse('no block begins here');
      if (++blocks > MOST_BLOCKS) refuse(`more than ${MOST_BLOCKS} blocks`);
      out.beginBlock();
      links ??= new Int32Array(BLOCK_BYTES * level);
      unfold(links, readBlock(bits, links), out);
      if (out.blockSum() !== wanted) refuse('the sum of a block does not fit');
      sum = (((sum << 1) | (sum >>> 31)) ^ wanted) >>> 0;
    }
    bits.align();
  } while (!bits.isAtEnd());
  return out.bytes();
}

function refuse(said: string): never {
  throw new FormatError(1, 1, `bzip2: ${said}, want a sound archive`);
}

/** The symbols of a block into `links`, whose upper 24 bits become the order of the sorted block. Returns its length and its first link. */
function readBlock(bits: BitReader, links: Int32Array): { count: number; first: number } {
  if (bits.read(1)) refuse('a randomised block of bzip2 before 0.9.5');
  const origin = bits.read(24);
  const bytes = usedBytes(bits);
  const endOfBlock = bytes.length + 1;
  const groupCount = bits.read(3);
  if (groupCount < 2 || groupCount > 6) refuse('damaged tables');
  const selectors = readSelectors(bits, groupCount);
  const codes = Array.from({ length: groupCount }, () => readCode(bits, bytes.length + 2));
  const recent = Uint8Array.from(bytes);
  const counts = new Int32Array(256);
  let count = 0;
  let run = 0;
  let runBit = 1;
  const endRun = (): void => {
    const byte = recent[0]!;
    if (count + run > links.length) refuse('a block too long');
    links.fill(byte, count, count + run);
    counts[byte]! += run;
    count += run;
    run = 0;
    runBit = 1;
  };
  for (let group = 0; ; group++) {
    if (group >= selectors.length) refuse('damaged tables');
    const code = codes[selectors[group]!]!;
    for (let left = GROUP_SYMBOLS; left > 0; left--) {
      const symbol = readSymbol(bits, code);
      if (symbol <= 1) {
        run += runBit << symbol;
        runBit <<= 1;
        if (run > links.length) refuse('a block too long');
        continue;
      }
      if (run > 0) endRun();
      if (symbol === endOfBlock) return sorted(links, counts, count, origin);
      const byte = moveToFront(recent, symbol - 1);
      if (count >= links.length) refuse('a block too long');
      links[count++] = byte;
      counts[byte]!++;
    }
  }
}

function usedBytes(bits: BitReader): number[] {
  const rows = bits.read(16);
  const bytes: number[] = [];
  for (let row = 0; row < 16; row++) {
    if (!((rows >> (15 - row)) & 1)) continue;
    const cells = bits.read(16);
    for (let cell = 0; cell < 16; cell++) if ((cells >> (15 - cell)) & 1) bytes.push(row * 16 + cell);
  }
  return bytes.length > 0 ? bytes : refuse('damaged tables');
}

function readSelectors(bits: BitReader, groupCount: number): Uint8Array {
  const selectors = new Uint8Array(bits.read(15));
  const recent = Uint8Array.from({ length: groupCount }, (_, group) => group);
  for (let at = 0; at < selectors.length; at++) {
    let place = 0;
    while (bits.read(1)) if (++place >= groupCount) refuse('damaged tables');
    selectors[at] = moveToFront(recent, place);
  }
  return selectors;
}

/** Lengths of codes, each told by its difference to the one before, and from them the codes: rising by length, then by symbol. */
function readCode(bits: BitReader, symbolCount: number): Code {
  const lengths = new Uint8Array(symbolCount);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (;;) {
      if (length < 1 || length > MOST_CODE_BITS) refuse('damaged tables');
      if (!bits.read(1)) break;
      length += bits.read(1) ? -1 : 1;
    }
    lengths[symbol] = length;
  }
  const limits = new Int32Array(MOST_CODE_BITS + 1).fill(-1);
  const bases = new Int32Array(MOST_CODE_BITS + 1);
  const symbols = new Uint16Array(MOST_SYMBOLS);
  let place = 0;
  let code = 0;
  for (let bit = 1; bit <= MOST_CODE_BITS; bit++) {
    bases[bit] = code - place;
    for (let symbol = 0; symbol < symbolCount; symbol++) {
      if (lengths[symbol] !== bit) continue;
      symbols[place++] = symbol;
      code++;
    }
    limits[bit] = code - 1;
    code <<= 1;
  }
  return { limits, bases, symbols, shortest: Math.min(...lengths), longest: Math.max(...lengths) };
}

function readSymbol(bits: BitReader, { limits, bases, symbols, shortest, longest }: Code): number {
  let code = bits.read(shortest);
  for (let length = shortest; ; length++) {
    if (code <= limits[length]!) {
      const place = code - bases[length]!;
      return place >= 0 && place < MOST_SYMBOLS ? symbols[place]! : refuse('damaged codes');
    }
    if (length >= longest) refuse('damaged codes');
    code = (code << 1) | bits.read(1);
  }
}

function moveToFront(recent: Uint8Array, place: number): number {
  if (place >= recent.length) refuse('damaged codes');
  const value = recent[place]!;
  recent.copyWithin(1, 0, place);
  recent[0] = value;
  return value;
}

/** Undoes the Burrows-Wheeler transform: after this, the upper bits of a cell are the place of the byte that follows. */
function sorted(links: Int32Array, counts: Int32Array, count: number, origin: number): { count: number; first: number } {
  if (origin >= count) refuse('a damaged block');
  const starts = new Int32Array(256);
  for (let byte = 1; byte < 256; byte++) starts[byte] = starts[byte - 1]! + counts[byte - 1]!;
  for (let at = 0; at < count; at++) links[starts[links[at]! & 0xff]!++]! |= at << 8;
  return { count, first: links[origin]! >> 8 };
}

/** Follows the links of a block and undoes its first step: after four equal bytes stands how many more there are. */
function unfold(links: Int32Array, { count, first }: { count: number; first: number }, out: Output): void {
  let at = first;
  let last = -1;
  let equal = 0;
  for (let left = count; left > 0; left--) {
    const link = links[at]!;
    const byte = link & 0xff;
    at = link >> 8;
    if (equal === 4) {
      out.put(last, byte);
      equal = 0;
      last = -1;
      continue;
    }
    equal = byte === last ? equal + 1 : 1;
    last = byte;
    out.put(byte, 1);
  }
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @param count at most 24 */
  read(count: number): number {
    while (this.#count < count) {
      if (this.#at >= this.#bytes.length) refuse('ends in the middle');
      this.#held = ((this.#held << 8) | this.#bytes[this.#at++]!) & 0x7fffffff;
      this.#count += 8;
    }
    this.#count -= count;
    return (this.#held >>> this.#count) & ((1 << count) - 1);
  }

  read32(): number {
    return this.read(16) * 0x10000 + this.read(16);
  }

  align(): void {
    this.#count -= this.#count % 8;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#bytes.length && this.#count === 0;
  }
}

const SUMS: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte << 24;
  for (let bit = 0; bit < 8; bit++) sum = sum < 0 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  return sum;
});

class Output {
  readonly #most: number;
  #buffer = new Uint8Array(1 << 16);
  #length = 0;
  #sum = 0;

  constructor(most: number) {
    this.#most = most;
  }

  beginBlock(): void {
    this.#sum = -1;
  }

  blockSum(): number {
    return ~this.#sum >>> 0;
  }

  put(byte: number, count: number): void {
    const end = this.#length + count;
    if (end > this.#most) refuse(`more than ${this.#most} bytes unpacked`);
    if (end > this.#buffer.length) this.#grow(end);
    for (let at = this.#length; at < end; at++) {
      this.#buffer[at] = byte;
      this.#sum = (this.#sum << 8) ^ SUMS[(this.#sum >>> 24) ^ byte]!;
    }
    this.#length = end;
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(end: number): void {
    const larger = new Uint8Array(Math.min(Math.max(end, this.#buffer.length * 2), this.#most));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}
