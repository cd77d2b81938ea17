import { plainText } from '../format.ts';

/** Markup that may stand in a page as it is. Everything else is text, and is escaped. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

type Value = Html | string | number | null | readonly Value[];

/** A piece of HTML or SVG: what is put in is escaped unless it is Html itself; lists are joined, null is nothing. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.map((part, i) => (i === 0 ? part : markupOf(values[i - 1]!) + part)).join(''));
}

export const NOTHING: Html = new Html('');

/** Text as an element or a quoted attribute may hold it: names that others chose can neither end it nor turn its direction. */
export function escaped(text: string): string {
  return plainText(text).replace(/[&<>"'`]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

function markupOf(value: Value): string {
  if (value instanceof Html) return value.markup;
  if (value === null) return '';
  if (typeof value === 'object') return value.map(markupOf).join('');
  return escaped(String(value));
}
