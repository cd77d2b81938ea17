import { formatQuantity } from '../experiments/quantities.ts';
import { table } from '../report/table.ts';
import type { OptionSpec } from '../sim/options.ts';

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly remark: string;
  readonly options: readonly OptionSpec[];
}

/** Policies or workloads, each with its options under it as they are written. */
export function entriesText(entries: readonly Entry[]): string {
  return entries
    .map(({ name, summary, remark, options }) => {
      const rows = options.map((option) => [`${option.name}=${defaultText(option)}`, rangeText(option), option.summary]);
      const under = rows.length > 0 ? `\n${table(['option', 'range', 'meaning'], rows)}\n`.replaceAll('\n', '\n  ').slice(1, -2) : '';
      return `${name}: ${summary}${remark ? ` (${remark})` : ''}\n${under}`;
    })
    .join('\n');
}

export function optionsJson(options: readonly OptionSpec[]): object[] {
  return options.map((option) => ({ ...option, written: `${option.name}=${defaultText(option)}` }));
}

function defaultText({ kind, default: value }: OptionSpec): string {
  return kind === 'choice' || kind === 'list' || typeof value === 'string' ? String(value) : formatQuantity(kind, value);
}

function rangeText({ kind, min = 0, max, choices = [] }: OptionSpec): string {
  if (kind === 'choice') return choices.join(' | ');
  if (kind === 'list') return [`${min}${max === undefined ? ' on' : `-${max}`}, joined by +`, ...choices].join(' | ');
  const low = formatQuantity(kind, min);
  return max === undefined ? `from ${low}` : `${low} to ${formatQuantity(kind, max)}`;
}
