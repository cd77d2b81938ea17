import type { GuestDescription } from '../formats/guest-description.ts';
import { type GuestFormat, guessGuestFormat, guestFormats } from '../formats/guest-formats.ts';
import type { MachineSpec } from '../sim/machine-spec.ts';
import { KiB, MiB } from '../sim/units.ts';
import { guestWords } from './guest-words.ts';
import { InputError, show } from './input-error.ts';
import { didYouMean } from './nearest-name.ts';
import { formatQuantity } from './quantities.ts';

/** A guest of another tool's file, as words of a scenario. */
export interface GuestImport {
  readonly file: string;
  readonly format: GuestFormat['name'];
  readonly description: GuestDescription;
  readonly name: string;
  readonly words: ReadonlyMap<string, string>;
  readonly remarks: readonly string[];
  /** What cannot be simulated, one line each. */
  readonly unsimulated: readonly string[];
}

/** @throws InputError for a name that no format has */
export function guestFormatNamed(name: string): GuestFormat {
  const names = guestFormats.map((format) => format.name);
  const format = guestFormats.find((one) => one.name === name);
  if (!format) throw new InputError(`--format = ${show(name)}, want one of ${names.join(', ')}${didYouMean(name, names)}`);
  return format;
}

/**
 * Reads the guests of a file and says them in words for a machine.
 * @param taken names of guests before it; gets its own
 * @throws InputError naming the file and what is wrong in it
 */
export function importGuests(
  { name: file, text }: { readonly name: string; readonly text: string },
  chosen: GuestFormat | null,
  machine: MachineSpec,
  taken: Set<string>,
): GuestImport[] {
  const format = chosen ?? guessGuestFormat(text);
  if (!format) {
    const known = guestFormats.map(({ name, summary }) => `${name} (${summary})`).join(', ');
    throw new InputError(`${show(file)}: of no format that is known, want one of ${known}, or --format`);
  }
  const at = <Value>(read: () => Value): Value => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new InputError(`${show(file)}: ${error.message}`);
    }
  };
  const descriptions = at(() => format.read(text));
  return descriptions.map((description) => {
    const { words, remarks, unsimulated } = at(() => guestWords(description, machine));
    const own = description.name;
    const name = freeName(own ?? 'vm', taken);
    taken.add(name);
    return {
      file,
      format: format.name,
      description,
      name,
      words,
      remarks: [...(own !== null && own !== name ? [`its own name is ${show(own)}`] : []), ...remarks],
      unsimulated: [...description.unsimulated, ...unsimulated],
    };
  });
}

/** What to know of the workload of a scenario that was just made. */
export const NO_MEMORY = 'uses no memory, so that placements will not differ: name another, such as --workload lmbench-rd';

/** The name as a scenario can have it, with a number if another guest has that already. */
function freeName(own: string, taken: ReadonlySet<string>): string {
  const plain = own.toLowerCase().replace(/[^a-z0-9._-]+/g, '-').replace(/^[^a-z0-9]+/, '').slice(0, 58) || 'vm'; // prettier-ignore
  if (!taken.has(plain)) return plain;
  let number = 2;
  while (taken.has(`${plain}-${number}`)) number++;
  return `${plain}-${number}`;
}

/**
 * A scenario file of these guests under the policy that does what they say.
 * @param machine as the word of the file: a name, or a file of one
 * @throws InputError for guests of KVM beside guests of Xen, and for memory in parts of no page
 */
export function guestScenario(guests: readonly GuestImport[], machine: string): string {
  const block = blockBytes(guests);
  const lines = [
    '# Made by numalab guest import. CPUs and nodes are numbered as the simulator does: from 0, node by node.',
    `machine: ${scalar(machine)}`,
    `policy: ${policyOf(guests)} # does what pins, soft-pins, membind, vnode-membind and prealloc say; other policies place by their own rules`,
    `workload: compute # what the guests run: none of the files says it. It ${NO_MEMORY}`,
    'duration: 2s',
    ...(block === MiB(2) ? [] : [`block: ${formatQuantity('bytes', block)} # the largest that divides the memory of all`]),
    'guests:',
  ];
  for (const { name, file, format, words, remarks, unsimulated } of guests) {
    lines.push(`  # ${format}: ${comment(show(file))}`);
    for (const remark of remarks) lines.push(`  # ${comment(remark)}`);
    for (const left of unsimulated) lines.push(`  # left out: ${comment(left)}`);
    lines.push(`  - name: ${scalar(name)}`);
    for (const [word, value] of words) lines.push(`    ${word}: ${scalar(value)}`);
  }
  return `${lines.join('\n')}\n`;
}

function policyOf(guests: readonly GuestImport[]): string {
  const xen = guests.find(({ description }) => description.kind !== 'kvm');
  const kvm = guests.find(({ description }) => description.kind === 'kvm');
  if (xen && kvm) throw new InputError(`${show(xen.file)} is a guest of Xen and ${show(kvm.file)} one of KVM, want those of one host`);
  return xen ? 'as-configured-xen' : 'as-configured';
}

/** 2 MiB, or the largest power of two that divides all parts of memory. */
function blockBytes(guests: readonly GuestImport[]): number {
  const sizes = guests.flatMap(({ file, description: { memoryBytes, cells } }) => [memoryBytes, ...cells.map((cell) => cell.memoryBytes)].map((bytes) => ({ file, bytes }))); // prettier-ignore
  for (let block = MiB(2); block >= KiB(4); block /= 2) if (sizes.every(({ bytes }) => bytes % block === 0)) return block;
  const odd = sizes.find(({ bytes }) => bytes % KiB(4) !== 0)!;
  throw new InputError(`${show(odd.file)}: memory of ${odd.bytes} bytes, want a multiple of 4KiB`);
}

function scalar(text: string): string {
  return /^[a-z0-9][\w.-]*$/i.test(text) && !/^(null|true|false)$/i.test(text) ? text : JSON.stringify(text);
}

function comment(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
