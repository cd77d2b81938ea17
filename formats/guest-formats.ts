import type { GuestDescription } from './guest-description.ts';
import { looksLikeLibvirt, readLibvirtDomains } from './libvirt/libvirt.ts';
import { looksLikeQemu, readQemuCommands } from './qemu/qemu.ts';
import { looksLikeVng, readVng } from './qemu/vng.ts';
import { looksLikeXlConfig, readXlConfigs } from './xl/config.ts';

/** A format that describes guests: `guest import` takes each of this list. */
export interface GuestFormat {
  readonly name: 'qemu' | 'vng' | 'libvirt' | 'xl';
  readonly summary: string;
  /** Whether a text is likely of this format; of several the first of the list is taken. Must be quick and never throw. */
  looksLike(text: string): boolean;
  /** All guests of a text, one at least. @throws FormatError for what is none of this format, and for more than 4096 guests */
  read(text: string): readonly GuestDescription[];
}

/** In the order in which they are guessed: what is told for certain first. */
export const guestFormats: readonly GuestFormat[] = [
  { name: 'libvirt', summary: 'libvirt domain XML, as virsh dumpxml prints it', looksLike: looksLikeLibvirt, read: readLibvirtDomains },
  { name: 'xl', summary: "xl.cfg, a guest's configuration for Xen's xl", looksLike: looksLikeXlConfig, read: readXlConfigs },
  { name: 'vng', summary: 'a command line of virtme-ng', looksLike: looksLikeVng, read: (text) => [readVng(text)] },
  { name: 'qemu', summary: 'a QEMU command line', looksLike: looksLikeQemu, read: readQemuCommands },
];

/** The format that a text looks like, or null. */
export function guessGuestFormat(text: string): GuestFormat | null {
  return guestFormats.find((format) => format.looksLike(text)) ?? null;
}
