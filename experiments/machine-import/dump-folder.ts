import { type Dirent, existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isSysfsFile } from '../../formats/sysfs/sysfs.ts';
import { InputError, show } from '../input-error.ts';
import { readBytes } from '../scenario-file.ts';

const MOST_FILES = 200_000;
const MOST_FILE_BYTES = 16 * 1024 ** 2;
const MOST_BYTES = 64 * 1024 ** 2;
const MOST_DEPTH = 8;
/** All that is looked at below the place where a dump has its sys and proc. */
const PARTS = ['devices/system/node', 'devices/system/cpu', 'devices/virtual/dmi/id', 'class/dmi/id'] as const;

/**
 * The texts of those files of a dump that `readSysfs` asks for, by name: of a folder that has `sys` and `proc`, that is `sys` itself, or
 * that has one such folder in it. No link is followed; one that is asked for is an empty text. Files that cannot be read are not there.
 * @throws InputError for a folder without a dump, or with more than 200,000 files or 64 MiB of them
 */
export function readDumpFolder(folder: string): Map<string, string> {
  const roots = [folder, ...foldersIn(folder)];
  const withSys = roots.find((root) => isFolder(join(root, 'sys/devices/system')));
  const alone = roots.find((root) => isFolder(join(root, 'devices/system')));
  const root = withSys ?? alone;
  if (root === undefined)
    throw new InputError(`${show(folder)}: no sys/devices/system in it, want a dump of /sys and /proc as hwloc-gather-topology makes`);
  const files = new Map<string, string>();
  const walk = new Walk(root, files);
  for (const part of PARTS) walk.folder(withSys === undefined ? part : `sys/${part}`, 0);
  for (const name of ['proc/cpuinfo', 'proc/meminfo']) walk.file(name);
  return files;
}

class Walk {
  readonly #root: string;
  readonly #files: Map<string, string>;
  #seen = 0;
  #bytes = 0;

  constructor(root: string, files: Map<string, string>) {
    this.#root = root;
    this.#files = files;
  }

  folder(name: string, depth: number): void {
    if (depth > MOST_DEPTH || !isFolder(join(this.#root, name))) return;
    for (const entry of entriesOf(join(this.#root, name))) {
      const own = `${name}/${entry.name}`;
      if (++this.#seen > MOST_FILES) throw new InputError(`${show(this.#root)}: more than ${MOST_FILES} files, want a dump of /sys`);
      if (entry.isDirectory()) this.folder(own, depth + 1);
      else if (entry.isSymbolicLink() && isSysfsFile(own)) this.#files.set(own, '');
      else if (entry.isFile() && isSysfsFile(own)) this.file(own);
    }
  }

  file(name: string): void {
    const path = join(this.#root, name);
    if (!existsSync(path) || !lstatSync(path).isFile()) return;
    let bytes: Uint8Array;
    try {
      bytes = readBytes(path, 'machine import', MOST_FILE_BYTES);
    } catch {
      return; // some files of a live /sys refuse to be read
    }
    this.#bytes += bytes.length;
    if (this.#bytes > MOST_BYTES) throw new InputError(`${show(this.#root)}: more than ${MOST_BYTES / 1024 ** 2}MiB, want a dump of /sys`);
    this.#files.set(name, new TextDecoder().decode(bytes));
  }
}

function foldersIn(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => (entry.isDirectory() ? [join(folder, entry.name)] : []));
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** By name, so that two readings are the same; nothing of what may not be read. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}
