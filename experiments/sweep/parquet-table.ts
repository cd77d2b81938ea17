import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer';
import type { WholeFile } from '../whole-file.ts';
import type { Cell, Column } from './columns.ts';
import type { MetricValue } from './metrics.ts';

/** Rows kept before they are written: what the memory of a merge hangs on. */
const GROUP_ROWS = 65_536;

const TYPES = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  integer: { type: 'INT32' },
  number: { type: 'DOUBLE' },
} as const;

/** The Parquet of a sweep's results, written one group of rows after the other. Equal rows give equal bytes. */
export class ParquetTable {
  readonly #columns: readonly Column[];
  readonly #file: WholeFile;
  readonly #bytes = new ByteWriter(1 << 20);
  readonly #parquet: ParquetWriter;
  // The rows of the group, column by column; kept from group to group, as their making would cost more than their filling.
  readonly #lead: Cell[][]; //            [column][row]
  readonly #metrics = new Array<string>(GROUP_ROWS); // [row]
  readonly #units = new Array<string>(GROUP_ROWS); //   [row]
  readonly #values = new Float64Array(GROUP_ROWS); //   [row]
  #rows = 0;

  constructor(file: WholeFile, columns: readonly Column[], metadata: Readonly<Record<string, string>>, createdBy: string) {
    this.#columns = columns;
    this.#file = file;
    this.#lead = columns.map(() => new Array<Cell>(GROUP_ROWS));
    this.#parquet = new ParquetWriter({
      writer: this.#bytes,
      schema: [
        { name: 'results', num_children: columns.length + 3 },
        ...columns.map(({ name, type, isNullable }) => ({
          ...TYPES[type],
          name,
          repetition_type: isNullable ? ('OPTIONAL' as const) : ('REQUIRED' as const),
        })),
        { ...TYPES.text, name: 'metric', repetition_type: 'REQUIRED' },
        { ...TYPES.text, name: 'unit', repetition_type: 'REQUIRED' },
        { ...TYPES.number, name: 'value', repetition_type: 'REQUIRED' },
      ],
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      createdBy,
    });
  }

  /** A row for each value, alike in the columns before it. */
  add(lead: readonly Cell[], values: readonly MetricValue[]): void {
    for (let from = 0; from < values.length;) {
      const count = Math.min(values.length - from, GROUP_ROWS - this.#rows);
      const first = this.#rows;
      this.#lead.forEach((column, c) => column.fill(lead[c]!, first, first + count));
      for (let i = 0; i < count; i++) {
        const { metric, value } = values[from + i]!;
        this.#metrics[first + i] = metric.name;
        this.#units[first + i] = metric.unit;
        this.#values[first + i] = value;
      }
      this.#rows += count;
      from += count;
      if (this.#rows === GROUP_ROWS) this.#writeGroup();
    }
  }

  finish(): void {
    this.#writeGroup();
    void this.#parquet.finish();
    this.#flush();
  }

  #writeGroup(): void {
    const rows = this.#rows;
    if (rows === 0) return;
    const repeated = (name: string, data: readonly Cell[]): ColumnSource => ({
      name,
      data: rows === GROUP_ROWS ? (data as Cell[]) : data.slice(0, rows),
      encoding: 'RLE_DICTIONARY', // few different values, in long stretches
      statistics: name === 'run', // by which readers skip groups
    });
    void this.#parquet.write({
      columnData: [
        ...this.#columns.map(({ name }, c) => repeated(name, this.#lead[c]!)),
        repeated('metric', this.#metrics),
        repeated('unit', this.#units),
        { name: 'value', data: this.#values.subarray(0, rows), encoding: 'PLAIN' },
      ],
      rowGroupSize: GROUP_ROWS,
    });
    this.#rows = 0;
    this.#flush();
  }

  #flush(): void {
    this.#file.write(this.#bytes.getBytes());
    this.#bytes.index = 0;
  }
}
