import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { InputError, show } from '../../experiments/input-error.ts';
import { checkNoInput } from '../../experiments/no-input.ts';
import type { PageSource } from '../../experiments/page/read-part.ts';
import { readSweep } from '../../experiments/page/sweep-part.ts';
import { checkWritable } from '../../experiments/store.ts';
import { type Command, DONE, type Flag } from '../command.ts';
import { writePage } from '../write-page.ts';

const OUT_FLAG: Flag = { name: 'out', summary: 'file for the page', kind: 'text', default: 'results/report.html' };
const MOST_BYTES = 256 * 1024 ** 2;

export const report: Command = {
  name: 'report',
  summary: 'make one page of results, to be opened in a browser, sent and printed: charts, intervals, causes, links, guests over nodes',
  operands: ['file'],
  more: 'files',
  flags: [OUT_FLAG],
  examples: [
    ['numalab report results/deck.json --out deck.html', "the deck's charts and what they show"],
    [
      'numalab report compare.json unpinned.json numactl.json',
      'a comparison (compare --json), and runs to look into (run --timeline 60 --json)',
    ],
    ['numalab report my-sweep/ --out sweep.html', 'the folder of a sweep'],
    ['numalab run --policy apart --timeline 60 --json | numalab report -', 'one run, straight from another command'],
  ],
  async run(call, lab, terminal) {
    const path = call.texts.out ?? OUT_FLAG.default!;
    const names = [...call.operands, ...call.more];
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new InputError(`${show(twice)}: given twice, want it once`);
    checkNoInput(path, '--out', names);
    checkWritable(path, '--out');
    const folders = names.filter(isFolder);
    const sources = names.filter((name) => !folders.includes(name)).map(sourceOf);
    await writePage(path, sources, lab, folders.map(readSweep)); // prettier-ignore
    terminal.err(`page written to ${show(path)}: open it in a browser\n`);
    return DONE;
  },
};

function isFolder(name: string): boolean {
  return name !== '-' && (statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

function sourceOf(name: string): PageSource {
  const file = name === '-' ? 0 : name;
  try {
    const size = name === '-' ? 0 : statSync(name).size;
    if (size > MOST_BYTES) throw new InputError(`${show(name)}: has ${size} bytes, want at most ${MOST_BYTES}`);
    return { name: name === '-' ? 'standard input' : basename(name), text: readFileSync(file, 'utf8') };
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${show(name)}: ${(error as NodeJS.ErrnoException).code ?? String(error)}, want a file that can be read`);
  }
}
