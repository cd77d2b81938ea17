import { existsSync, readFileSync } from 'node:fs';
import { writeHwlocXml } from '../../formats/hwloc/xml-writer.ts';
import { writeNumactl } from '../../formats/numactl/numactl.ts';
import { InputError, show } from '../../experiments/input-error.ts';
import { topologyOf } from '../../experiments/machine-import/machine-topology.ts';
import { wantOneOf } from '../../experiments/named-options.ts';
import { checkNoInput } from '../../experiments/no-input.ts';
import { checkWritable, writeWhole } from '../../experiments/store.ts';
import { type Command, DONE } from '../command.ts';
import { machineOfWord } from '../machine-word.ts';

const FORMATS = ['numactl', 'hwloc'] as const;

export const machineExport: Command = {
  name: 'machine export',
  summary: 'write a machine as numactl -H prints one, or as XML of hwloc',
  operands: ['name'],
  flags: [
    { name: 'format', summary: FORMATS.join(' or '), kind: 'text', default: 'numactl' },
    { name: 'out', summary: 'the file to write; left out: it is printed', kind: 'text' },
    { name: 'force', summary: 'replace a file that stands there and says something else', kind: 'switch' },
  ],
  examples: [
    ['numalab machine export opteron-6164-4s', "the deck's machine as numactl tells it"],
    ['numalab machine export opteron-6164-4s --format hwloc --out deck.xml', 'then: lstopo -i deck.xml'],
    ['numalab machine export ./host.yaml --out host.txt', 'a machine of your own'],
  ],
  run(call, lab, terminal) {
    const [name = ''] = call.operands;
    const { format = 'numactl', out } = call.texts;
    if (!FORMATS.some((one) => one === format)) throw new InputError(`--format = ${show(format)}, ${wantOneOf(format, FORMATS)}`);
    if (out !== undefined) {
      checkNoInput(out, '--out', existsSync(name) ? [name] : []);
      checkWritable(out, '--out');
    }
    const topology = topologyOf(machineOfWord(name, lab, 'machine export'));
    const text = format === 'hwloc' ? writeHwlocXml(topology) : writeNumactl(topology);
    if (out === undefined) {
      terminal.out(text);
      return DONE;
    }
    if (!call.switches.has('force') && existsSync(out) && readFileSync(out, 'utf8') !== text)
      throw new InputError(`--out = ${show(out)}: stands already and says something else, want another file, or --force`);
    writeWhole(out, text);
    return DONE;
  },
};
