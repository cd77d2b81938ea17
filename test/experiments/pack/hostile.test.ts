import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lab } from '../../../cli/lab.ts';
import { readArchive } from '../../../experiments/pack/archive-reader.ts';
import { TAR_BLOCK, ustarHeader } from '../../../formats/ustar.ts';
import { session, type Session } from '../../cli/session.ts';
import { temporary, VERSION } from '../sweep/small-sweep-fixture.ts';
import { drawn, mutated } from './mutation-fixture.ts';
import { archiveOf, membersOf, type Packed, packed, smallStudy, withSums } from './pack-fixture.ts';

const { path, remove } = temporary();
afterAll(remove);

const FUZZ = 60;
const file = join(path, 'pack.tar.gz');
let archive: Buffer;
let members: Packed[];
let root: string;
beforeAll(async () => {
  await packed(await smallStudy(path), file);
  archive = readFileSync(file);
  members = membersOf(archive);
  root = members[0]!.name.split('/')[0]!;
});

const verify = (target: string): Promise<Session> => session(['verify', target, '--runs', '1'], lab(VERSION));
const verifyBytes = (bytes: Buffer): Promise<Session> => {
  writeFileSync(file, bytes);
  return verify(file);
};

test('a byte of any member flipped is found, and the member named', async () => {
  const random = drawn(20261126);
  for (const [at, { name, content }] of members.entries()) {
    const flipped = Buffer.from(content);
    flipped[Math.floor(random() * flipped.length)]! ^= 1 << Math.floor(8 * random());
    const { code, out, err } = await verifyBytes(archiveOf(members.map((one, i) => (i === at ? { name, content: flipped } : one))));
    expect([code, out], name).toEqual([3, '']);
    expect(err, name).toContain(name.endsWith('SHA256SUMS') ? '' : `${name.slice(root.length + 1)}: damaged\n`.slice(0, 60));
  }
});

test('a member taken out and one put in are named', async () => {
  const [first, ...others] = members;
  const { code, err } = await verifyBytes(archiveOf([...others, { name: `${root}/extra.sh`, content: Buffer.from('x') }]));
  expect(code).toBe(3);
  expect(err).toBe(
    `${first!.name.slice(root.length + 1)}: missing\nextra.sh: not of the pack\n${file}: not what was packed, 2 faults; nothing of it is run\n`,
  );
});

describe('an archive is refused in one line that', () => {
  const tarOf = (blocks: readonly Buffer[]): Buffer => gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * TAR_BLOCK)]));
  const header = (change: (block: Buffer) => void, bytes = 0): Buffer => {
    const block = ustarHeader('study/x', bytes);
    change(block);
    block.fill(0x20, 148, 156);
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
      'latin1',
    );
    return block;
  };
  test.each([
    ['climbs out', () => tarOf([header((block) => block.write('../../escaped\0'))]), 2],
    ['is absolute', () => tarOf([header((block) => block.write('/tmp/escaped\0'))]), 2],
    ['holds a link', () => tarOf([header((block) => block.write('2', 156))]), 2],
    ['says it is huge', () => tarOf([header(() => {}, 8 ** 11 - 1)]), 3],
    ['holds a member twice', () => tarOf([header(() => {}), header(() => {})]), 2],
    ['lies in two folders', () => tarOf([header(() => {}), header((block) => block.write('other/x\0'))]), 2],
    ['lies in no folder', () => tarOf([header((block) => block.write('x\0\0\0\0\0\0'))]), 2],
    ['has no end', () => gzipSync(header(() => {})), 3],
    ['holds nothing', () => tarOf([]), 3],
    ['is empty', () => Buffer.alloc(0), 3],
    ['is no gzip', () => Buffer.from('PK\u0003\u0004 something else'), 2],
    ['is gzip of no tar', () => gzipSync('x'.repeat(5_000)), 3],
    ['is cut', () => archive.subarray(0, archive.length - 100), 3],
    ['goes on after its end', () => Buffer.concat([archive, gzipSync('more')]), 3],
  ])('%s', async (_, make, wanted) => {
    const { code, out, err } = await verifyBytes(make());
    expect([code, out]).toEqual([wanted, '']);
    expect(err).toMatch(/^[^\n]+\n$/);
    expect(err).not.toContain('internal error');
  });

  test('is a bomb: a few bytes that unpack to more than is allowed', async () => {
    const big = (n: number): Buffer[] => [header((block) => block.write(`study/${n}\0`), 409_600), Buffer.alloc(409_600)];
    const bomb = tarOf([...big(1), ...big(2), ...big(3)]);
    expect(bomb.length).toBeLessThan(5_000);
    writeFileSync(file, bomb);
    await expect(readArchive(file, () => null, { members: 10, bytes: 1_000_000 })).rejects.toThrow('unpacks to more than 1000000 bytes');
    await expect(readArchive(file, () => null, { members: 10, bytes: 400_000 })).rejects.toThrow('study/1: says it has 409600 bytes');
  });

  test('goes on with zeros for ever', async () => {
    const { code, err } = await verifyBytes(gzipSync(Buffer.concat([header(() => {}), Buffer.alloc(100_000)])));
    expect([code, err]).toEqual([3, `${file}: goes on after its end: the archive is damaged\n`]);
  });

  test('has more members than is allowed', async () => {
    writeFileSync(file, tarOf([0, 1, 2, 3].map((n) => header((block) => block.write(`study/${n}\0`)))));
    await expect(readArchive(file, () => null, { members: 3, bytes: 1e6 })).rejects.toThrow('has more than 3 members');
  });
});

describe('of a forged pack whose hashes all fit', () => {
  const forged = (name: string, content: string): Promise<Session> =>
    verifyBytes(
      archiveOf(withSums(members.map((one) => (one.name === `${root}/${name}` ? { name: one.name, content: Buffer.from(content) } : one)))),
    );
  const manifest = (): Record<string, never> =>
    JSON.parse(members.find(({ name }) => name === `${root}/manifest.json`)!.content.toString());

  test.each([
    ['is not JSON', () => '{', 3],
    ['is of another version', () => JSON.stringify({ ...manifest(), schemaVersion: 2 }), 3],
    ['names files outside', () => JSON.stringify({ ...manifest(), runs: [{ id: '../../../etc/passwd', words: {} }] }), 3],
    ['names one id twice', () => JSON.stringify({ ...manifest(), runs: [...(manifest().runs as []), ...(manifest().runs as [])] }), 3],
    [
      'is nested without end',
      () => JSON.stringify({ ...manifest(), words: 'deep' }).replace('"deep"', `{"x":${'['.repeat(99_999)}${']'.repeat(99_999)}}`),
      3,
    ],
    ['names a policy that is none', () => JSON.stringify({ ...manifest(), policies: [{ file: 'x.ts', sha256: 'a'.repeat(64) }] }), 3],
    ['has words that make no scenario', () => JSON.stringify({ ...manifest(), words: { guests: '-1' } }), 1],
    ['has no runs', () => JSON.stringify({ ...manifest(), runs: [] }), 3],
  ])('a manifest that %s is refused', async (_, make, wanted) => {
    const { code, err } = await forged('manifest.json', make());
    expect(code).toBe(wanted);
    expect(err).not.toContain('internal error');
    expect(err.split('\n').length).toBeLessThanOrEqual(2);
  });
});

describe('of a folder', () => {
  const unpacked = (name: string): string => {
    const folder = join(path, name);
    rmSync(folder, { recursive: true, force: true });
    for (const { name, content } of members) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    return join(folder, root);
  };

  test('every file and link that is not of the pack is named, and nothing is run', async () => {
    const study = unpacked('more');
    mkdirSync(join(study, 'more/deep'), { recursive: true });
    for (const name of ['extra.txt', 'more/deep/y', 'runs/zzz.json']) writeFileSync(join(study, name), 'x');
    symlinkSync('/etc', join(study, 'inputs/away'));
    symlinkSync('nowhere', join(study, '.dangling'));
    const others = ['.dangling', 'extra.txt', 'inputs/away', 'more/deep/y', 'runs/zzz.json'];
    expect(await verify(study)).toMatchObject({
      code: 3,
      out: '',
      err: `${others.map((name) => `${name}: not of the pack\n`).join('')}${study}: not what was packed, 5 faults; nothing of it is run\n`,
    });
  });

  test('a link in the place of a folder is not of the pack, though it leads to the same files', async () => {
    const study = unpacked('linked');
    renameSync(join(study, 'runs'), join(path, 'linked/runs'));
    symlinkSync('../runs', join(study, 'runs'));
    expect(await verify(study)).toMatchObject({ code: 3, err: expect.stringMatching(/^runs: not of the pack\n/) as string });
  });

  test('one that came out of a pack and has lost its list of hashes is refused, by any trace of a pack', async () => {
    const traces = ['README.txt', 'COLUMNS.md', 'policies'];
    for (const kept of [...traces, 'name']) {
      let study = unpacked('lost');
      for (const name of ['SHA256SUMS', ...traces.filter((one) => one !== kept)]) rmSync(join(study, name), { recursive: true });
      if (kept !== 'name') renameSync(study, (study = join(path, 'lost/renamed')));
      expect(await verify(study), kept).toMatchObject({ code: 3, out: '', err: expect.stringMatching(/^SHA256SUMS: missing\n/) as string });
    }
    const study = join(path, 'lost/renamed');
    rmSync(study, { recursive: true, force: true });
    renameSync(join(path, 'lost', root), study); // without any of them it is the folder of a sweep
    const { code, out } = await verify(study);
    expect([code, out]).toEqual([0, expect.stringContaining('\nno SHA256SUMS: ')]);
  });

  test('a link that leads nowhere is no list of hashes', async () => {
    const study = unpacked('torn');
    rmSync(join(study, 'SHA256SUMS'));
    symlinkSync('nowhere', join(study, 'SHA256SUMS'));
    expect(await verify(study)).toMatchObject({ code: 3, out: '', err: expect.stringContaining('SHA256SUMS is missing') as string });
  });

  test('a link in the place of a file is not followed', async () => {
    const folder = join(unpacked('unpacked'), '..');
    expect((await verify(join(folder, root))).code).toBe(0);
    const plan = join(folder, root, 'plan.yaml');
    writeFileSync(join(folder, 'same'), readFileSync(plan));
    unlinkSync(plan);
    symlinkSync(join(folder, 'same'), plan);
    expect(await verify(join(folder, root))).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringContaining('plan.yaml: missing\n') as string,
    });
  });

  test('that is none, or has nothing of the kind, it is said', async () => {
    expect((await verify(join(path, 'nowhere'))).code).toBe(2);
    expect((await verify(join(path, 'own'))).code).toBe(2);
  });
});

/** More of them in test/long. */
test(`${FUZZ} mutations end with 0, 1, 2 or 3, without a trace and without a file`, { timeout: 120_000 }, async () => {
  const seed = 6_2026;
  const random = drawn(seed);
  const before = readdirSync(path, { recursive: true }).sort();
  const codes = new Map<number, number>();
  for (let i = 0; i < FUZZ; i++) {
    const { kind, bytes } = mutated(archive, random);
    const { code, err } = await verifyBytes(bytes);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    const what = `seed ${seed}, mutation ${i}, ${kind}: ${err}`;
    expect([0, 1, 2, 3], what).toContain(code);
    expect(err, what).not.toMatch(/internal error|\n {4}at /);
  }
  expect(readdirSync(path, { recursive: true }).sort()).toEqual(before);
  expect(existsSync('/tmp/escaped')).toBe(false);
  expect(codes.get(3)).toBeGreaterThan(FUZZ / 4);
});
