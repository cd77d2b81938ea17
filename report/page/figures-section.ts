import type { CostFigure } from '../../experiments/page/page-inputs.ts';
import type { PageMachine } from '../../experiments/page/schemas.ts';
import { formatBytes, formatNumber, formatNs } from '../format.ts';
import { type DataTable, tableBox } from './figure.ts';
import { type Html, markup, NOTHING } from './html.ts';

/** What the results rest on: each figure of machine and costs, those that nobody measured first. */
export function figuresSection(machines: readonly PageMachine[], costs: readonly CostFigure[]): Html {
  const ofMachines = machines.map((machine) => {
    const rows = Object.entries(machine.figures).map(([name, figure]) => ({
      isAssumed: figure.assumed,
      row: [name, valueText(name, figure.value), figure.assumed ? 'assumed' : 'published', figure.source.replace(/^assumed[:;,]? ?/, '')],
    }));
    return section(`Machine ${machine.name}`, machine.summary, rows);
  });
  const ofCosts = costs.map(({ name, value, source }) => {
    const isAssumed = source.startsWith('assumed');
    const shown = typeof value === 'boolean' ? (value ? 'yes' : 'no') : name.endsWith('Ns') ? formatNs(value) : String(value);
    return { isAssumed, row: [name, shown, isAssumed ? 'assumed' : 'told', source.replace(/^assumed[:;,]? ?/, '')] };
  });
  const costSection = ofCosts.length > 0 ? section('Costs of handling', 'As the first example run had them', ofCosts) : NOTHING;
  return markup`${ofMachines}${costSection}`;
}

function section(title: string, summary: string, rows: readonly { isAssumed: boolean; row: string[] }[]): Html {
  const sorted = [...rows.filter(({ isAssumed }) => isAssumed), ...rows.filter(({ isAssumed }) => !isAssumed)];
  const assumed = rows.filter(({ isAssumed }) => isAssumed).length;
  const data: DataTable = { columns: ['figure', 'value', 'kind', 'source or reason'], rows: sorted.map(({ row }) => row) };
  return markup`<h3>${title}</h3>
<p>${summary[0]!.toUpperCase()}${summary.slice(1)}. ${assumed} of ${rows.length} figures are assumed: nothing published gives them.</p>
${tableBox(title, data)}`;
}

const MOST_CELLS = 16;

/** Short values in sight; of matrices only their range. */
export function valueText(name: string, value: unknown): string {
  const number = (one: number): string => (name.endsWith('Bytes') ? formatBytes(one) : String(Number(formatNumber(one, 4))));
  if (typeof value === 'number') return number(value);
  const flat = numbersIn(value);
  if (Array.isArray(value) && flat.length > 0) {
    if (new Set(flat).size === 1) return `${number(flat[0]!)} each`;
    if (flat.length <= MOST_CELLS && value.every((cell) => typeof cell === 'number')) return flat.map(number).join(', ');
    return `${number(Math.min(...flat))} to ${number(Math.max(...flat))} (${flat.length} values)`;
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([key, one]) => `${key} ${typeof one === 'number' ? number(one) : String(one)}`)
      .join(', ');
  }
  return String(value);
}

/** All numbers of nested lists; of records in them (links) their capacities. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (Array.isArray(value)) return value.flatMap(numbersIn);
  if (typeof value === 'object' && value !== null && 'capacityGBps' in value) return numbersIn(value.capacityGBps);
  return [];
}
