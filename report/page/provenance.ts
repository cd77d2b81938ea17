import type { PageInputs } from '../../experiments/page/page-inputs.ts';
import { type Html, markup } from './html.ts';

const HASH_DIGITS = 16;

/** What made the page: commands, versions, files. No date, so that the same files make the same page. */
export function provenance({ command, files, decks, comparisons, sweeps, runs, machines }: PageInputs): Html {
  const made = [...decks, ...comparisons, ...runs].flatMap((part) => part.command ?? []);
  const versions = [...decks, ...comparisons, ...sweeps].map(({ version, code }) =>
    code === undefined ? version : `${version}, code ${code}`,
  );
  const all = versions.length > 0 ? versions : runs.map(({ version }) => version);
  const rows: [string, Html[]][] = [
    ['Results', unique(made).map((text) => markup`<code>${text}</code>`)],
    ['Page', [markup`<code>${command}</code>`]],
    ['Version', unique(all).map((text) => markup`numalab ${text}`)],
    ['Machine', machines.map(({ name, summary }) => markup`${name}: ${summary}`)],
    ['Files', files.map(({ name, sha256 }) => markup`${name} <code>sha256:${sha256.slice(0, HASH_DIGITS)}…</code>`)],
  ];
  const shown = rows.filter(([, values]) => values.length > 0);
  const entry = ([term, values]: (typeof rows)[number]): Html =>
    markup`<dt>${term}</dt><dd>${values.map((value, i) => markup`${i > 0 ? BREAK : ''}${value}`)}</dd>
`;
  return markup`<dl>${shown.map(entry)}</dl>`;
}

const BREAK = markup`<br>`;

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
