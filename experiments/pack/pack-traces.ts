import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { folderFiles } from './pack-files.ts';

/** What README.txt and COLUMNS.md of a pack begin with. */
export const README_HEAD = 'A study made with numalab: a plan of ';
export const COLUMNS_HEAD = '# Columns\n\n';

/** The folder of a pack, by its manifest. */
export function rootOf(manifestSha256: string): string {
  return `study-${manifestSha256.slice(0, 12)}`;
}

/** Whether a folder has what only a pack brings: such a one has lost its SHA256SUMS if there is none. */
export async function hasPackTraces(path: string): Promise<boolean> {
  let isOfPack = standsAt(join(path, 'policies', '0'));
  await folderFiles(path).read(new Set(['README.txt', 'COLUMNS.md', 'manifest.json']), (name, content) => {
    if (name === 'manifest.json') isOfPack ||= basename(realpathSync(path)) === rootOf(createHash('sha256').update(content).digest('hex'));
    else isOfPack ||= content.toString('utf8').startsWith(name === 'README.txt' ? README_HEAD : COLUMNS_HEAD);
  });
  return isOfPack;
}

/** Every file, link, pipe and whatever else stands in a folder and the folders in it, but these. A link is named, never followed. */
export function namesIn(path: string): string[] {
  const names: string[] = [];
  const folders = [''];
  for (let folder; (folder = folders.pop()) !== undefined;) {
    try {
      for (const entry of readdirSync(join(path, folder), { withFileTypes: true })) {
        const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
        (entry.isDirectory() ? folders : names).push(name);
      }
    } catch {
      names.push(folder === '' ? '.' : folder); // what is in it nobody knows
    }
  }
  return names.sort();
}

/** A link that leads nowhere stands as well. */
export function standsAt(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
