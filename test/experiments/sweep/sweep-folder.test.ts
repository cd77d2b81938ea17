import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../experiments/failures.ts';
import { FILE_CALLS, type FileCalls } from '../../../experiments/file-calls.ts';
import { InputError } from '../../../experiments/input-error.ts';
import { resultText } from '../../../experiments/sweep/result-file.ts';
import { DifferentResult, SweepFolder } from '../../../experiments/sweep/sweep-folder.ts';
import { executed, INPUTS, MANIFEST, scratch, sha256, NOTE } from './three-runs-fixture.ts';

const base = scratch();
afterAll(() => rmSync(base, { recursive: true }));

function created(files?: FileCalls): SweepFolder {
  return SweepFolder.create(join(mkdtempSync(join(base, 'sweep-')), 'out'), MANIFEST, INPUTS, files);
}

function ran(folder: SweepFolder, index: number): ReturnType<typeof executed> {
  return executed(folder.orderOf(index));
}

const idOf = (index: number): string => MANIFEST.runs[index]!.id;

test('a sweep is opened as it was planned, in a folder of any name', () => {
  const path = join(base, 'Läufe von\u202egestern', 'a b');
  SweepFolder.create(path, MANIFEST, INPUTS);
  const folder = SweepFolder.open(path);
  expect(folder.manifest).toEqual(MANIFEST);
  expect(folder.orderOf(2)).toEqual({
    words: { ...MANIFEST.words, seed: '7' },
    policies: [],
    files: { 'note.txt': NOTE },
    timelinePoints: 0,
  });
  expect(folder.put(2, ran(folder, 2))).toBe('written');
  expect([0, 1, 2].map((index) => folder.stateOf(index))).toEqual(['missing', 'missing', 'done']);
});

test('a result that is there already is kept once', () => {
  const folder = created();
  expect([folder.put(0, ran(folder, 0)), folder.put(0, ran(folder, 0))]).toEqual(['written', 'same']);
  expect(readdirSync(join(folder.path, 'runs'))).toEqual([`${idOf(0)}.json`]);
});

describe('a result', () => {
  const spoil: Readonly<Record<string, (file: string) => void>> = {
    'that is torn': (file) => writeFileSync(file, readFileSync(file).subarray(0, -1)),
    'that is empty': (file) => writeFileSync(file, ''),
    'in whose place a folder stands': (file) => {
      rmSync(file);
      mkdirSync(file);
    },
    'in whose place a pipe stands': (file) => {
      rmSync(file);
      execFileSync('mkfifo', [file]);
    },
    'in whose place a link to a sound one stands': (file) => {
      renameSync(file, `${file}.sound`);
      symlinkSync(`${file}.sound`, file);
    },
    'that is of another run': (file) => writeFileSync(file, resultText(idOf(2), ran(created(), 2))),
  };
  test.each(Object.keys(spoil))('%s is damaged, put aside and done again', (what) => {
    const folder = created();
    folder.put(1, ran(folder, 1));
    const file = folder.resultFile(1);
    const sound = readFileSync(file);
    spoil[what]!(file);
    expect([0, 1].map((index) => folder.stateOf(index))).toEqual(['missing', 'damaged']);
    expect(folder.put(1, ran(folder, 1))).toBe('written');
    expect(folder.stateOf(1)).toBe('done');
    expect(readFileSync(file)).toEqual(sound);
    expect(existsSync(`${file}.damaged`)).toBe(true);
  });

  test('that is damaged again and again leaves one file aside, the last', () => {
    const folder = created();
    for (const damage of ['first', 'second', 'third']) {
      folder.put(0, ran(folder, 0));
      writeFileSync(folder.resultFile(0), damage);
      folder.put(0, ran(folder, 0));
    }
    expect(readdirSync(join(folder.path, 'runs')).sort()).toEqual([`${idOf(0)}.json`, `${idOf(0)}.json.damaged`]);
    expect(readFileSync(`${folder.resultFile(0)}.damaged`, 'utf8')).toBe('third');
  });

  test('of other bytes under the same id is an alarm that names both, and stays one', () => {
    const folder = created();
    folder.put(0, ran(folder, 0));
    const sound = readFileSync(folder.resultFile(0));
    const other = { ...ran(folder, 0), instants: ran(folder, 0).instants + 1 };
    const alarm = errorOf(() => folder.put(0, other));
    expect(alarm).toBeInstanceOf(DifferentResult);
    expect(alarm).toBeInstanceOf(StoreError); // exit code 3
    const file = folder.resultFile(0);
    expect(alarm!.message).toBe(`run 0 (${idOf(0)}): gave other bytes than before; both are kept, ${file} and ${file}.different`);
    expect([readFileSync(file), readFileSync(`${file}.different`, 'utf8')]).toEqual([sound, resultText(idOf(0), other)]);
    expect(SweepFolder.open(folder.path).differentFiles()).toEqual([`${file}.different`]);
    expect(folder.stateOf(0)).toBe('done');
  });

  test('of other bytes is an alarm too when another process kept its own while this one wrote', () => {
    const folder = created();
    const other = { ...ran(folder, 0), instants: 1 };
    const fsyncSync: typeof FILE_CALLS.fsyncSync = (file) => {
      FILE_CALLS.fsyncSync(file);
      if (!existsSync(folder.resultFile(0))) writeFileSync(folder.resultFile(0), resultText(idOf(0), other));
    };
    const slow = SweepFolder.open(folder.path, { ...FILE_CALLS, fsyncSync });
    expect(() => slow.put(0, ran(folder, 0))).toThrow(DifferentResult);
  });

  test('that the disk refuses to give is neither done nor damaged: the disk is to blame', () => {
    const folder = created();
    folder.put(0, ran(folder, 0));
    const readFileSync = ((path: string, options: object) => {
      if (path.includes('runs')) throw Object.assign(new Error('EACCES: permission denied, open'), { code: 'EACCES' });
      return FILE_CALLS.readFileSync(path, options);
    }) as typeof FILE_CALLS.readFileSync;
    const closed = SweepFolder.open(folder.path, { ...FILE_CALLS, readFileSync });
    expect(errorOf(() => closed.stateOf(0))).toBeInstanceOf(StoreError);
    expect(errorOf(() => closed.stateOf(0))!.message).toMatch(/\.json: EACCES \(permission denied\), it cannot be read$/);
  });
});

describe('an input', () => {
  test.each([
    ['flipped', (file: string) => writeFileSync(file, NOTE.replace('1,000', '1,001')), 'is damaged'],
    ['gone', (file: string) => rmSync(file), 'is missing'],
  ])('that is %s is found, and is there again once the sweep is planned again', (_, spoil, message) => {
    const folder = created();
    spoil(join(folder.path, 'inputs', sha256(NOTE)));
    const error = errorOf(() => folder.orderOf(0));
    expect(error).toBeInstanceOf(StoreError);
    expect(error!.message).toMatch(new RegExp(`${message}; plan the sweep again, its results are kept$`));
    expect(SweepFolder.create(folder.path, MANIFEST, INPUTS).orderOf(0).files).toEqual({ 'note.txt': NOTE });
  });
});

describe('a manifest', () => {
  test('that is torn is refused, and written anew with its results kept', () => {
    const folder = created();
    folder.put(0, ran(folder, 0));
    const file = join(folder.path, 'manifest.json');
    writeFileSync(file, readFileSync(file).subarray(0, 400));
    const error = errorOf(() => SweepFolder.open(folder.path));
    expect(error).toBeInstanceOf(StoreError);
    expect(error!.message).toMatch(
      /manifest\.json: is damaged; plan the sweep again, its results are kept \(numalab sweep run PLAN --out DIR\)$/,
    );
    SweepFolder.create(folder.path, MANIFEST, INPUTS);
    expect(SweepFolder.open(folder.path).stateOf(0)).toBe('done');
  });
});

describe('refused with exit code 2, and nothing outside is touched:', () => {
  const outside = join(base, 'outside');
  mkdirSync(outside);
  const cases: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    ['no such folder', (path) => rmSync(path, { recursive: true }), /out: has no manifest\.json, want the folder of a sweep/],
    [
      'a file for a folder',
      (path) => {
        rmSync(path, { recursive: true });
        writeFileSync(path, '');
      },
      /out: is a file, want the folder of a sweep$/,
    ],
    ['no manifest', (path) => rmSync(join(path, 'manifest.json')), /out: has no manifest\.json/],
    ['runs that are a file', (path) => writeFileSync(join(path, 'runs'), ''), /runs: is a file, want a folder$/],
    ['runs that lead out', (path) => symlinkSync(outside, join(path, 'runs')), /runs: is a link, want a folder$/],
    [
      'inputs that lead out',
      (path) => {
        rmSync(join(path, 'inputs'), { recursive: true });
        symlinkSync(outside, join(path, 'inputs'));
      },
      /inputs: is a link, want a folder$/,
    ],
    [
      'a manifest that leads out',
      (path) => {
        renameSync(join(path, 'manifest.json'), join(outside, 'manifest.json'));
        symlinkSync(join(outside, 'manifest.json'), join(path, 'manifest.json'));
      },
      /manifest\.json: is a link, want a file$/,
    ],
    [
      'a manifest that is a folder',
      (path) => {
        rmSync(join(path, 'manifest.json'));
        mkdirSync(join(path, 'manifest.json'));
      },
      /manifest\.json: is a folder, want a file$/,
    ],
  ];
  test.each(cases)('%s', (_, spoil, message) => {
    const { path } = created();
    spoil(path);
    const error = errorOf(() => SweepFolder.open(path));
    expect(error).toBeInstanceOf(InputError);
    expect(error!.message).toMatch(message);
  });
  test.each(cases.filter(([what]) => !what.startsWith('no ')))('to be planned there: %s', (_, spoil, message) => {
    const { path } = created();
    spoil(path);
    const before = readdirSync(outside);
    expect(() => SweepFolder.create(path, MANIFEST, INPUTS)).toThrow(message);
    expect(readdirSync(outside)).toEqual(before);
  });
  test.each(['x\0y', 'n'.repeat(5_000)])('a name that no folder has: %s', (path) => {
    expect(errorOf(() => SweepFolder.open(path))).toBeInstanceOf(InputError);
  });
});

test.each(['EROFS', 'EACCES', 'ESTALE'])(
  'a folder that cannot be written to (%s) can be looked at, and says so when written to',
  (code) => {
    const folder = created();
    folder.put(0, ran(folder, 0));
    const refused = (): never => {
      throw Object.assign(new Error(`${code}: so it is, open`), { code });
    };
    const openSync = ((path: string, flags: string) =>
      flags === 'r' ? FILE_CALLS.openSync(path, flags) : refused()) as FileCalls['openSync'];
    const closed = SweepFolder.open(folder.path, { ...FILE_CALLS, openSync, unlinkSync: refused });
    expect([closed.clean(), closed.stateOf(0), closed.stateOf(1)]).toEqual([0, 'done', 'missing']);
    const error = errorOf(() => closed.put(1, ran(folder, 1)));
    expect(error).toBeInstanceOf(StoreError);
    expect(error!.message).toMatch(new RegExp(`\\.json: ${code} \\(so it is\\), the result is not written$`));
  },
);

function errorOf(act: () => unknown): Error | null {
  try {
    act();
    return null;
  } catch (error) {
    return error as Error;
  }
}
