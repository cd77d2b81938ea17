import { existsSync, readFileSync } from 'node:fs';
import { type GuestImport, guestFormatNamed, guestScenario, importGuests, NO_MEMORY } from '../../experiments/guest-import.ts';
import { InputError, show } from '../../experiments/input-error.ts';
import { checkNoInput } from '../../experiments/no-input.ts';
import { readScenarioFile } from '../../experiments/scenario-file.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { checkWritable, writeWhole } from '../../experiments/store.ts';
import { guestFormats } from '../../formats/guest-formats.ts';
import { type Command, DONE, JSON_FLAG } from '../command.ts';
import { guestImportJson, guestImportText } from '../guest-import-text.ts';
import { machineOfWord } from '../machine-word.ts';

export const guestImport: Command = {
  name: 'guest import',
  summary: 'make a scenario file of guests that other tools describe: command lines of QEMU and vng, domains of libvirt, xl.cfg',
  operands: ['file'],
  more: 'files',
  flags: [
    {
      name: 'format',
      summary: `${guestFormats.map(({ name }) => name).join(', ')}; left out: told by the content of each file`,
      kind: 'text',
    },
    {
      name: 'machine',
      summary: 'whose ids of CPUs and nodes the files mean: a name, or a file of a machine; left out: the first of machine list',
      kind: 'text',
    },
    { name: 'lenient', summary: 'leave out what cannot be simulated, and say so in the scenario; otherwise it is refused', kind: 'switch' },
    {
      name: 'out',
      summary: 'the scenario file to write; left out: it is printed, and what was understood is told beside it',
      kind: 'text',
    },
    { name: 'force', summary: 'replace a file that stands there and says something else', kind: 'switch' },
    JSON_FLAG,
  ],
  examples: [
    ['numalab guest import vm.sh --out vm.yaml', 'a QEMU command line; then: numalab run --scenario vm.yaml --workload kernbench'],
    ['numalab guest import web.xml db.xml --machine opteron-6164-4s --out host.yaml', 'two guests on one host, pins by its CPUs'],
    ['numalab guest import vm.sh --lenient --json', 'without what cannot be simulated; what that is stands in the JSON'],
  ],
  run(call, lab, terminal) {
    const files = [...call.operands, ...call.more];
    const { out, format, machine: machineWord = lab.machines[0]!.name } = call.texts;
    if (out !== undefined) {
      checkNoInput(out, '--out', files.filter((file) => file !== '-')); // prettier-ignore
      checkWritable(out, '--out');
    }
    const chosen = format === undefined ? null : guestFormatNamed(format);
    const machine = machineOfWord(machineWord, lab, '--machine');
    const taken = new Set<string>();
    const guests = files.flatMap((file) => importGuests(readScenarioFile(file, 'guest import'), chosen, machine, taken));
    if (!call.switches.has('lenient')) refuseUnsimulated(guests);
    const text = guestScenario(guests, machineWord);
    readScenario({ flags: {}, file: { name: out === undefined ? 'the scenario' : `${out} (not written)`, text } }, lab); // what is written can be run
    if (call.texts.machine === undefined && guests.some(isHeld))
      terminal.err(`note: ids of the host are taken as those of ${machine.name}, the first of machine list: --machine says another\n`);
    const isJson = call.switches.has('json');
    const told = isJson
      ? `${JSON.stringify(guestImportJson(guests, machine.name, out ?? null, text), null, 2)}\n`
      : guestImportText(guests, machine);
    if (out === undefined) {
      if (!isJson) terminal.err(told);
      terminal.out(isJson ? told : text);
      return DONE;
    }
    if (!call.switches.has('force') && existsSync(out) && !['', text].includes(readFileSync(out, 'utf8'))) {
      throw new InputError(`--out = ${show(out)}: stands already and says something else, want another file, or --force`);
    }
    terminal.out(told);
    writeWhole(out, text);
    if (!isJson) terminal.err(`written to ${show(out)}: numalab run --scenario ${show(out)}\nnote: workload: compute ${NO_MEMORY}\n`);
    return DONE;
  },
};

/** Its file names CPUs or nodes of the host. */
function isHeld({ words }: GuestImport): boolean {
  return ['pins', 'soft-pins', 'membind', 'vnode-membind'].some((word) => words.has(word));
}

function refuseUnsimulated(guests: readonly GuestImport[]): void {
  const lines = guests.flatMap(({ file, unsimulated }) => unsimulated.map((one) => `${show(file)}: ${one}`));
  if (lines.length === 0) return;
  const MOST_SHOWN = 8;
  const shown = lines.slice(0, MOST_SHOWN).join('; ');
  const others = lines.length > MOST_SHOWN ? `; and ${lines.length - MOST_SHOWN} more` : '';
  throw new InputError(`not simulated, want it gone or --lenient: ${shown}${others}`);
}
