import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import { paddingOf, TAR_BLOCK, ustarHeader } from '../../formats/ustar.ts';
import { WholeFile } from '../whole-file.ts';

/** Of the byte that tells the system a gzip was made on: unknown, as the same study is to make the same bytes everywhere. */
const SYSTEM_AT = 9;
const UNKNOWN_SYSTEM = 255;

export interface Member {
  readonly name: string;
  readonly bytes: number;
  /** The content, piece by piece. */
  content(): Iterable<Uint8Array>;
}

/**
 * Writes members into a gzipped tar, in the order given. Equal members give equal bytes on one major version of Node.
 * @throws StoreError; what stood there before stays
 */
export async function writeArchive(path: string, members: Iterable<Member>): Promise<void> {
  const file = new WholeFile(path);
  try {
    const gzip = createGzip({ level: 9 });
    let written = 0;
    let failure: unknown;
    gzip.on('data', (chunk: Buffer) => {
      if (failure !== undefined) return;
      if (written <= SYSTEM_AT && written + chunk.length > SYSTEM_AT) chunk[SYSTEM_AT - written] = UNKNOWN_SYSTEM;
      written += chunk.length;
      try {
        file.write(chunk);
      } catch (error) {
        failure = error;
      }
    });
    const ended = once(gzip, 'end');
    const put = async (bytes: Uint8Array): Promise<void> => {
      if (!gzip.write(bytes)) await once(gzip, 'drain');
      if (failure !== undefined) throw failure;
    };
    for (const { name, bytes, content } of members) {
      await put(ustarHeader(name, bytes));
      let length = 0;
      for (const piece of content()) {
        length += piece.length;
        await put(piece);
      }
      if (length !== bytes) throw new RangeError(`${name}: changed while it was packed`);
      await put(Buffer.alloc(paddingOf(bytes)));
    }
    await put(Buffer.alloc(2 * TAR_BLOCK));
    gzip.end();
    await ended;
    if (failure !== undefined) throw failure;
    file.commit();
  } finally {
    file.abandon();
  }
}
