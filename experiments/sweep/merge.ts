import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { WholeFile } from '../whole-file.ts';
import { type Cell, columnsOf } from './columns.ts';
import { CsvTable } from './csv-table.ts';
import { type MetricValue, metricsOfGuest, metricsOfRun } from './metrics.ts';
import { ParquetTable } from './parquet-table.ts';
import { DamagedResult } from './result-file.ts';
import type { SweepFolder } from './sweep-folder.ts';

export interface MergeOutcome {
  readonly runs: number;
  readonly merged: number;
  readonly rows: number;
  /** Indices of the runs without a result. */
  readonly missing: readonly number[];
  readonly damaged: readonly { readonly index: number; readonly file: string }[];
  readonly files: { readonly parquet: string; readonly csv: string };
}

/**
 * Makes one table of the results that are there, as `results.parquet` and `results.csv`: a row for each run, guest and metric, in the
 * order of the manifest, one result in memory at a time. Damaged results are left out and named. The same results give the same bytes,
 * whoever made them, in whatever order.
 * @throws StoreError if the tables cannot be written; those that stood there stay
 */
export function mergeResults(folder: SweepFolder, onRun: (done: number) => void = () => {}): MergeOutcome {
  const { manifest } = folder;
  const columns = columnsOf(manifest);
  const files = { parquet: join(folder.path, 'results.parquet'), csv: join(folder.path, 'results.csv') };
  const open: WholeFile[] = [];
  try {
    const [parquetFile, csvFile] = Object.values(files).map((path) => {
      const file = new WholeFile(path);
      open.push(file);
      return file;
    }) as [WholeFile, WholeFile];
    const csv = new CsvTable(csvFile, [...columns.map(({ name }) => name), 'metric', 'unit', 'value']);
    const parquet = new ParquetTable(
      parquetFile,
      columns,
      {
        'numalab.version': manifest.version,
        'numalab.code': manifest.code,
        'numalab.planSha256': createHash('sha256').update(manifest.plan.text).digest('hex'),
      },
      `numalab version ${manifest.version}`,
    );
    let rows = 0;
    const add = (lead: readonly Cell[], values: readonly MetricValue[]): void => {
      csv.add(lead, values);
      parquet.add(lead, values);
      rows += values.length;
    };
    const missing: number[] = [];
    const damaged: { index: number; file: string }[] = [];
    manifest.runs.forEach((_, index) => {
      onRun(index);
      const result = soundResult(folder, index);
      if (result === 'damaged') damaged.push({ index, file: folder.resultFile(index) });
      else if (result === null) missing.push(index);
      else {
        for (const guest of result.guests)
          add(
            columns.map((column) => column.of(index, result, guest)),
            metricsOfGuest(guest),
          );
        add(
          columns.map((column) => column.of(index, result, null)),
          metricsOfRun(result),
        );
      }
    });
    parquet.finish();
    csv.finish();
    parquetFile.commit();
    csvFile.commit();
    return { runs: manifest.runs.length, merged: manifest.runs.length - missing.length - damaged.length, rows, missing, damaged, files };
  } finally {
    for (const file of open) file.abandon();
  }
}

function soundResult(folder: SweepFolder, index: number): ReturnType<SweepFolder['result']> | 'damaged' {
  try {
    return folder.result(index);
  } catch (error) {
    if (error instanceof DamagedResult) return 'damaged';
    throw error;
  }
}
