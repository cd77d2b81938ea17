import { SaxesParser } from 'saxes';
import { FormatError, SourceText } from './format-error.ts';

export interface XmlElement {
  readonly name: string;
  /** By name; looked up with `attribute`, never as properties of an object. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** All text directly in it, joined. */
  readonly text: string;
  /** Where its tag ends. */
  readonly line: number;
  readonly column: number;
}

const MOST_DEPTH = 256;
const MOST_ELEMENTS = 1_000_000;

/**
 * Reads XML into a tree. A document type is passed over unread, so there are no entities but the five of XML itself, nothing outside the
 * file is looked at, and nothing can grow.
 * @throws FormatError for what is not well formed, deeper than 256 levels or larger than a million elements
 */
export function readXml(text: string): XmlElement {
  new SourceText(text);
  const open: { name: string; attributes: Map<string, string>; children: XmlElement[]; text: string; line: number; column: number }[] = [];
  let root: XmlElement | null = null;
  let count = 0;
  const parser = new SaxesParser({ position: true });
  const fail = (said: string): never => {
    throw new FormatError(parser.line, parser.columnIndex + 1, said);
  };
  parser.on('error', ({ message }) => fail(`${message.replace(/^\d+:\d+: /, '').replace(/\.$/, '')}, want well-formed XML`));
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length >= MOST_DEPTH) fail(`<${name}>, want at most ${MOST_DEPTH} levels`);
    if (++count > MOST_ELEMENTS) fail(`<${name}>, want at most ${MOST_ELEMENTS} elements`);
    const { line, columnIndex } = parser;
    open.push({ name, attributes: new Map(Object.entries(attributes)), children: [], text: '', line, column: columnIndex + 1 });
  });
  const addText = (part: string): void => {
    const last = open.at(-1);
    if (last) last.text += part;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop()!;
    const parent = open.at(-1);
    if (parent) parent.children.push(element);
    else root = element;
  });
  parser.write(text).close();
  return root ?? fail('no element, want one');
}

/** An attribute that must be there. */
export function attribute(element: XmlElement, name: string): string {
  return element.attributes.get(name) ?? xmlFail(element, `<${element.name}> without ${name}, want it`);
}

export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

export function xmlFail(element: XmlElement, said: string): never {
  throw new FormatError(element.line, element.column, said);
}

const ENTITIES: ReadonlyMap<string, string> = new Map([['&', '&amp;'], ['<', '&lt;'], ['>', '&gt;'], ['"', '&quot;']]); // prettier-ignore

/** A text as it stands between double quotes or tags; by name, for hwloc without libxml2 knows no other numbers than of line ends. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => ENTITIES.get(mark)!);
}
