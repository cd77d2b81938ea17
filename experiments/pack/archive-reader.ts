import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { paddingOf, readUstarHeader, TAR_BLOCK, TarError, type TarHeader } from '../../formats/ustar.ts';

/** Bounds of what is read: a few kilobytes of gzip can stand for terabytes. */
export interface ArchiveLimits {
  readonly members: number;
  /** Unpacked, all in all. */
  readonly bytes: number;
}

const CHUNK_BYTES = 1 << 18;
/** Zeros after the end: tar fills up its last 10 KiB. */
const MOST_TAIL_BYTES = 1 << 16;

export const ARCHIVE_LIMITS: ArchiveLimits = { members: 2_000_000, bytes: 16 * 1024 ** 3 };

/**
 * Reads a gzipped tar without keeping or writing any of it: `onMember` says who is given the bytes of a member, piece by piece, and may
 * refuse it by throwing.
 * @param isEnough asked now and then whether the rest need not be read
 * @throws TarError
 */
export async function readArchive(
  path: string,
  onMember: (header: TarHeader) => ((bytes: Buffer) => void) | null,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
  isEnough: () => boolean = () => false,
): Promise<void> {
  const tar = new TarParser(onMember, limits);
  const source = createReadStream(path);
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    for await (const chunk of gunzip) {
      tar.take(chunk as Buffer);
      if (isEnough()) return;
    }
  } catch (error) {
    throw error instanceof Error && 'code' in error
      ? new TarError(gzipFault(String(error.code)), error.code !== 'Z_DATA_ERROR' || tar.hasBegun)
      : error;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  tar.end();
}

function gzipFault(code: string): string {
  if (code === 'Z_BUF_ERROR') return 'ends in the middle';
  return code.startsWith('Z_') ? 'not a sound gzip' : code;
}

class TarParser {
  readonly #onMember: (header: TarHeader) => ((bytes: Buffer) => void) | null;
  readonly #limits: ArchiveLimits;
  readonly #names = new Set<string>();
  readonly #header = Buffer.alloc(TAR_BLOCK);
  #headerBytes = 0;
  #members = 0;
  #bytes = 0;
  #bytesLeft = 0;
  #paddingLeft = 0;
  #sink: ((bytes: Buffer) => void) | null = null;
  #isOver = false;
  #tailBytes = 0;

  constructor(onMember: (header: TarHeader) => ((bytes: Buffer) => void) | null, limits: ArchiveLimits) {
    this.#onMember = onMember;
    this.#limits = limits;
  }

  get hasBegun(): boolean {
    return this.#bytes > 0;
  }

  take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.bytes) throw new TarError(`unpacks to more than ${this.#limits.bytes} bytes`, false);
    for (let at = 0; at < chunk.length;) {
      if (this.#bytesLeft > 0) {
        const piece = chunk.subarray(at, at + this.#bytesLeft);
        this.#sink?.(piece);
        this.#bytesLeft -= piece.length;
        at += piece.length;
      } else if (this.#paddingLeft > 0 || this.#isOver) {
        const piece = chunk.subarray(at, this.#isOver ? chunk.length : at + this.#paddingLeft);
        if (this.#isOver && (this.#tailBytes += piece.length) > MOST_TAIL_BYTES) throw new TarError('goes on after its end', true);
        if (!piece.every((byte) => byte === 0)) throw new TarError('something stands where nothing should', true);
        this.#paddingLeft = Math.max(0, this.#paddingLeft - piece.length);
        at += piece.length;
      } else {
        const piece = chunk.subarray(at, at + TAR_BLOCK - this.#headerBytes);
        piece.copy(this.#header, this.#headerBytes);
        this.#headerBytes += piece.length;
        at += piece.length;
        if (this.#headerBytes === TAR_BLOCK) this.#begin();
      }
    }
  }

  end(): void {
    if (!this.#isOver) throw new TarError('ends in the middle', true);
  }

  #begin(): void {
    this.#headerBytes = 0;
    const header = readUstarHeader(this.#header);
    if (header === null) {
      this.#isOver = true;
      return;
    }
    if (++this.#members > this.#limits.members) throw new TarError(`has more than ${this.#limits.members} members`, false);
    if (header.bytes > this.#limits.bytes) throw new TarError(`${header.name}: says it has ${header.bytes} bytes`, false);
    if (this.#names.has(header.name)) throw new TarError(`${header.name}: is there twice`, false);
    this.#names.add(header.name);
    this.#bytesLeft = header.bytes;
    this.#paddingLeft = paddingOf(header.bytes);
    this.#sink = header.kind === 'file' ? this.#onMember(header) : null;
  }
}
