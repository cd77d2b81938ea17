import type { ValidationItem } from '../experiments/validation/item.ts';
import type { Sensitivity } from '../experiments/validation/sensitivity.ts';
import type { ValidatedValue, ValidationResult } from '../experiments/validation/validate.ts';
import { formatNumber, formatShare } from './format.ts';
import { type Cell, table } from './table.ts';

export interface Told extends ValidationResult {
  readonly sensitivity: readonly Sensitivity[] | null;
}

const COLUMNS = ['id', 'class', 'published', 'simulated', '95 % interval', 'error', 'accepted', 'status'] as const;

/** A row a value, then what each row rests on, and how many pass. */
export function validationText(results: readonly Told[]): string {
  return `${table([...COLUMNS], results.flatMap(rowsOf))}\n\n${results.map(explanation).join('\n')}\n${summary(results)}\n`;
}

const INTRODUCTION = `# Validation

What \`numalab validate --markdown\` prints, misses included. Every row is a published figure, what the simulator makes of it and the error.

- **Class A** is simulated directly; *read back* are rows whose figures the machine file is made of. **Class B** is fitted on one point of a program or machine (marked *fitted*) and predicts the others.
  **Class C** has only a direction and a band, because only an abstract is known.
- One parameter set a machine: no row has a knob of its own. What was fitted, and on which points, stands under each row's name below.
- The rows of the twin (P01 to P04, P18 to P21) check that the machine file, the solver and the engine agree, pair of nodes by pair of
  nodes: the file is made from the same measurements. The rows of Metis, of Kunpeng's triad and of four of kernbench's gains are predictions.
- The interval is over seeds; where nothing is drawn at random, or it changes nothing, there is none. It says how sure the simulated value is, not how good the model.

`;

/** The same as a page: one table, then a paragraph an item. */
export function validationMarkdown(results: readonly Told[]): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.join(' | ')} |\n`;
  const rows = results.flatMap((result) => rowsOf(result).map((cells) => line(cells.map((cell) => String(cell).replaceAll('|', '\\|')))));
  const paragraphs = results.map(({ item, ...result }) => {
    const lines = linesOf({ item, ...result }).map(([name, text]) => `- ${name}: ${text}\n`);
    return `### ${item.id}\n\n${item.metric}. ${item.workload}; ${item.machine}.\n\n${lines.join('')}\n`;
  });
  const dashes = line(COLUMNS.map(() => '---'));
  return `${INTRODUCTION}${line(COLUMNS)}${dashes}${rows.join('')}\n${summary(results)}\n\n${paragraphs.join('')}`;
}

/** `{items: [{id, status, published, simulated, interval, error, fitted, note, ...}]}`; lists where the publication has several values. */
export function validationJson(results: readonly Told[], version: string): object {
  return {
    schemaVersion: 1,
    version,
    items: results.map(({ item, status, values, sensitivity }) => {
      const each = <Part>(part: (value: ValidatedValue) => Part): Part | Part[] | null => {
        if (status === 'skipped') return null;
        return typeof item.value === 'number' ? part(values[0]!) : values.map(part);
      };
      return {
        id: item.id,
        status,
        class: item.class,
        metric: item.metric,
        labels: item.labels ?? null,
        published: item.value,
        derived: item.derived ?? false,
        simulated: each(({ simulated }) => simulated),
        interval: each(({ interval }) => interval),
        range: each(({ range }) => range),
        error: each(({ error }) => error),
        accepted: each(({ band }) => ({ low: finite(band.low), high: finite(band.high) })),
        fitted: item.fitted ?? null,
        predicted: each(({ isFitted }) => !isFitted && !item.readBack),
        beside: each(({ beside }) => beside),
        miss: status === 'fail' ? (item.miss ?? null) : null,
        note: noteOf(item) ?? null,
        source: item.source,
        ...(sensitivity === null ? {} : { sensitivity }),
      };
    }),
  };
}

/** What every assumed figure does at plus and minus 20 %; those that move nothing by a thousandth are left out. */
export function sensitivityText({ item, values, sensitivity }: Told): string {
  if (!sensitivity || sensitivity.length === 0) return '';
  const change = (simulated: readonly number[], i: number): number => simulated[i]! / values[i]!.simulated - 1;
  const rows = sensitivity.flatMap(({ figure, simulated: [less, more], turns }) =>
    values.flatMap(({ simulated }, i) => {
      if (Math.max(Math.abs(change(less, i)), Math.abs(change(more, i))) < 1e-3) return [];
      const place = nameOf(item, i);
      return [[place, figure, formatNumber(simulated), signed(change(less, i)), signed(change(more, i)), turns ? 'turns' : '']];
    }),
  );
  const head = `\n${item.id}: assumed figures at minus and plus 20 %, one at a time (${sensitivity.length} of them; those not listed move nothing by 0.1 %)\n\n`;
  if (rows.length === 0) return `${head}none moves it by 0.1 %\n`;
  return `${head}${table(['value', 'assumed figure', 'simulated', '-20 %', '+20 %', 'verdict'], rows)}\n`;
}

function rowsOf({ item, status, values }: Told): Cell[][] {
  const { id, class: kind } = item;
  if (status === 'skipped') {
    const published = typeof item.value === 'number' ? String(item.value) : item.value.join(', ');
    return [[id, kind, published, '-', '-', '-', '-', 'skipped']];
  }
  return values.map((value, i) => [
    nameOf(item, i),
    kind,
    String(value.published),
    formatNumber(value.simulated, 4),
    value.interval ? `${formatNumber(value.interval.low, 4)} .. ${formatNumber(value.interval.high, 4)}` : 'nothing random',
    errorText(item, value),
    bandText(value),
    `${value.isInside ? 'pass' : 'fail'}${value.isFitted ? ' (fitted)' : item.readBack ? ' (read back)' : ''}`,
  ]);
}

/** `P08 24 threads`, `P08[1]` of a value without a label, `P08` of the only one. */
function nameOf({ id, value, labels }: ValidationItem, i: number): string {
  if (typeof value === 'number') return id;
  return labels ? `${id} ${labels[i]}` : `${id}[${i}]`;
}

/** As the acceptance has it: relative, or a difference. */
function errorText({ accept }: ValidationItem, { published, simulated, error }: ValidatedValue): string {
  if (!accept.includes('abs')) return signed(error);
  const difference = simulated - published;
  return `${difference < 0 ? '-' : '+'}${formatNumber(Math.abs(difference), 2)}`;
}

function bandText({ band: { low, high } }: ValidatedValue): string {
  if (high === Infinity) return `from ${formatNumber(low)}`;
  if (low === -Infinity) return `to ${formatNumber(high)}`;
  return `${formatNumber(low)} to ${formatNumber(high)}`;
}

function explanation(result: Told): string {
  const { item } = result;
  const lines = linesOf(result).map(([name, text]) => `  ${name}: ${text}\n`);
  return `${item.id}: ${item.metric}\n  ${item.workload}; ${item.machine}\n${lines.join('')}`;
}

function linesOf({ item, status, values }: Told): (readonly [name: string, text: string])[] {
  const names = Object.keys(values[0]?.beside ?? {});
  return [
    ...(status === 'skipped' ? [['skipped', item.skipped!] as const] : [['fitted', item.fitted ?? 'the item does not say'] as const]),
    ...(status === 'fail' ? [['miss', item.miss ?? 'not explained'] as const] : []),
    ...names.map((name) => [name, values.map(({ beside }) => formatNumber(beside[name]!, 4)).join(', ')] as const),
    ...(values.some(({ range }) => range) ? [['range of the seeds', values.map(rangeText).join(', ')] as const] : []),
    ...(noteOf(item) === undefined ? [] : [['note', noteOf(item)!] as const]),
    ['source', item.source],
  ];
}

function rangeText({ range, simulated }: ValidatedValue): string {
  return range ? `${formatNumber(range.low)} to ${formatNumber(range.high)}` : formatNumber(simulated);
}

function noteOf(item: ValidationItem): string | undefined {
  const derived = item.derived && !item.note?.startsWith('derived') ? 'derived from other published figures, not measured' : undefined;
  const parts = [derived, item.note].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join('; ') : undefined;
}

function summary(results: readonly Told[]): string {
  const count = (status: string): number => results.filter((result) => result.status === status).length;
  return `${count('pass')} pass, ${count('fail')} fail, ${count('skipped')} skipped`;
}

function signed(share: number): string {
  return share >= 0 ? `+${formatShare(share, 2)}` : `-${formatShare(-share, 2)}`;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
