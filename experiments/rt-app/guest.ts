import { readRtApp } from '../../formats/rt-app/rt-app.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import { MiB } from '../../sim/units.ts';
import { remembered } from '../file-program.ts';
import type { FileWorkload, Words } from '../file-words.ts';
import { InputError, showPath } from '../input-error.ts';
import { parseQuantity } from '../quantities.ts';
import { rtAppEntry } from './entry.ts';
import { checkHost } from './check-host.ts';
import { planOf, type RtAppPlan } from './plan.ts';

/** The least a guest can have, and blocks without which there is nothing to place. */
const LEAST_BYTES = MiB(64);
const LEAST_BLOCKS = 16;

/** A file is one process: a bare guest, named after the file, in which each thread has a vCPU. */
export const rtApp: FileWorkload = {
  prefix: 'rt-app',
  expand(name, text, { words, machines, isLenient }) {
    const file = readRtApp(text);
    const machine = words.machine === undefined ? machines[0] : machines.find((each) => each.name === words.machine); // others are refused later
    if (machine) checkHost(file, cpuCountOf(machine), machine.nodeCpus.length);
    if (!isLenient) refuseUnsimulated(file.unsimulated);
    const plan = planOf(file);
    const label = `rt-app:${baseName(name)}`;
    return {
      words: {
        ...(file.durationNs === null ? {} : { duration: `${file.durationNs}ns` }),
        guests: [
          {
            name: guestName(name),
            kind: 'bare',
            vcpus: String(plan.threads.length),
            memory: `${memoryBytes(plan, blockOf(words))}B`,
            boot: '0',
          },
        ],
      },
      programs: [remembered(rtAppEntry(label, plan), { from: 'rt-app', name: label, file })],
      remarks: [...file.ignored, ...file.unsimulated.map((item) => `left out: ${item}`)],
    };
  },
};

const cpuCountOf = ({ nodeCpus }: MachineSpec): number => nodeCpus.reduce((sum, cpus) => sum + cpus, 0);

function refuseUnsimulated(items: readonly string[]): void {
  if (items.length === 0) return;
  const more = items.length > MOST_LISTED ? `; and ${items.length - MOST_LISTED} more` : '';
  const list = items.slice(0, MOST_LISTED).map(showPath).join('; ');
  throw new InputError(`not simulated: ${list}${more}; want a file without them, or lenient: true (--lenient) to leave them out`);
}

const MOST_LISTED = 20;

/** Its regions in whole blocks. */
function memoryBytes({ regions }: RtAppPlan, blockBytes: number): number {
  const blocks = regions.reduce((sum, bytes) => sum + Math.ceil(bytes / blockBytes), 0);
  return Math.max(Math.ceil(LEAST_BYTES / blockBytes), LEAST_BLOCKS, blocks) * blockBytes;
}

/** Of the words beside it; what is no size is refused later. */
function blockOf({ block }: Words): number {
  const bytes = typeof block === 'string' ? parseQuantity('bytes', block) : null;
  return bytes !== null && bytes > 0 ? bytes : MiB(2);
}

function baseName(path: string): string {
  return path.split('/').pop()!;
}

function guestName(path: string): string {
  const name = baseName(path).replace(/\.json$/, '').toLowerCase().replace(/[^a-z0-9._-]/g, '-').replace(/^[^a-z0-9]+/, ''); // prettier-ignore
  return name.slice(0, 64) || 'rt-app';
}
