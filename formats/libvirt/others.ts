import { isPlainOption, QEMU_PLAIN } from '../qemu/command.ts';
import { NO_EFFECT, placed, READ_ELEMENTS, type Remarks } from './remarks.ts';
import { memoryBytes } from './values.ts';
import { attribute, childrenOf, type XmlElement } from '../xml.ts';

/** All that no other part of the reader looks at. @param bytes the guest's memory */
export function otherElements(domain: XmlElement, bytes: number, remarks: Remarks): void {
  const { unsimulated, ignored } = remarks;
  for (const child of domain.children) {
    if (READ_ELEMENTS.includes(child.name)) continue;
    if (NO_EFFECT.includes(child.name)) ignored.push(placed(child, child.name));
    else if (child.name === 'memtune') limits(child, bytes, remarks);
    else if (child.name === 'qemu:commandline') commandLine(child, remarks);
    else unsimulated.push(placed(child, `${child.name}, which is not known here`));
  }
}

const LIMITS = ['hard_limit', 'soft_limit', 'swap_hard_limit'];

/** <memtune>: what is no less than the guest's memory never holds it back. */
function limits(memtune: XmlElement, bytes: number, { unsimulated, ignored }: Remarks): void {
  const isLow = (limit: XmlElement): boolean => LIMITS.includes(limit.name) && memoryBytes(limit, undefined, Infinity) < bytes; // near 2^53 KiB where there is none
  const low = memtune.children.filter(isLow);
  for (const limit of low) unsimulated.push(placed(limit, `memtune.${limit.name}: less than the guest's memory`));
  if (low.length === 0) ignored.push(placed(memtune, 'memtune'));
}

/** <qemu:commandline>: options that libvirt hands on to QEMU as they are. A word that is none goes with the option before it. */
function commandLine(element: XmlElement, { unsimulated, ignored }: Remarks): void {
  const options = childrenOf(element, 'qemu:arg').map((arg) => ({ arg, text: attribute(arg, 'value') }));
  let isPlain = true;
  for (const [i, { arg, text }] of options.entries()) {
    const name = /^--?(.+)$/.exec(text)?.[1] ?? null;
    const next = options[i + 1]?.text ?? '';
    if (name === null || QEMU_PLAIN.has(name) || isPlainOption(name, next)) continue;
    isPlain = false;
    unsimulated.push(placed(arg, `qemu:commandline ${text}`));
  }
  if (isPlain) ignored.push(placed(element, element.name));
}
