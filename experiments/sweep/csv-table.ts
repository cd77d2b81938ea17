import { CSV_END, csvFields } from '../../report/csv.ts';
import type { WholeFile } from '../whole-file.ts';
import type { Cell } from './columns.ts';
import type { Metric, MetricValue } from './metrics.ts';

const CHUNK_LENGTH = 1 << 18;
/** UTF-8 has at most three bytes for a unit of a text's length. */
const MOST_BYTES = 3;

/** The CSV of a sweep's results. What is the same in many rows is made into text once. */
export class CsvTable {
  readonly #file: WholeFile;
  readonly #metricText = new Map<Metric, string>();
  #bytes = Buffer.alloc(MOST_BYTES * CHUNK_LENGTH);
  #text = '';

  constructor(file: WholeFile, names: readonly string[]) {
    this.#file = file;
    this.#text = `${csvFields(names)}${CSV_END}`;
  }

  add(lead: readonly Cell[], values: readonly MetricValue[]): void {
    const before = csvFields(lead);
    for (const { metric, value } of values) this.#text += `${before},${this.#textOf(metric)},${value}${CSV_END}`;
    if (this.#text.length > CHUNK_LENGTH) this.#flush();
  }

  finish(): void {
    this.#flush();
  }

  #textOf(metric: Metric): string {
    const known = this.#metricText.get(metric);
    if (known !== undefined) return known;
    const text = csvFields([metric.name, metric.unit]);
    this.#metricText.set(metric, text);
    return text;
  }

  #flush(): void {
    const most = MOST_BYTES * this.#text.length;
    if (most > this.#bytes.length) this.#bytes = Buffer.alloc(2 * most);
    this.#file.write(this.#bytes.subarray(0, this.#bytes.write(this.#text)));
    this.#text = '';
  }
}
