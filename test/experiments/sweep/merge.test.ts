import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runResult, type RunResult } from '../../../experiments/run-result.ts';
import { CAUSES } from '../../../sim/recording.ts';
import type { Manifest } from '../../../experiments/sweep/manifest.ts';
import { mergeResults } from '../../../experiments/sweep/merge.ts';
import { SweepFolder } from '../../../experiments/sweep/sweep-folder.ts';
import { readScenario } from '../../../experiments/scenario-input.ts';
import { recordingOf } from '../recording-fixture.ts';
import { registries } from '../scenario-fixtures.ts';
import { readCsv } from './csv-reader.ts';
import { executed, planned, SMALL, temporary } from './small-sweep-fixture.ts';

const { path, remove } = temporary();
afterAll(remove);

let folder: SweepFolder;
beforeAll(async () => {
  folder = await planned(join(path, 'sweep'), SMALL);
  await executed(folder);
});

const parquetRows = async (of: SweepFolder): Promise<Record<string, unknown>[]> =>
  parquetReadObjects({ file: await asyncBufferFromFile(join(of.path, 'results.parquet')) });
const csvRows = (of: SweepFolder): (string | null)[][] => readCsv(readFileSync(join(of.path, 'results.csv'), 'utf8'));
const hashes = (of: SweepFolder): string[] =>
  ['results.parquet', 'results.csv'].map((name) =>
    createHash('sha256')
      .update(readFileSync(join(of.path, name)))
      .digest('hex'),
  );

describe('the results of two policies, one and three guests, three seeds', () => {
  test('become a row for each run, guest and metric, each with the figure of the stored result', async () => {
    const outcome = mergeResults(folder);
    expect(outcome).toMatchObject({ runs: 12, merged: 12, missing: [], damaged: [] });
    const rows = await parquetRows(folder);
    expect(rows.length).toBe(outcome.rows);
    const told = new Map(rows.map((row) => [`${row.run}/${row.guest}/${row.metric}`, row]));
    expect(told.size).toBe(rows.length); // none twice
    let wanted = 0;
    for (let index = 0; index < 12; index++) {
      const result = JSON.parse(readFileSync(folder.resultFile(index), 'utf8')).result as RunResult;
      for (const [guest, figures] of [
        ...result.guests.map((of) => [of.name, leaves(of)] as const),
        [null, leaves(result.total, result)] as const,
      ]) {
        for (const [metric, value] of figures) {
          wanted++;
          expect(told.get(`${index}/${guest}/${metric}`), `${index}/${guest}/${metric}`).toMatchObject({
            run: index,
            id: folder.manifest.runs[index]!.id.slice(0, 12),
            status: 'ok',
            seed: 1 + (index % 3),
            policy: index < 6 ? 'kvm-unpinned' : 'apart:margin=0.2',
            guests: index % 6 < 3 ? 1 : 3,
            machine: 'lopsided',
            workload: result.workload,
            guest,
            guestWorkload: guest === null ? null : result.workload,
            value,
          });
        }
      }
    }
    expect(rows.length).toBe(wanted);
  });

  test('are the same in CSV, cell by cell', async () => {
    mergeResults(folder);
    const [names, ...records] = csvRows(folder);
    const rows = await parquetRows(folder);
    expect(names).toEqual('run,id,status,seed,policy,guests,machine,workload,guest,guestWorkload,metric,unit,value'.split(','));
    expect(records).toEqual(rows.map((row) => names!.map((name) => (row[name!] === null ? null : String(row[name!])))));
  });

  test('stand in the order of the manifest, guests before the whole run', async () => {
    mergeResults(folder);
    const rows = await parquetRows(folder);
    const order = rows.map(({ run, guest }) => `${run as number}/${guest as string}`).filter((key, i, all) => key !== all[i - 1]);
    const guestsOf = (index: number): (string | null)[] => [...folder.result(index)!.guests.map(({ name }) => name), null];
    expect(order).toEqual(folder.manifest.runs.flatMap((_, index) => guestsOf(index).map((guest) => `${index}/${guest}`)));
  });

  test('carry version, code and plan, and neither a date nor a path', async () => {
    mergeResults(folder);
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(join(folder.path, 'results.parquet')));
    expect(metadata.key_value_metadata).toEqual([
      { key: 'numalab.version', value: '1.2.3' },
      { key: 'numalab.code', value: folder.manifest.code },
      { key: 'numalab.planSha256', value: createHash('sha256').update(folder.manifest.plan.text).digest('hex') },
    ]);
    const bytes = readFileSync(join(folder.path, 'results.parquet'), 'latin1');
    expect(bytes).not.toContain(path);
    expect(bytes).not.toContain(String(new Date().getFullYear()));
  });

  test('give the same bytes when made elsewhere in the opposite order, and nothing is left beside them', async () => {
    mergeResults(folder);
    const other = await planned(join(path, 'other'), SMALL);
    await executed(
      other,
      folder.manifest.runs.map((_, i) => 11 - i),
    );
    mergeResults(other);
    expect(hashes(other)).toEqual(hashes(folder));
    expect(readdirSync(other.path).sort()).toEqual(['manifest.json', 'results.csv', 'results.parquet', 'runs']);
  });
});

describe('of results that are not all there', () => {
  test('the missing and the damaged are named, the others merged', async () => {
    const partial = await planned(join(path, 'partial'), SMALL);
    await executed(partial, [0, 4, 5, 11]);
    const file = partial.resultFile(4);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"ok"', '"OK"'));
    const outcome = mergeResults(partial);
    expect(outcome.missing).toEqual([1, 2, 3, 6, 7, 8, 9, 10]);
    expect(outcome.damaged).toEqual([{ index: 4, file }]);
    expect(outcome.merged).toBe(3);
    expect([...new Set((await parquetRows(partial)).map(({ run }) => run))]).toEqual([0, 5, 11]);
  });

  test('a table that cannot be written leaves the one that stood there', async () => {
    const partial = SweepFolder.open(join(path, 'partial'));
    mergeResults(partial);
    const before = hashes(partial);
    rmSync(partial.resultFile(0));
    writeFileSync(partial.resultFile(5), 'not one of ours');
    Object.defineProperty(partial.manifest.runs, '7', {
      get: () => {
        throw new Error('the middle of it all');
      },
    });
    expect(() => mergeResults(partial)).toThrow('the middle of it all');
    expect(hashes(partial)).toEqual(before);
    expect(readdirSync(partial.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a varied word', () => {
  test.each([
    ['is a whole number where all its texts are', ['1', '-20', '300'], [1, -20, 300]],
    ['is a number where all its texts are', ['0.5', '2', '1e-3'], [0.5, 2, 0.001]],
    ['is text where one is none', ['1', '2', 'none'], ['1', '2', 'none']],
    ['is text where a number would not be written so', ['007', '8', '9'], ['007', '8', '9']],
    ['is text where a double cannot hold one', ['9007199254740993', '1', '2'], ['9007199254740993', '1', '2']],
    ['may be missing in a run', ['1', undefined, '3'], [1, null, 3]],
    ['that is a mapping is JSON', [{ a: '1' }, 'b', ['c', 'd']], ['{"a":"1"}', 'b', '["c","d"]']],
    ['keeps what spreadsheets and CSV would stumble over', ['=1+1', 'a,"b"\r\nc', 'Größe 😀'], ['=1+1', 'a,"b"\r\nc', 'Größe 😀']],
  ])('%s', async (_, texts, cells) => {
    const of = await madeUp({ word: 'costs.hook', texts });
    mergeResults(of);
    const rows = await parquetRows(of);
    const first = (index: number): unknown => rows.find(({ run }) => run === index)!['costs.hook'];
    expect([0, 1, 2].map(first)).toEqual(cells);
    const [names, ...records] = csvRows(of);
    const at = names!.indexOf('costs.hook');
    const guarded = cells.map((cell) => (cell === null ? null : `${cell}`.replace(/^=/, "'=")));
    expect([0, 1, 2].map((index) => records.find(([run]) => run === String(index))![at])).toEqual(guarded);
  });

  test('called as a column of the table is refused', async () => {
    await expect(madeUp({ word: 'metric', texts: ['1', '2', '3'] }).then(mergeResults)).rejects.toThrow('varied word metric');
  });
});

test('more rows than fit into one group come back as they were', async () => {
  // a made-up run has 46 rows of its guest and 55 of the whole: 700 runs are 70700 rows
  const of = await madeUp({ word: 'x', texts: Array.from({ length: 700 }, (_, i) => String(i)) });
  const { rows } = mergeResults(of);
  expect(rows).toBe(70_700);
  const table = await parquetRows(of);
  expect(table.length).toBe(rows);
  expect(table.every(({ run, x }) => run === x)).toBe(true);
  const works = table.filter(({ guest, metric }) => guest === null && metric === 'throughput');
  expect(works.map(({ value, unit }) => [value, unit])).toEqual(works.map((_, i) => [i + 0.5, 'stares/s']));
});

test('of a result in which every figure differs each stands under its own name', async () => {
  const of = await madeUp({ word: 'x', texts: ['1', '2'] });
  mergeResults(of);
  const rows = await parquetRows(of);
  for (const index of [0, 1]) {
    const result = of.result(index)!;
    for (const [guest, figures] of [
      [result.guests[0]!.name, leaves(result.guests[0]!)] as const,
      [null, leaves(result.total, result)] as const,
    ]) {
      const told = rows.filter((row) => row.run === index && row.guest === guest).map(({ metric, value }) => [metric, value]);
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(figures));
    }
  }
});

test('a total of unlike units and a figure that was not taken have no row', async () => {
  const of = await madeUp({
    word: 'x',
    texts: ['1'],
    change: (result) => ({ ...result, total: { ...result.total, throughput: { value: null, unit: 'mixed' } } }),
  });
  mergeResults(of);
  const rows = await parquetRows(of);
  expect(rows.filter(({ metric, guest }) => metric === 'throughput' && guest === null)).toEqual([]);
  expect(rows.filter(({ metric }) => metric === 'throughput').length).toBe(1);
});

/** Results nobody ran: what is tested is how they are told. */
async function madeUp(of: {
  word: string;
  texts: readonly (Manifest['runs'][number]['words'][string] | undefined)[];
  change?: (result: RunResult) => RunResult;
}): Promise<SweepFolder> {
  const scenario = readScenario({ flags: {} }, registries);
  const runs = of.texts.map((text, i) => ({
    id: createHash('sha256').update(String(i)).digest('hex'),
    words: text === undefined ? {} : { [of.word]: text },
  }));
  const manifest: Manifest = {
    ...folder.manifest,
    words: {},
    varied: [of.word],
    runs,
  };
  const made = SweepFolder.create(join(path, `made-${of.word}-${of.texts.length}`), manifest, new Map());
  rmSync(join(made.path, 'runs'), { recursive: true, force: true });
  runs.forEach((_, i) => {
    const result = runResult(scenario, recordingOf(scenario, i + 0.5), '1.2.3');
    made.put(i, of.change ? of.change(result) : result);
  });
  return made;
}

/** Names and figures of a guest or, with `run`, of the whole run, found without the table under test. */
function leaves(of: RunResult['total'] | RunResult['guests'][number], run?: RunResult): [string, number][] {
  const upper = (text: string): string => text[0]!.toUpperCase() + text.slice(1);
  const found: [string, number | null][] = [];
  for (const [name, value] of Object.entries(of)) {
    if (['memoryBytes', 'vcpus', 'vnodes', 'weight', 'capPercent', 'arrivesNs', 'departsNs', 'bootShare'].includes(name)) continue;
    if (typeof value === 'number') found.push([name, value]);
    else if (name === 'throughput') found.push([name, (value as { value: number | null }).value]);
    else if (name === 'accessesByHop')
      found.push(...Object.entries(value as object).map(([hop, lines]): [string, number] => [`accesses${upper(hop)}`, lines]));
    else if (name === 'migrations')
      found.push(...Object.entries(value as object).map(([kind, count]): [string, number] => [`migrations${upper(kind)}`, count]));
    else if (name === 'causes') found.push(...CAUSES.map((cause): [string, number] => [`cause${upper(cause)}Ns`, of.causes[cause]]));
    else if (name === 'figures') found.push(...(Object.entries(value as object) as [string, number][]));
  }
  for (const [name, value] of Object.entries(run ?? {}))
    if (typeof value === 'number' && name !== 'schemaVersion') found.push([name, value]);
  return found.filter((entry): entry is [string, number] => entry[1] !== null);
}
