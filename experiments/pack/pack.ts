import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mergeResults, type MergeOutcome } from '../sweep/merge.ts';
import type { SweepFolder } from '../sweep/sweep-folder.ts';
import { columnTable, metricTable } from '../sweep/table-text.ts';
import { type Member, writeArchive } from './archive-writer.ts';
import { COLUMNS_HEAD, rootOf } from './pack-traces.ts';
import { policySources } from './policy-sources.ts';
import { readmeText } from './readme-text.ts';

export interface PackOutcome extends MergeOutcome {
  /** Whether the archive was written: not with damaged results, and with missing ones only where that is accepted. */
  readonly isPacked: boolean;
  readonly members: number;
}

const PIECE_BYTES = 1 << 20;

/**
 * Makes one archive of a sweep: what was to be run, with all it needs, what came of it, and how to make it again. Its tables are merged
 * anew. The same sweep gives the same bytes on one major version of Node.
 * @throws StoreError if it cannot be written
 */
export async function packStudy(
  folder: SweepFolder,
  out: string,
  { isPartial, onRun }: { isPartial: boolean; onRun?: (done: number) => void },
): Promise<PackOutcome> {
  const merged = mergeResults(folder, onRun);
  const isWhole = merged.damaged.length === 0 && (isPartial || merged.missing.length === 0);
  if (!isWhole) return { ...merged, isPacked: false, members: 0 };
  const content = contentOf(folder, merged);
  const sums = content.map((member) => `${sha256Of(member)}  ${member.name}\n`).join('');
  const members = [...content, textMember('SHA256SUMS', sums)].sort(byName);
  // Unpacked by hand it makes one folder, named for what is in it
  const root = rootOf(sha256Of(content.find(({ name }) => name === 'manifest.json')!));
  await writeArchive(
    out,
    members.map((member) => ({ ...member, name: `${root}/${member.name}` })),
  );
  return { ...merged, isPacked: true, members: members.length };
}

/** All members but the list of their hashes, by name. */
function contentOf(folder: SweepFolder, { merged, missing, files }: MergeOutcome): Member[] {
  const { manifest, path } = folder;
  const isMissing = new Set(missing);
  const inputs = [...new Set([...manifest.policies, ...manifest.files].map(({ sha256 }) => sha256))];
  const bundles = manifest.runs.length > 0 ? folder.orderOf(0).policies : [];
  return [
    textMember('README.txt', readmeText(manifest, merged)),
    textMember('COLUMNS.md', `${COLUMNS_HEAD}${columnTable(manifest)}\n# Metrics\n\n${metricTable()}`),
    textMember('manifest.json', readFileSync(join(path, 'manifest.json'), 'utf8')),
    textMember('plan.yaml', manifest.plan.text),
    ...inputs.map((sha256) => fileMember(`inputs/${sha256}`, join(path, 'inputs', sha256))),
    ...bundles.flatMap((bundle, i) => policySources(bundle).map(({ name, text }) => textMember(`policies/${i}/${name}`, text))),
    ...manifest.runs.flatMap(({ id }, i) => (isMissing.has(i) ? [] : [fileMember(`runs/${id}.json`, folder.resultFile(i))])),
    fileMember('results.parquet', files.parquet),
    fileMember('results.csv', files.csv),
  ].sort(byName);
}

function byName(a: Member, b: Member): number {
  return a.name < b.name ? -1 : 1;
}

function textMember(name: string, text: string): Member {
  const bytes = Buffer.from(text);
  return { name, bytes: bytes.length, content: () => [bytes] };
}

function fileMember(name: string, path: string): Member {
  return { name, bytes: statSync(path).size, content: () => piecesOf(path) };
}

function* piecesOf(path: string): Generator<Uint8Array> {
  const file = openSync(path, 'r');
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES); // a new one each time: the last is still being packed
      const length = readSync(file, piece);
      if (length === 0) return;
      yield piece.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}

function sha256Of(member: Member): string {
  const hash = createHash('sha256');
  for (const piece of member.content()) hash.update(piece);
  return hash.digest('hex');
}
