import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../experiments/failures.ts';
import { type FileCalls, FILE_CALLS } from '../../../experiments/file-calls.ts';
import { InputError } from '../../../experiments/input-error.ts';
import { SweepFolder } from '../../../experiments/sweep/sweep-folder.ts';
import { tally } from '../../tally.ts';
import { Ended, FAULTS, FaultyFiles } from './faulty-files.ts';
import { contentOf, executed, INPUTS, MANIFEST, scratch } from './three-runs-fixture.ts';

/**
 * SQLite's method: the first call to the disk fails, then in another sweep the second, and so on until a sweep makes no more calls than
 * that. After each the same sweep is started again, on a disk that works.
 */
const base = scratch();
afterAll(() => rmSync(base, { recursive: true }));

let injected = 0;
let lost = 0;
let twice = 0;
let halfTaken = 0;
afterAll(() =>
  tally('disk', {
    'faults injected into calls to the disk': injected,
    'runs lost': lost,
    'runs duplicated': twice,
    'damaged files believed': halfTaken,
  }),
);

const soundFolder = join(base, 'sound');
sweep(soundFolder, FILE_CALLS, []);
const sound = contentOf(soundFolder);

test('a sweep without faults leaves manifest, input and three results, and nothing else', () => {
  const runs = MANIFEST.runs.map(({ id }) => `runs/${id}.json`);
  expect(Object.keys(sound).sort()).toEqual([...INPUTS.keys()].map((name) => `inputs/${name}`).concat('manifest.json', runs.sort()));
});

describe('whichever call to the disk is struck, nothing finished is lost and the next sweep is that without faults:', () => {
  test.each(FAULTS)('%s', (fault) => {
    const root = mkdtempSync(join(base, 'fault-'));
    let at = 0;
    for (let hasStruck = true; hasStruck;) {
      const name = `${fault}, call ${++at}`;
      const folder = join(root, 'new', 'sweep');
      const faulty = new FaultyFiles(root, fault, at);
      const kept: number[] = [];
      const error = errorOf(() => sweep(folder, faulty.files, kept));
      ({ hasStruck } = faulty);
      injected += faulty.injected;
      if (!hasStruck) expect(error, name).toBeNull();
      if (error)
        expect(
          [Ended, StoreError, InputError].some((kind) => error instanceof kind),
          `${name}: ${String(error)}`,
        ).toBe(true);

      const stands = kept.length === 0 ? [] : statesOf(folder);
      lost += kept.filter((index) => stands[index] !== 'done').length;
      halfTaken += stands.filter((state) => state === 'damaged').length;
      expect(
        kept.map((index) => stands[index]),
        name,
      ).toEqual(kept.map(() => 'done'));

      const again = sweep(folder, FILE_CALLS, []);
      const content = contentOf(folder);
      twice += Object.keys(content).length - Object.keys(sound).length;
      expect(content, name).toEqual(sound);
      expect(
        again.filter((index) => kept.includes(index)),
        `${name}: what was finished is not run again`,
      ).toEqual([]);
      rmSync(join(root, 'new'), { recursive: true });
    }
    expect(at).toBeGreaterThan(40); // calls that a sweep makes: a fault that never strikes tests nothing
  });
});

/** As `sweep run` does with one worker. `kept` is told of each run when its result is said to be kept; returns what was run. */
function sweep(path: string, files: FileCalls, kept: number[]): number[] {
  const folder = SweepFolder.create(path, MANIFEST, INPUTS, files);
  folder.clean();
  const ran: number[] = [];
  for (const index of MANIFEST.runs.keys()) {
    if (folder.stateOf(index) === 'done') continue;
    ran.push(index);
    folder.put(index, executed(folder.orderOf(index)));
    kept.push(index);
  }
  return ran;
}

function statesOf(path: string): string[] {
  const folder = SweepFolder.open(path);
  return [...MANIFEST.runs.keys()].map((index) => folder.stateOf(index));
}

function errorOf(act: () => unknown): Error | null {
  try {
    act();
    return null;
  } catch (error) {
    return error as Error;
  }
}
