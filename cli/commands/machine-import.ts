import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { InputError, show } from '../../experiments/input-error.ts';
import { machineFileText } from '../../experiments/machine-file-text.ts';
import { type ImportedMachine, importMachine } from '../../experiments/machine-import/import-machine.ts';
import { type Description, formatNamed, MACHINE_FORMATS, readDescription } from '../../experiments/machine-import/read-description.ts';
import { checkNoInput } from '../../experiments/no-input.ts';
import { checkWritable, writeWhole } from '../../experiments/store.ts';
import { figuresOf, isAssumed } from '../../sim/machine-spec.ts';
import { type Call, type Command, DONE, JSON_FLAG, type Lab } from '../command.ts';
import { importText } from '../machine-import-text.ts';
import { machineOfWord } from '../machine-word.ts';

export const machineImport: Command = {
  name: 'machine import',
  summary: 'make a machine file of hwloc XML, numactl -H text, a synthetic string of hwloc, or a dump of /sys (folder or tar)',
  operands: ['file'],
  flags: [
    { name: 'format', summary: `${MACHINE_FORMATS.join(', ')}; left out: told by the content`, kind: 'text' },
    { name: 'name', summary: 'of the machine; left out: that of the file', kind: 'text' },
    {
      name: 'like',
      summary: 'a machine of the same nodes, CPUs and distances, whose measured figures are taken where none are said',
      kind: 'text',
    },
    { name: 'out', summary: 'the machine file to write; left out: it is printed, and what was understood is told beside it', kind: 'text' },
    { name: 'force', summary: 'replace a file that stands there and says something else', kind: 'switch' },
    JSON_FLAG,
  ],
  examples: [
    [
      'lstopo host.xml; numalab machine import host.xml --out host.yaml',
      'what hwloc says of a host; then: numalab run --machine host.yaml',
    ],
    ['numactl -H | numalab machine import - --name host --out host.yaml', 'nodes, CPUs, memory and distances alone'],
    ['numalab machine import dump.tar.bz2 --like opteron-6164-4s --out twin.yaml', 'with the measured figures of the same board'],
    ["numalab machine import 'pack:2 [numa(memory=16GB)] core:8 pu:1' --out made-up.yaml", 'a synthetic string of hwloc'],
  ],
  run(call, lab, terminal) {
    const [file = ''] = call.operands;
    const { out, like: likeWord } = call.texts;
    if (out !== undefined && file !== '-') checkNoInput(out, '--out', [file]);
    if (out !== undefined) checkWritable(out, '--out');
    const description = readDescription(file, call.texts.format === undefined ? null : formatNamed(call.texts.format));
    const like = likeWord === undefined ? null : machineOfWord(likeWord, lab, '--like');
    const name = nameOf(call, file, lab);
    const imported = importMachine(description.topology, { name, from: description.from, like, presets: lab.machines });
    const text = machineFileText(imported.spec, [
      `Made by numalab machine import of ${description.from}.`,
      ...imported.assumedLayout.map(({ figure, why }) => `assumed: ${figure}: ${why}`),
      ...imported.remarks,
    ]);
    const isJson = call.switches.has('json');
    const told = isJson
      ? `${JSON.stringify(importJson(description, imported, out ?? null), null, 2)}\n`
      : importText(description, imported, like?.name ?? null);
    if (out === undefined) {
      if (!isJson) terminal.err(told);
      terminal.out(isJson ? told : text);
      return DONE;
    }
    checkKept(out, text, call.switches.has('force'));
    terminal.out(told);
    writeWhole(out, text);
    if (!isJson)
      terminal.err(
        `written to ${show(out)}: numalab run --machine ${show(out.includes('/') || /\.(?:ya?ml|json)$/.test(out) ? out : `./${out}`)}\n`,
      );
    return DONE;
  },
};

/** A file that a person may have written is not replaced by another in silence. */
function checkKept(out: string, text: string, isForced: boolean): void {
  if (isForced || !existsSync(out) || ['', text].includes(readFileSync(out, 'utf8'))) return;
  throw new InputError(`--out = ${show(out)}: stands already and says something else, want another file, or --force`);
}

const MACHINE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/** Of the file without its ending, unless that is the name of a machine of the list. */
function nameOf({ texts: { name } }: Call, file: string, { machines }: Lab): string {
  const isTaken = (one: string): boolean => machines.some((machine) => machine.name === one);
  if (name !== undefined) {
    if (!MACHINE_NAME.test(name)) throw new InputError(`--name = ${show(name)}, want 1 to 64 letters, digits, dots, hyphens and underscores, a letter or digit first`); // prettier-ignore
    if (isTaken(name)) throw new InputError(`--name = ${name}, want one that no machine of machine list has`);
    return name;
  }
  const stem = existsSync(file) ? basename(file).replace(/(?:\.tar)?\.[a-z0-9]{1,4}$/i, '') : '';
  const plain = stem.replace(/[^a-z0-9._-]+/gi, '-').replace(/^[^a-z0-9]+/i, '').slice(0, 55); // prettier-ignore
  return plain === '' ? 'imported' : isTaken(plain) ? `${plain}-imported` : plain;
}

function importJson({ format, from }: Description, { spec, remarks, assumedLayout, twin }: ImportedMachine, out: string | null): object {
  const figures = figuresOf(spec).filter(({ figure }) => isAssumed(figure)).map(({ name, figure: { source } }) => ({ figure: name, why: source })); // prettier-ignore
  const assumed = [...assumedLayout.map(({ figure, why }) => ({ figure, why: `assumed: ${why}` })), ...figures];
  return { schemaVersion: 1, from, format, out, assumed, remarks, like: twin, machine: spec };
}
