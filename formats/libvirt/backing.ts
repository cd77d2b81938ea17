import { HOST_NODES, readIdList } from '../id-sets.ts';
import { placed, type Remarks } from './remarks.ts';
import { memoryBytes, onlyChild } from './values.ts';
import { childOf, childrenOf, type XmlElement, xmlFail } from '../xml.ts';

/** Which memory is all there at the start. */
export interface Backing {
  readonly isOfAll: boolean;
  readonly isOfCell: (cell: number) => boolean;
}

const SMALL_PAGE_BYTES = 4096;

/**
 * <memoryBacking>, and what else fills memory at the start: <allocation mode="immediate">; locked memory, as mlockall() touches it; huge
 * pages, as libvirt then asks for prealloc; PCI devices of the host, whose DMA wants all pages in their place; SEV, which QEMU registers
 * all pages with (SNP and TDX have theirs from guest_memfd, as they are asked for). Xen always does.
 * After: libvirt, src/qemu/qemu_command.c, qemuBuildMemoryBackendProps and qemuBuildMemoryGetPagesize.
 */
export function backingOf(domain: XmlElement, isKvm: boolean, { unsimulated, ignored }: Remarks): Backing {
  const backing = onlyChild(domain, 'memoryBacking');
  const pages = backing && onlyChild(backing, 'hugepages');
  const isLocked = backing !== undefined && childOf(backing, 'locked') !== undefined;
  const isImmediate = backing !== undefined && childOf(backing, 'allocation')?.attributes.get('mode') === 'immediate';
  for (const child of backing?.children ?? []) {
    if (isKvm && (child.name === 'locked' || (isImmediate && child.name === 'allocation'))) continue; // has its effect
    const isHuge = child.name === 'hugepages';
    ignored.push(
      placed(
        child,
        `memoryBacking.${child.name}${isHuge ? ': what has pages above 4 KiB is backed at the start; how large a page is mapped is the scenario’s word "mapping"' : ''}`,
      ),
    );
  }
  const hasDevice = passedThrough(domain, isKvm ? ignored : []);
  const isOfAll = [!isKvm, hasDevice, isSev(domain, unsimulated), isLocked, isImmediate].includes(true);
  const isHuge = pages ? hugeCells(pages) : () => false;
  return { isOfAll: isOfAll || isHuge(null), isOfCell: (cell) => isOfAll || isHuge(cell) };
}

/** Encrypted memory costs more, cannot move, and is not simulated; without that, what SEV pins is still all there at the start. */
function isSev(domain: XmlElement, unsimulated: string[]): boolean {
  const security = onlyChild(domain, 'launchSecurity');
  const type = security?.attributes.get('type') ?? 'of no type';
  if (security) unsimulated.push(placed(security, `launchSecurity ${type}: memory that is encrypted`));
  return type === 'sev';
}

/** A page size with a nodeset is that of these cells, one without of the others; without a size it is the host's usual huge one. */
function hugeCells(pages: XmlElement): (cell: number | null) => boolean {
  const sizes = childrenOf(pages, 'page');
  if (sizes.length === 0) return () => true;
  const ofCells = new Map<number | null, boolean>();
  for (const page of sizes) {
    const nodeset = page.attributes.get('nodeset');
    const cells = nodeset === undefined ? [null] : readIdList(nodeset, HOST_NODES, (said) => xmlFail(page, `page.nodeset = ${said}`));
    for (const cell of cells) ofCells.set(cell, memoryBytes(page, 'size') > SMALL_PAGE_BYTES);
  }
  return (cell) => ofCells.get(cell) ?? ofCells.get(null) ?? (cell === null && ofCells.get(0)) ?? false;
}

/** <hostdev type="pci"> and <interface type="hostdev">: VFIO holds all memory of the guest from the start. */
function passedThrough(domain: XmlElement, ignored: string[]): boolean {
  const devices = onlyChild(domain, 'devices')?.children ?? [];
  const found = devices.filter(({ name, attributes }) => {
    const type = attributes.get('type');
    return (name === 'hostdev' && type === 'pci') || (name === 'interface' && (type === 'hostdev' || type === 'vdpa'));
  });
  for (const device of found) ignored.push(placed(device, `devices.${device.name} of the host: all memory is backed at the start for it`));
  return found.length > 0;
}
