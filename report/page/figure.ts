import type { Column, Cell } from '../table.ts';
import { formatNumber } from '../format.ts';
import { type Html, markup, NOTHING } from './html.ts';

export interface DataTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Rows under headings of their own. */
export interface GroupedTable {
  readonly columns: readonly Column[];
  readonly groups: readonly { readonly title: string; readonly rows: DataTable['rows'] }[];
}

export interface FigureParts {
  readonly id: string;
  readonly title: string;
  /** Between title and picture: what is asked, or a legend. */
  readonly lead?: Html;
  readonly picture: Html;
  /** What one sees, in words made of the data. */
  readonly caption: Html;
  readonly table: DataTable;
  /** A picture that may not shrink with a narrow screen scrolls in its own box. */
  readonly isWide?: boolean;
}

/** A picture with its title, its caption, and its data as a table for those who cannot see it or want the figures. */
export function figure({ id, title, lead, picture, caption, table, isWide = false }: FigureParts): Html {
  const box = isWide
    ? markup`<div class="scroll wide" role="region" aria-label="${title}, picture" tabindex="0">${picture}</div>`
    : markup`<div class="picture">${picture}</div>`;
  return markup`<figure id="${id}">
<h3 class="figure-title">${title}</h3>
${lead ?? NOTHING}${box}
<figcaption id="${id}-caption">${caption}</figcaption>
<details><summary>Data<span class="unseen"> of ${title}</span></summary>${tableBox(title, table)}</details>
</figure>
`;
}

/** A table that scrolls in its own box where the screen is narrow. */
export function tableBox(name: string, table: DataTable | GroupedTable): Html {
  const { columns } = table;
  const groups = 'groups' in table ? table.groups : [{ title: '', rows: table.rows }];
  const rows = groups.flatMap((group) => group.rows);
  const sides = columns.map((column, c) => sideOf(column, rows, c));
  const head = columns.map((column, c) => markup`<th scope="col"${sides[c]!}>${typeof column === 'string' ? column : column.title}</th>`);
  const cellMarkup = (cell: Cell, c: number): Html =>
    c === 0 ? markup`<th scope="row"${sides[c]!}>${textOf(cell)}</th>` : markup`<td${sides[c]!}>${textOf(cell)}</td>`;
  const bodies = groups.map(({ title, rows: own }) => {
    const heading = markup`<tr><th scope="rowgroup" class="group" colspan="${columns.length}">${title}</th></tr>`;
    return markup`<tbody>${title === '' ? NOTHING : heading}
${own.map((row) => markup`<tr>${row.map(cellMarkup)}</tr>
`)}</tbody>`; // prettier-ignore
  });
  return markup`<div class="scroll" role="region" aria-label="${name}, table" tabindex="0"><table><thead><tr>${head}</tr></thead>${bodies}</table></div>`;
}

const RIGHT = markup` class="number"`;

function sideOf(column: Column, rows: DataTable['rows'], at: number): Html {
  if (typeof column !== 'string') return column.align === 'right' ? RIGHT : NOTHING;
  return rows.length > 0 && rows.every((row) => typeof row[at] === 'number') ? RIGHT : NOTHING;
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : Number.isInteger(cell) ? String(cell) : formatNumber(cell);
}
