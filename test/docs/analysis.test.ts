import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunWords } from '../../experiments/runs/run-order.ts';
import { mergeResults } from '../../experiments/sweep/merge.ts';
import type { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { columnTable, metricTable } from '../../experiments/sweep/table-text.ts';
import { readYaml, type Tree } from '../../experiments/yaml-tree.ts';
import { executed, planned, temporary } from '../experiments/sweep/small-sweep-fixture.ts';

/** What docs/analysis.md shows is made here from what it tells a reader to type. */
const page = readFileSync(new URL('../../docs/analysis.md', import.meta.url), 'utf8');
const metricsPage = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([^\`]+)\`\`\``).exec(page)![1]!;

const { path, remove } = temporary();
afterAll(remove);

let folder: SweepFolder;
let totals: readonly Record<string, unknown>[];
beforeAll(async () => {
  const { grid, ...words } = readYaml('plan.yaml', block('yaml')).value as Record<string, Tree>;
  const varied = Object.keys(grid as object);
  const runs = varied.reduce<RunWords[]>(
    (made, word) => made.flatMap((run) => ((grid as Record<string, Tree[]>)[word] as Tree[]).map((value) => ({ ...run, [word]: value }))),
    [{}],
  );
  folder = await planned(join(path, 'study'), { words, varied, runs });
  await executed(folder);
  mergeResults(folder);
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(folder.path, 'results.parquet')) });
  totals = rows.filter(({ metric, guest }) => metric === 'throughput' && guest === null);
});

test('the columns it lists are those of the tables', () => expect(page).toContain(columnTable(folder.manifest)));

test('docs/metrics.md lists the metrics there are', () => expect(metricsPage.endsWith(`\n\n${metricTable()}`)).toBe(true));

describe('the answer it shows', () => {
  const shown = [...page.matchAll(/^│ (\S+) +│ +(\d+) │ +([\d.]+) │ +([\d.]+) │ +(\d+) │$/gm)].map(([, policy, ...figures]) => [
    policy,
    ...figures.map(Number),
  ]);

  test('is that of the query, to two decimals', () => {
    const groups = [1, 7].flatMap((guests) => ['apart', 'kvm-unpinned'].map((policy) => ({ guests, policy })));
    const answer = groups.map(({ guests, policy }) => {
      const values = totals.filter((row) => row.guests === guests && row.policy === policy).map(({ value }) => value as number);
      return [policy, guests, round(mean(values)), round(sampleStandardDeviation(values)), values.length];
    });
    expect(answer).toEqual(shown);
  });

  test.skipIf(!hasPython('duckdb'))('is what DuckDB prints (skipped where python3 has no duckdb)', () => {
    const printed = python(`import duckdb\nprint(duckdb.sql("""${block('sql')}"""))`);
    expect(page).toContain(`\`\`\`\n${printed.trimEnd()}\n\`\`\``);
  });

  test.skipIf(!hasPython('pandas, pyarrow'))('is what pandas finds (skipped where python3 has no pandas and pyarrow)', () => {
    const figures = python(block('python')).match(/^\d.*$/gm)!;
    const rows = figures.map((line) => line.trim().split(/\s+/).map(Number));
    expect(rows).toEqual([1, 7].map((guests) => [guests, ...shown.filter(([, of]) => of === guests).map(([, , GBps]) => GBps)]));
  });

  test.skipIf(!hasPython('pandas, pyarrow'))(
    'is the same from CSV, to the last bit (skipped where python3 has no pandas and pyarrow)',
    () => {
      const read = /`(pd\.read_csv\([^`]+\))`/.exec(page)![1]!;
      const same = `import pandas as pd\npd.testing.assert_frame_equal(pd.read_parquet("study/results.parquet"), ${read}, check_dtype=False, check_exact=True)\nprint("same")`;
      expect(python(same)).toBe('same\n');
    },
  );

  test.skipIf(!has('gnuplot'))('is what gnuplot draws (skipped where there is no gnuplot)', () => {
    const drawing = execFileSync('gnuplot', ['-e', `set terminal dumb 60 20; ${block('gnuplot').trim().replaceAll('\n', '; ')}`], {
      cwd: path,
      encoding: 'utf8',
    });
    expect(drawing).toContain('kvm-unpinned');
    expect(drawing).toContain('25');
  });

  test.skipIf(!has('Rscript'))('is what R finds (skipped where there is no R)', () => {
    const read = 'read.csv("study/results.csv", na.strings = "")';
    const printed = execFileSync('Rscript', ['-e', block('r').replace(/arrow::read_parquet\([^)]*\)/, read)], {
      cwd: path,
      encoding: 'utf8',
    });
    const rows = [...printed.matchAll(/^\d+\s+(\S+)\s+(\d+)\s+([\d.]+)$/gm)].map(([, policy, guests, value]) => [
      policy,
      Number(guests),
      round(Number(value)),
    ]);
    expect(rows).toEqual(shown.map((row) => row.slice(0, 3)));
  });
});

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function hasPython(modules: string): boolean {
  return has('python3', ['-c', `import ${modules}`]);
}

function has(program: string, argv = ['--version']): boolean {
  try {
    execFileSync(program, argv, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function python(code: string): string {
  return execFileSync('python3', ['-c', code], { cwd: path, encoding: 'utf8' });
}
