import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { paddingOf, readUstarHeader, TAR_BLOCK, ustarHeader } from '../../../formats/ustar.ts';
import { packStudy } from '../../../experiments/pack/pack.ts';
import type { SweepFolder } from '../../../experiments/sweep/sweep-folder.ts';
import { bundlePolicy } from '../../../experiments/user-policy/bundle.ts';
import { executed, planned, SMALL } from '../sweep/small-sweep-fixture.ts';

export interface Packed {
  readonly name: string;
  readonly content: Buffer;
}

/** A sweep of twelve short runs, with a policy of the user's own in half of them that imports a file from above its folder. */
export async function smallStudy(path: string): Promise<SweepFolder> {
  mkdirSync(join(path, 'own'), { recursive: true });
  writeFileSync(join(path, 'shared.ts'), `export const NAME = 'kvm-numactl';\n`);
  writeFileSync(
    join(path, 'own', 'mine.ts'),
    `import { builtIn, type PolicyEntry } from 'numalab/policy';
import { NAME } from '../shared.ts';
// Bound, and nothing else
export const policy: PolicyEntry = { name: 'mine', summary: '', source: '', oracle: false, options: [], make: () => builtIn(NAME) };
`,
  );
  const bundle = { ...(await bundlePolicy(join(path, 'own', 'mine.ts'))), file: './mine.ts', path: './mine.ts' };
  const text = JSON.stringify(bundle);
  const runs = SMALL.runs.map((run) => ({ ...run, policy: run.policy === 'apart:margin=0.2' ? './mine.ts' : run.policy! }));
  const folder = await planned(join(path, 'study'), { ...SMALL, runs, bundles: [bundle], inputs: new Map([[sha256(text), text]]) });
  await executed(folder);
  return folder;
}

export async function packed(folder: SweepFolder, out: string): Promise<void> {
  const { isPacked } = await packStudy(folder, out, { isPartial: false });
  if (!isPacked) throw new Error('the study is not whole');
}

/** The members of an archive, read by no code under test but its headers. */
export function membersOf(archive: Buffer): Packed[] {
  const tar = gunzipSync(archive);
  const members: Packed[] = [];
  for (let at = 0; ;) {
    const header = readUstarHeader(tar.subarray(at, at + TAR_BLOCK));
    if (header === null) return members;
    at += TAR_BLOCK;
    members.push({ name: header.name, content: tar.subarray(at, at + header.bytes) });
    at += header.bytes + paddingOf(header.bytes);
  }
}

export function archiveOf(members: readonly Packed[]): Buffer {
  const blocks = members.flatMap(({ name, content }) => [
    ustarHeader(name, content.length),
    content,
    Buffer.alloc(paddingOf(content.length)),
  ]);
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * TAR_BLOCK)]), { level: 1 });
}

/** The list of hashes made anew: what one does who forges a pack. */
export function withSums(members: readonly Packed[]): Packed[] {
  const root = members[0]!.name.split('/')[0]!;
  const others = members.filter(({ name }) => name !== `${root}/SHA256SUMS`);
  const sums = others.map(({ name, content }) => `${sha256(content)}  ${name.slice(root.length + 1)}\n`).join('');
  return [...others, { name: `${root}/SHA256SUMS`, content: Buffer.from(sums) }];
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
