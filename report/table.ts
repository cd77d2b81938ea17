import CliTable from 'cli-table3';
import { formatNumber, plainText } from './format.ts';

export type Cell = string | number;

/** A title alone, or with the side its cells stand on; without one, columns of numbers stand on the right. */
export type Column = string | { readonly title: string; readonly align: 'left' | 'right' };

const GAP = '  ';
const NO_FRAME = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'].map((part) => [part, '']),
);
const RULE_UNDER_HEAD = { left: '', 'left-mid': '', mid: '-', 'mid-mid': GAP, right: '', 'right-mid': '', middle: GAP };

/**
 * Aligned columns under a rule, without frame or colour, so that a terminal, a pipe and a mail show the same. Fractions are
 * written to three significant digits, whole numbers whole; format a cell yourself to have it otherwise.
 * @throws RangeError for a row that has not one cell for each column
 */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  rows.forEach((row, i) => {
    if (row.length !== columns.length) throw new RangeError(`table: row ${i} has ${row.length} cells, want ${columns.length}`);
  });
  const grid = new CliTable({
    head: columns.map((column) => plainText(titleOf(column))),
    colAligns: columns.map((column, c) => {
      const cells = rows.map((row) => row[c]!);
      return alignOf(column, cells);
    }),
    chars: { ...NO_FRAME, ...RULE_UNDER_HEAD },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  grid.push(...rows.map((row) => row.map(textOf)));
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd();
}

function titleOf(column: Column): string {
  return typeof column === 'string' ? column : column.title;
}

function alignOf(column: Column, cells: readonly Cell[]): 'left' | 'right' {
  if (typeof column !== 'string') return column.align;
  const filled = cells.filter((cell) => cell !== '' && cell !== '-');
  return filled.length > 0 && filled.every(isNumeric) ? 'right' : 'left';
}

function isNumeric(cell: Cell): boolean {
  return typeof cell === 'number' || /^[-+]?[\d.]/.test(cell);
}

function textOf(cell: Cell): string {
  if (typeof cell === 'string') return plainText(cell);
  return Number.isInteger(cell) ? String(cell) : formatNumber(cell);
}
