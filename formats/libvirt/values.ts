import { shown } from '../format-error.ts';
import type { GuestDescription } from '../guest-description.ts';
import { attribute, childrenOf, type XmlElement, xmlFail } from '../xml.ts';

/** Whole numbers, times and amounts of memory as libvirt's XML has them. */

/** What a place of the file is called in an error: `vcpupin.cpuset`. */
type Named = readonly [element: XmlElement, name?: string | undefined];

/** An attribute, or the text of the element if none is named, as a whole number within limits. */
export function wholeNumber([element, name]: Named, least: number, most: number): number {
  const text = (name === undefined ? element.text : attribute(element, name)).trim();
  const value = /^-?\d{1,20}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) failAt([element, name], text, `a whole number from ${least} to ${most}`);
  return value;
}

export function failAt([element, name]: Named, value: string, wanted: string): never {
  xmlFail(element, `${element.name}${name === undefined ? '' : `.${name}`} = ${shown(value)}, want ${wanted}`);
}

/** One of some words; null if the attribute is not there. */
export function wordOf<Word extends string>(element: XmlElement, name: string, words: readonly Word[]): Word | null {
  const text = element.attributes.get(name);
  if (text === undefined) return null;
  return words.find((word) => word === text) ?? failAt([element, name], text, words.join(', '));
}

/** The only child of a name, if there is one: libvirt looks at the first alone, so that a second would be passed over unseen. */
export function onlyChild(element: XmlElement, name: string): XmlElement | undefined {
  const [first, second] = childrenOf(element, name);
  return second ? xmlFail(second, `second <${name}> of <${element.name}>, want one`) : first;
}

const KIB = 1024;
const MOST_BYTES = 2 ** 52; // beyond any machine, and whole in a number

/** libvirt, src/util/virutil.c, virScaleInteger: decimal with a B, binary alone or with iB. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['byte', 1],
  ['bytes', 1],
  ...['k', 'm', 'g', 't', 'p', 'e'].flatMap((letter, i): [string, number][] => [
    [letter, KIB ** (i + 1)],
    [`${letter}ib`, KIB ** (i + 1)],
    [`${letter}b`, 1000 ** (i + 1)],
  ]),
]);

/** Bytes, in whole KiB rounded up as libvirt keeps them; KiB where no unit is said. */
export function memoryBytes(element: XmlElement, name?: string, most: number = MOST_BYTES): number {
  const unit = element.attributes.get('unit') ?? 'KiB';
  const scale = UNITS.get(unit.toLowerCase()) ?? failAt([element, 'unit'], unit, 'b, KB, KiB, MB, MiB, GB, GiB, TB or TiB');
  const bytes = Math.ceil((wholeNumber([element, name], 1, Number.MAX_SAFE_INTEGER) * scale) / KIB) * KIB;
  if (bytes > most)
    failAt([element, name], `${name === undefined ? element.text.trim() : attribute(element, name)} ${unit}`, 'at most 4 PiB');
  return bytes;
}

const MIB = 1024 ** 2;

/** Memory of a guest: QEMU gets whole MiB of libvirt, rounded up (src/qemu/qemu_domain.c, qemuDomainAlignMemorySizes), Xen what is said. */
export function guestBytes(element: XmlElement, kind: GuestDescription['kind'], name?: string): number {
  const bytes = memoryBytes(element, name);
  return kind === 'kvm' ? Math.ceil(bytes / MIB) * MIB : bytes;
}
