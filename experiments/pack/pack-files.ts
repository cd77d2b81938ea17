import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { TarError } from '../../formats/ustar.ts';
import { InputError, show } from '../input-error.ts';
import { type ArchiveLimits, readArchive } from './archive-reader.ts';
import { DamagedPack } from './damaged-pack.ts';

/** The files of a pack, wherever they lie. Nothing is written, and a link is not followed. */
export interface PackFiles {
  /** SHA-256 of each file that is there; of a folder only of those asked for. */
  hashes(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Gives the content of those that are there, in any order. */
  read(names: ReadonlySet<string>, onFile: (name: string, content: Buffer) => void): Promise<void>;
}

/** No file that is looked into is larger; tables are only hashed. */
const MOST_READ_BYTES = 64 * 1024 ** 2;

/** Of a gzipped tar whose members lie in one folder. */
export function archiveFiles(path: string, limits?: ArchiveLimits): PackFiles {
  let root: string | null = null;
  const nameOf = (member: string): string => {
    const [first, ...rest] = member.split('/');
    root ??= first!;
    if (first !== root || rest.length === 0) throw new TarError(`${show(member)}: not in the folder of the others`, false);
    return rest.join('/');
  };
  const scan = async (
    onFile: (name: string, bytes: number) => ((piece: Buffer) => void) | null,
    isEnough?: () => boolean,
  ): Promise<void> => {
    try {
      await readArchive(path, ({ name, bytes }) => onFile(nameOf(name), bytes), limits, isEnough);
    } catch (error) {
      if (!(error instanceof TarError)) throw error;
      const message = `${show(path)}: ${error.message}`;
      throw error.isDamage
        ? new DamagedPack(`${message}: the archive is damaged`)
        : new InputError(`${message}, want what numalab pack writes`);
    }
  };
  return {
    async hashes() {
      const hashes = new Map<string, Hash>();
      await scan((name) => {
        const hash = createHash('sha256');
        hashes.set(name, hash);
        return (piece) => void hash.update(piece);
      });
      return new Map([...hashes].map(([name, hash]) => [name, hash.digest('hex')]));
    },
    async read(names, onFile) {
      let left = names.size;
      if (left === 0) return;
      const found = (name: string, content: Buffer): void => {
        left--;
        onFile(name, content);
      };
      const sinkOf = (name: string, bytes: number): ((piece: Buffer) => void) | null => {
        if (!names.has(name)) return null;
        if (bytes > MOST_READ_BYTES) throw new TarError(`${name}: ${bytes} bytes, want at most ${MOST_READ_BYTES}`, false);
        if (bytes === 0) found(name, Buffer.alloc(0));
        const content = Buffer.alloc(bytes);
        let at = 0;
        return (piece) => {
          at += piece.copy(content, at);
          if (at === bytes) found(name, content);
        };
      };
      await scan(sinkOf, () => left === 0);
    },
  };
}

/** Of a folder into which a pack was unpacked. */
export function folderFiles(path: string): PackFiles {
  return {
    hashes(names) {
      const hashes = new Map<string, string>();
      for (const name of names) {
        const hash = createHash('sha256');
        if (pieces(join(path, name), Infinity, (piece) => void hash.update(piece))) hashes.set(name, hash.digest('hex'));
      }
      return Promise.resolve(hashes);
    },
    read(names, onFile) {
      for (const name of names) {
        const content: Buffer[] = [];
        if (pieces(join(path, name), MOST_READ_BYTES, (piece) => void content.push(Buffer.from(piece))))
          onFile(name, Buffer.concat(content));
      }
      return Promise.resolve();
    },
  };
}

/** Returns whether there is such a file, and no link or pipe. */
function pieces(path: string, mostBytes: number, onPiece: (piece: Buffer) => void): boolean {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch {
    return false;
  }
  try {
    const { size } = fstatSync(file);
    if (!fstatSync(file).isFile()) return false;
    if (size > mostBytes) throw new InputError(`${show(path)}: ${size} bytes, want at most ${mostBytes}`);
    const piece = Buffer.allocUnsafe(1 << 20);
    for (let length; (length = readSync(file, piece)) > 0;) onPiece(piece.subarray(0, length));
    return true;
  } catch (error) {
    if (error instanceof InputError) throw error;
    return false; // the disk has lost it
  } finally {
    closeSync(file);
  }
}
