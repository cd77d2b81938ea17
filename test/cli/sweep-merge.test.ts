import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { executed, planned, SMALL, temporary } from '../experiments/sweep/small-sweep-fixture.ts';
import { session } from './session.ts';

const { path, remove } = temporary();
afterAll(remove);
const sweep = join(path, 'sweep');
const folder = await planned(sweep, { ...SMALL, runs: SMALL.runs.slice(3, 6) }); // three runs of three guests

describe('sweep merge', () => {
  test('of a sweep of which a run is missing merges the others and fails, unless that is accepted', async () => {
    await executed(folder, [0, 2]);
    const strict = await session(['sweep', 'merge', sweep]);
    expect(strict.code).toBe(1);
    expect(strict.out).toMatch(/^2 of 3 runs merged, \d+ rows\n/);
    expect(strict.err).toBe(`1 result of ${sweep} to make: numalab sweep run finishes them\n`);
    expect(await session(['sweep', 'merge', sweep, '--partial'])).toEqual({ ...strict, code: 0 });
  });

  test('of a whole sweep says where the tables are', async () => {
    await executed(folder, [1]);
    const { code, out, err } = await session(['sweep', 'merge', sweep]);
    const rows = readFileSync(join(sweep, 'results.csv'), 'utf8').trimEnd().split('\r\n').length - 1;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(`3 of 3 runs merged, ${rows} rows\n${sweep}/results.parquet\n${sweep}/results.csv\n`);
  });

  test('tells it as JSON', async () => {
    const { out } = await session(['sweep', 'merge', sweep, '--json']);
    expect(JSON.parse(out)).toMatchObject({ schemaVersion: 1, runs: 3, merged: 3, missing: [], damaged: [] });
  });

  test('names a damaged result and ends with 3, accepted or not', async () => {
    const file = folder.resultFile(1);
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -1));
    const { code, out, err } = await session(['sweep', 'merge', sweep, '--partial']);
    expect(code).toBe(3);
    expect(out).toMatch(/^2 of 3 runs merged/);
    expect(err.split('\n')[0]).toMatch(/^run 1: .*runs\/[0-9a-f]{64}\.json is damaged and left out$/);
  });

  test('of a folder without a manifest is bad input', async () => {
    expect(await session(['sweep', 'merge', path])).toMatchObject({ code: 2, out: '' });
  });
});
