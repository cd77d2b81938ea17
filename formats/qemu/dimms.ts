import type { SourceText } from '../format-error.ts';
import type { GuestCell, MemoryBinding } from '../guest-description.ts';
import { type Aside, backendNamed, lineOf, type MemoryBackend } from './memory.ts';
import type { Dimm } from './command.ts';

interface Memory {
  readonly cells: readonly GuestCell[];
  readonly bytes: number;
}

/**
 * `-device pc-dimm,memdev=ID,node=N`: memory of its node from the start. As a node has one binding, a DIMM that is bound or backed
 * otherwise than the rest of its node is not simulated.
 * @param rest binding and backing of a guest without nodes
 */
export function withDimms(
  source: SourceText,
  dimms: readonly Dimm[],
  { cells, bytes }: Memory,
  rest: { readonly binding: MemoryBinding | null; readonly isPreallocated: boolean },
  backends: ReadonlyMap<string, MemoryBackend>,
  aside: Aside,
): Memory {
  const added = new Float64Array(Math.max(1, cells.length)); // [node] bytes
  for (const { settings, at } of dimms) {
    const backend = backendNamed(backends, settings, 'memdev') ?? settings.fail(null, 'pc-dimm without memdev, want memdev=ID');
    const node = settings.count('node', 0, added.length - 1) ?? 0;
    const own = cells[node] ? { binding: cells[node].memory, isPreallocated: cells[node].isPreallocated } : rest;
    const isAlike = JSON.stringify(own.binding) === JSON.stringify(backend.binding) && own.isPreallocated === backend.isPreallocated;
    if (isAlike) {
      added[node]! += backend.bytes;
      aside.ignored.push(`${lineOf(source, at)}: -device pc-dimm: ${backend.bytes / 1024 ** 2} MiB, memory of node ${node} from the start`);
    } else aside.unsimulated.push(`${lineOf(source, at)}: -device pc-dimm: memory bound or backed otherwise than that of node ${node}`);
  }
  return {
    cells: cells.map((cell, id) => ({ ...cell, memoryBytes: cell.memoryBytes + added[id]! })),
    bytes: bytes + added.reduce((sum, one) => sum + one, 0),
  };
}
