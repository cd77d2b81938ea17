import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escaped, Html } from './html.ts';

/** What a chart is called, for those who do not see it, and where the words under it stand. */
export interface ChartLabel {
  readonly label: string;
  readonly describedBy?: string;
}

/** What is used of a document; there is no browser to bring its types. */
interface Element {
  readonly outerHTML: string;
  readonly parentElement: Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  remove(): void;
}

/**
 * Observable Plot's SVG as text. What its own style sheet would say is said by the page's, as the page allows no other; elements with a
 * title become marks that the page's script lets pointer and keyboard visit.
 */
export function plotSvg(options: Plot.PlotOptions, { label, describedBy }: ChartLabel): Html {
  const { document } = parseHTML('<html><body></body></html>');
  const svg = Plot.plot({ ...options, document, className: 'plot' }) as Element;
  for (const style of svg.querySelectorAll('style')) style.remove();
  for (const element of svg.querySelectorAll('[aria-label]')) element.removeAttribute('aria-label');
  for (const element of svg.querySelectorAll('[aria-hidden]')) element.removeAttribute('aria-hidden');
  for (const title of svg.querySelectorAll('title')) {
    title.parentElement?.setAttribute('class', 'mark');
    title.parentElement?.setAttribute('role', 'img');
  }
  for (const name of ['font-family', 'font-size']) svg.removeAttribute(name);
  for (const element of svg.querySelectorAll('*')) for (const name of PLACES) shorten(element, name);
  svg.setAttribute('class', 'chart');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', LABEL); // linkedom leaves < as it is in attributes
  if (describedBy !== undefined) svg.setAttribute('aria-describedby', describedBy);
  return new Html(svg.outerHTML.replace(`aria-label="${LABEL}"`, () => `aria-label="${escaped(label)}"`));
}

const LABEL = 'label';
const PLACES = ['d', 'transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r', 'width', 'height'];

/** Hundredths of a pixel are enough. */
function shorten(element: Element, name: string): void {
  const value = element.getAttribute(name);
  if (value?.includes('.'))
    element.setAttribute(
      name,
      value.replace(/\d+\.\d{3,}/g, (digits: string) => String(Number(Number(digits).toFixed(2)))),
    );
}
