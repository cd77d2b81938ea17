import type { GuestCell, GuestDescription } from '../guest-description.ts';
import { placed, type Remarks } from './remarks.ts';
import { failAt, guestBytes, onlyChild, wholeNumber } from './values.ts';
import { childrenOf, type XmlElement, xmlFail } from '../xml.ts';

/**
 * <memory> among the devices. A DIMM that is there at the start is memory of its cell, and bound as it is, unless it has a <source> of its
 * own; anything else that is plugged in or grows (nvdimm, virtio-mem, virtio-pmem) is not simulated.
 * @returns the cells with their DIMMs
 */
export function withDimms(
  domain: XmlElement,
  kind: GuestDescription['kind'],
  cells: readonly GuestCell[],
  { unsimulated, ignored }: Remarks,
): GuestCell[] {
  const added = new Float64Array(cells.length); // [cell] bytes
  const devices = onlyChild(domain, 'devices');
  for (const device of devices ? childrenOf(devices, 'memory') : []) {
    const target = onlyChild(device, 'target');
    const model = device.attributes.get('model') ?? '';
    if (model !== 'dimm' || !target || onlyChild(device, 'source')) {
      unsimulated.push(placed(device, `devices.memory: ${model === '' ? '' : `${model}, `}memory that is plugged in`));
      continue;
    }
    const size = onlyChild(target, 'size') ?? xmlFail(target, '<target> of memory without size, want <size>');
    const node = onlyChild(target, 'node');
    const cell = node ? wholeNumber([node], 0, 4096) : 0;
    if (cell >= cells.length) failAt([node ?? target], `${cell}`, `one of the ${cells.length} cells of cpu.numa`);
    const bytes = guestBytes(size, kind);
    added[cell]! += bytes;
    ignored.push(placed(device, `devices.memory: a DIMM of ${bytes / 1024} KiB, memory of cell ${cell} from the start`));
  }
  return cells.map((cell, id) => ({ ...cell, memoryBytes: cell.memoryBytes + added[id]! }));
}
