/** One field of a table: null where there is none. */
export type CsvCell = string | number | null;

/**
 * A line of RFC 4180 without its end. A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay
 * numbers, and null is nothing between two commas.
 */
export function csvFields(cells: readonly CsvCell[]): string {
  return cells.map(csvField).join(',');
}

export const CSV_END = '\r\n';

function csvField(cell: CsvCell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
