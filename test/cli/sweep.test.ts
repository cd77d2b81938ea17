import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { lockFolder } from '../../experiments/sweep/folder-lock.ts';
import type { Manifest } from '../../experiments/sweep/manifest.ts';
import { type Session, session } from './session.ts';

const home = mkdtempSync(join(tmpdir(), 'numalab-sweep-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function sweep(argv: readonly string[], version = '1.2.3'): Promise<Session> {
  return session(['sweep', ...argv], lab(version));
}

function written(name: string, text: string): string {
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, name), text);
  return join(home, name);
}

const SMALL = 'machine: lopsided\nduration: 5ms\nmemory: 64MiB\nboot: 0\n';
/** 2 x 3 runs. */
const six = written('six.yaml', `${SMALL}grid: {policy: [kvm-unpinned, apart], seed: 1..3}\n`);
const throwing = `export default {
  name: 'throwing', summary: 's', source: 's', oracle: false, options: [],
  make() { throw new Error('no such luck'); },
};`;

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
}

function resultFile(folder: string, index: number): string {
  return join(folder, 'runs', `${manifestOf(folder).runs[index]!.id}.json`);
}

/** What sweep run says it has merged into. */
function tables(folder: string): string {
  return `${join(folder, 'results.parquet')}\n${join(folder, 'results.csv')}\n`;
}

/** Of all results by name, and of the tables if they are there. */
function hashOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(join(folder, 'runs')).sort()) hash.update(name).update(readFileSync(join(folder, 'runs', name)));
  for (const table of ['results.parquet', 'results.csv']) hash.update(readFileSync(join(folder, table)));
  return hash.digest('hex');
}

describe('sweep plan', () => {
  test('writes a manifest, and says what differs and what is there', async () => {
    const out = join(home, 'planned');
    expect(await sweep(['plan', six, '--out', out])).toMatchObject({
      code: 0,
      out: '6 runs, which differ in policy, seed\n6 runs: 0 done, 6 missing\n',
      err: '',
    });
    const { runs, words, varied, version, plan } = manifestOf(out);
    expect([words, varied, version, plan.name]).toEqual([
      { machine: 'lopsided', duration: '5ms', memory: '64MiB', boot: '0' },
      ['policy', 'seed'],
      '1.2.3',
      'six.yaml',
    ]);
    expect(runs.map((run) => run.words)).toEqual([
      { policy: 'kvm-unpinned', seed: '1' },
      { policy: 'kvm-unpinned', seed: '2' },
      { policy: 'kvm-unpinned', seed: '3' },
      { policy: 'apart', seed: '1' },
      { policy: 'apart', seed: '2' },
      { policy: 'apart', seed: '3' },
    ]);
  });

  test('dry shows the first runs and writes nothing', async () => {
    const many = written('many.yaml', `${SMALL}grid: {seed: 1..40}\n`);
    const { code, out } = await sweep(['plan', many, '--dry-run']);
    expect(code).toBe(0);
    expect(out).toMatch(/^40 runs, which differ in seed\n {2}0 {2}[0-9a-f]{12} {2}seed 1\n(.*\n){9} {2}\.\.\. 30 more\n$/);
    expect(readdirSync(home)).not.toContain('sweep');
  });

  test('refuses a plan with its line, a folder it cannot write, and none', async () => {
    const bad = written('bad.yaml', `${SMALL}grid:\n  policy: [apart, appart]\n`);
    expect(await sweep(['plan', bad, '--dry-run'])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/bad\.yaml:6:19: grid\.policy\[1\]: /),
    });
    expect(await sweep(['plan', six])).toMatchObject({ code: 2, err: '--out: left out, want the folder of the sweep\n' });
    expect(await sweep(['plan', six, '--out', join(six, 'below')])).toMatchObject({ code: 2, err: expect.stringMatching(/^--out = /) });
    expect(await sweep(['plan', join(home, 'no.yaml'), '--dry-run'])).toMatchObject({ code: 2, err: expect.stringMatching(/ENOENT/) });
  });
});

describe('sweep run', () => {
  test('leaves the same bytes with 1, 2 and 4 workers, and one at a time with exec', async () => {
    const hashes: string[] = [];
    for (const workers of ['1', '2', '4']) {
      const out = join(home, `by-${workers}`);
      const { code, out: said, err } = await sweep(['run', six, '--out', out, '--workers', workers]);
      expect([code, said, err]).toEqual([
        0,
        `6 runs: 6 done\nended: 6 ok\n${tables(out)}`,
        '6 runs, which differ in policy, seed; 6 to do\n',
      ]);
      hashes.push(hashOf(out));
    }
    const out = join(home, 'by-exec');
    await sweep(['plan', six, '--out', out]);
    expect(await sweep(['exec', out, '--indices', '4-5,0'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^run 4: ok.*\nrun 5: ok.*\nrun 0: ok.*\n$/),
      err: '',
    });
    for (const index of [3, 2, 1]) expect(await sweep(['exec', out, '--index', String(index)])).toMatchObject({ code: 0 });
    await sweep(['merge', out]);
    hashes.push(hashOf(out));
    expect(new Set(hashes).size).toBe(1);
  });

  test('does what is missing and damaged, and nothing else, by plan or by folder', async () => {
    const out = join(home, 'resumed');
    await sweep(['run', six, '--out', out]);
    const hash = hashOf(out);
    rmSync(resultFile(out, 1));
    truncateSync(resultFile(out, 4), 200);
    expect(await sweep(['status', out])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^6 runs: 4 done, 1 missing, 1 damaged\nended: 4 ok\nmissing: run 1\ndamaged: run 4\n/),
    });
    expect(await sweep(['run', out])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^6 runs: 6 done\n/),
      err: expect.stringMatching(/; 2 to do\n$/),
    });
    for (const name of readdirSync(join(out, 'runs'))) if (!name.endsWith('.json')) rmSync(join(out, 'runs', name)); // the damaged one, put aside
    expect(hashOf(out)).toBe(hash);
    expect(await sweep(['run', six, '--out', out])).toMatchObject({ code: 0, err: expect.stringMatching(/; 0 to do\n$/) });
    // Values of flags are looked at all the same.
    expect(await sweep(['run', out, '--workers', '0'])).toMatchObject({
      code: 2,
      err: '--workers = 0, want a whole number from 1 to 1024\n',
    });
    const chunk = await sweep(['run', out, '--engine', 'parallel', '--chunk', '0']);
    expect(chunk).toMatchObject({ code: 2, err: '--chunk = 0, want a whole number from 1 to 10000\n' });
  });

  test('of a larger plan into the same folder runs what is new; results of other plans are counted apart', async () => {
    const out = join(home, 'grown');
    await sweep(['run', six, '--out', out]);
    const more = written('more.yaml', `${SMALL}grid: {policy: [apart, pin], seed: 2..4}\n`);
    expect(await sweep(['run', more, '--out', out])).toMatchObject({
      code: 0,
      out: `6 runs: 6 done\nended: 6 ok\nkept beside: 4 results of other plans, code or policies\n${tables(out)}`,
      err: expect.stringMatching(/; 4 to do\n$/),
    });
  });

  test('ends with 1 for a policy that fails, whose results are kept; exec and a second time are content with them', async () => {
    written('throwing.ts', throwing);
    const plan = written('failing.yaml', `${SMALL}grid: {policy: [apart, ./throwing.ts], seed: 1..2}\n`);
    const out = join(home, 'failing');
    const first = await sweep(['run', plan, '--out', out, '--workers', '2']);
    expect([first.code, first.out]).toEqual([1, `4 runs: 4 done\nended: 2 ok, 2 policy-error: throw\n${tables(out)}`]);
    expect(first.err).toMatch(
      /run [23] \(policy \.\/throwing\.ts, seed [12]\): policy-error: throw: policy \.\/throwing\.ts, hook make, .*no such luck \(throwing\.ts:3:\d+\)/,
    );
    expect(await sweep(['run', out])).toMatchObject({ code: 1, err: expect.stringMatching(/; 0 to do\n$/) });
    rmSync(resultFile(out, 3));
    expect(await sweep(['exec', out, '--index', '3'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^run 3: policy-error: throw: .*no such luck/),
    });
    expect(await sweep(['status', out])).toMatchObject({ out: expect.stringMatching(/\n {2}\.\/throwing\.ts: 2 of 2, 2 not ok\n/) });
  });

  test('of a folder in use ends with 4, as does a plan for it', async () => {
    const out = join(home, 'busy');
    await sweep(['plan', six, '--out', out]);
    const release = await lockFolder(out);
    expect(await sweep(['run', out])).toMatchObject({ code: 4, err: expect.stringMatching(/busy: in use by /) });
    expect(await sweep(['plan', six, '--out', out])).toMatchObject({ code: 4 });
    expect(await sweep(['status', out])).toMatchObject({ code: 0 });
    release();
    expect(await sweep(['run', out])).toMatchObject({ code: 0 });
  });

  test('of a folder planned by other code is refused, as is exec, until it is planned again', async () => {
    const out = join(home, 'older');
    await sweep(['run', six, '--out', out], '1.2.2');
    const refused = {
      code: 2,
      out: '',
      err: expect.stringMatching(
        /older: planned by 1\.2\.2\+.*, but this is 1\.2\.3\+.*; plan it again \(numalab sweep plan six\.yaml --out /,
      ),
    };
    expect(await sweep(['run', out])).toMatchObject(refused);
    expect(await sweep(['exec', out, '--index', '0'])).toMatchObject(refused);
    expect(await sweep(['run', six, '--out', out])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/kept beside: 6 results of other/),
    });
  });

  test.each([
    [['run', six, '--out', join(home, 'x'), '--workers', '0'], /--workers = 0, want a whole number from 1 to 1024\n$/],
    [['run', six, '--out', join(home, 'x'), '--engine', 'locl'], /^--engine = locl, want one of local.*did you mean local\?\n$/],
    [['run', home, '--out', join(home, 'x')], /is a folder, want a plan before it\n$/],
    [['run', home], /has no manifest\.json, want the folder of a sweep/],
    [['status', home], /has no manifest\.json/],
    [['exec', home, '--index', '0'], /has no manifest\.json/],
    [['run', six], /^--out: left out/],
  ])('%j is refused', async (argv, message) => {
    expect(await sweep(argv)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) });
  });
});

describe('sweep exec', async () => {
  const out = join(home, 'singly');
  await sweep(['plan', six, '--out', out]);

  test.each([
    [[], /want one of --index and --indices/],
    [['--index', '0', '--indices', '1'], /want one of --index and --indices/],
    [['--index', '6'], /^--index = 6, want a run from 0 to 5\n$/],
    [['--index', '-1'], /--index/],
    [['--index', '1e0'], /^--index = 1e0, want a run from 0 to 5\n$/],
    [['--indices', '3-'], /^--indices = 3-, want runs such as 3-7,9 from 0 to 5\n$/],
    [['--indices', '4-9'], /^--indices = 4-9, want runs/],
    [['--indices', '5-3'], /^--indices = 5-3, want runs/],
  ])('%j is refused', async (argv, message) => {
    expect(await sweep(['exec', out, ...argv])).toMatchObject({ code: 2, err: expect.stringMatching(message) });
  });

  test('leaves a sound result as it is, and mends a damaged one', async () => {
    expect(await sweep(['exec', out, '--index', '2'])).toMatchObject({ code: 0, out: expect.stringMatching(/^run 2: ok/) });
    const bytes = readFileSync(resultFile(out, 2));
    expect(await sweep(['exec', out, '--index', '2'])).toMatchObject({ code: 0, out: 'run 2: there already\n' });
    const flipped = Buffer.from(bytes);
    flipped[100]! ^= 1;
    writeFileSync(resultFile(out, 2), flipped);
    expect(await sweep(['exec', out, '--index', '2'])).toMatchObject({ code: 0, out: expect.stringMatching(/^run 2: ok/) });
    expect(readFileSync(resultFile(out, 2)).equals(bytes)).toBe(true);
  });
});

test('sweep status --json tells counts, endings and words', async () => {
  const out = join(home, 'told');
  await sweep(['plan', six, '--out', out]);
  await sweep(['exec', out, '--indices', '0,1,3']);
  const { out: said } = await sweep(['status', out, '--json']);
  expect((await sweep(['status', out])).out).toContain('\nmissing: runs 2,4-5\n');
  expect(JSON.parse(said)).toMatchObject({
    runs: 6,
    done: 3,
    missing: 3,
    damaged: 0,
    firstMissing: [2, 4, 5],
    firstDamaged: [],
    other: 0,
    different: 0,
    endings: { ok: 3 },
    words: {
      policy: { 'kvm-unpinned': { runs: 3, done: 2, notOk: 0 }, apart: { runs: 3, done: 1, notOk: 0 } },
      seed: { 1: { runs: 2, done: 2, notOk: 0 }, 2: { runs: 2, done: 1, notOk: 0 }, 3: { runs: 2, done: 0, notOk: 0 } },
    },
  });
});
