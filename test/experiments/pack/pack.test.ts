import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packStudy } from '../../../experiments/pack/pack.ts';
import type { SweepFolder } from '../../../experiments/sweep/sweep-folder.ts';
import { temporary } from '../sweep/small-sweep-fixture.ts';
import { membersOf, type Packed, packed, sha256, smallStudy } from './pack-fixture.ts';

const { path, remove } = temporary();
afterAll(remove);

let folder: SweepFolder;
let archive: Buffer;
let members: Packed[];
const content = (name: string): string => members.find((member) => member.name.endsWith(`/${name}`))!.content.toString('utf8');
beforeAll(async () => {
  folder = await smallStudy(path);
  await packed(folder, join(path, 'a.tar.gz'));
  archive = readFileSync(join(path, 'a.tar.gz'));
  members = membersOf(archive);
});

describe('the archive of a study', () => {
  test('has manifest, plan, inputs, sources, results and tables in one folder, sorted by name', () => {
    const root = `study-${sha256(readFileSync(join(folder.path, 'manifest.json'))).slice(0, 12)}`;
    const runs = folder.manifest.runs.map(({ id }) => `runs/${id}.json`);
    const wanted = [
      ...['COLUMNS.md', 'README.txt', 'SHA256SUMS', 'manifest.json', 'plan.yaml', 'results.csv', 'results.parquet'],
      ...[`inputs/${folder.manifest.policies[0]!.sha256}`, 'policies/0/mine.ts', 'policies/0/up/shared.ts', ...runs],
    ];
    expect(members.map(({ name }) => name)).toEqual(wanted.map((name) => `${root}/${name}`).sort());
  });

  test('has the bytes of the folder, and the hash of each of its files', () => {
    for (const name of ['manifest.json', 'results.csv', 'results.parquet', ...folder.manifest.runs.map(({ id }) => `runs/${id}.json`)])
      expect(content(name), name).toBe(readFileSync(join(folder.path, name), 'utf8'));
    const root = members[0]!.name.split('/')[0]!;
    const hashed = members.filter(({ name }) => !name.endsWith('/SHA256SUMS'));
    expect(content('SHA256SUMS')).toBe(
      hashed.map((member) => `${sha256(member.content)}  ${member.name.slice(root.length + 1)}\n`).join(''),
    );
  });

  test("has the policy's sources as they were written, comments included", () => {
    expect(content('policies/0/mine.ts')).toBe(readFileSync(join(path, 'own', 'mine.ts'), 'utf8'));
    expect(content('policies/0/up/shared.ts')).toBe(readFileSync(join(path, 'shared.ts'), 'utf8'));
  });

  test('says what made it, and how to make it again', () => {
    const readme = content('README.txt');
    for (const part of [
      '12 simulated runs',
      'numalab 1.2.3',
      folder.manifest.code,
      `Node ${process.versions.node.split('.')[0]}`,
      'numalab verify .',
      'numalab sweep run .',
    ])
      expect(readme).toContain(part);
    expect(readme).not.toContain(path);
  });

  test('is the same bytes the next time, from results made anew, and leaves nothing beside it', async () => {
    rmSync(folder.resultFile(3));
    const again = await smallStudy(path);
    await packed(again, join(path, 'b.tar.gz'));
    expect(readFileSync(join(path, 'b.tar.gz')).equals(archive)).toBe(true);
    expect(readdirSync(path).sort()).toEqual(['a.tar.gz', 'b.tar.gz', 'own', 'shared.ts', 'study']);
  });
});

describe('of a study that lacks a result', () => {
  test('an archive is made only where that is accepted', async () => {
    rmSync(folder.resultFile(5));
    const out = join(path, 'partial.tar.gz');
    expect(await packStudy(folder, out, { isPartial: false })).toMatchObject({ isPacked: false, missing: [5] });
    expect(readdirSync(path)).not.toContain('partial.tar.gz');
    expect(await packStudy(folder, out, { isPartial: true })).toMatchObject({ isPacked: true, missing: [5] });
    expect(membersOf(readFileSync(out)).length).toBe(members.length - 1);
  });
});
