import { OutputBuffer, type WriteBytes } from './output-buffer.ts';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const LENGTH_BYTES = 2;
/** A message that is opened and closed may hold so many bytes: its length is written in two bytes, whether or not one would do. */
export const MOST_MESSAGE_BYTES: number = (1 << 14) - 1;

const utf8 = new TextEncoder();

/**
 * Writes protobuf's wire format (protobuf.dev/programming-guides/encoding) into a stream. A message is opened, filled and closed; its length
 * is put in afterwards, as a varint that is padded to two bytes, which every reader takes. Numbers are not negative and at most 2^53.
 */
export class ProtobufWriter {
  readonly out: OutputBuffer;

  constructor(write: WriteBytes) {
    this.out = new OutputBuffer(write);
  }

  varint(value: number): void {
    const { bytes } = this.out;
    let { at } = this.out;
    let left = value;
    while (left > 0x7fffffff) {
      bytes[at++] = (left % 128) | 0x80;
      left = Math.floor(left / 128);
    }
    let low = left | 0;
    while (low > 0x7f) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    bytes[at++] = low;
    this.out.at = at;
  }

  number(field: number, value: number): void {
    this.varint((field << 3) | VARINT);
    this.varint(value);
  }

  double(field: number, value: number): void {
    this.varint((field << 3) | FIXED64);
    scratch.setFloat64(0, value, true);
    this.out.put(scratchBytes);
  }

  fixed64(field: number, value: number): void {
    this.varint((field << 3) | FIXED64);
    scratch.setUint32(0, value % 2 ** 32, true);
    scratch.setUint32(4, Math.floor(value / 2 ** 32), true);
    this.out.put(scratchBytes);
  }

  text(field: number, value: string): void {
    this.bytes(field, utf8.encode(value));
  }

  bytes(field: number, value: Uint8Array): void {
    this.varint((field << 3) | BYTES);
    this.varint(value.length);
    this.out.put(value);
  }

  /** @returns what `close` wants */
  open(field: number): number {
    this.varint((field << 3) | BYTES);
    this.out.at += LENGTH_BYTES;
    return this.out.at;
  }

  close(start: number): void {
    const { bytes, at } = this.out;
    const length = at - start;
    if (length > MOST_MESSAGE_BYTES) throw new RangeError(`message of ${length} bytes, want at most ${MOST_MESSAGE_BYTES}`);
    bytes[start - 2] = (length & 0x7f) | 0x80;
    bytes[start - 1] = length >>> 7;
  }
}

const scratchBytes = new Uint8Array(8);
const scratch = new DataView(scratchBytes.buffer);

/** One message by itself, made once and put into many others. */
export function message(fill: (writer: ProtobufWriter) => void): Uint8Array {
  const pieces: Uint8Array[] = [];
  const writer = new ProtobufWriter((bytes) => pieces.push(bytes.slice()));
  writer.out.room(MOST_MESSAGE_BYTES);
  fill(writer);
  writer.out.flush();
  return pieces[0] ?? new Uint8Array(0);
}
