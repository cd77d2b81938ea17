/** Takes bytes as they are made; they are valid until it returns. */
export type WriteBytes = (bytes: Uint8Array) => void;

/** What is handed on at a time. */
const CHUNK_BYTES = 1 << 18;

/** Bytes of a file that is written as a stream: kept until there are many, then handed on, so that memory does not grow with the file. */
export class OutputBuffer {
  bytes: Uint8Array = new Uint8Array(CHUNK_BYTES + (1 << 12));
  at = 0;
  private readonly write: WriteBytes;
  private writtenBytes = 0;

  constructor(write: WriteBytes) {
    this.write = write;
  }

  /** Of the file so far. */
  get length(): number {
    return this.writtenBytes + this.at;
  }

  /** To be called before a record is put at `at`: there is room for so many bytes after it. */
  room(count: number): void {
    if (this.at >= CHUNK_BYTES) this.flush();
    if (this.at + count <= this.bytes.length) return;
    this.flush();
    if (count > this.bytes.length) this.bytes = new Uint8Array(count);
  }

  put(source: Uint8Array): void {
    const { bytes, at } = this;
    for (let i = 0; i < source.length; i++) bytes[at + i] = source[i]!; // short: faster than a call
    this.at = at + source.length;
  }

  flush(): void {
    if (this.at === 0) return;
    this.writtenBytes += this.at;
    const { at } = this;
    this.at = 0;
    this.write(this.bytes.subarray(0, at));
  }
}
