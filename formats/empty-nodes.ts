import type { GuestDescription } from './guest-description.ts';
import { asRanges } from './id-list.ts';

type Nodes = Pick<GuestDescription, 'cells' | 'distances'>;

/**
 * Without virtual nodes of neither vCPUs nor memory: a guest with a GPU has some, for the driver to put the memory of the GPU there
 * (acpi-generic-initiator). Those behind them are numbered anew.
 */
export function withoutEmptyNodes({ cells, distances }: Nodes, ignored: string[]): Nodes {
  const kept = [...cells.keys()].filter((id) => cells[id]!.vcpus.length > 0 || cells[id]!.memoryBytes > 0);
  const gone = [...cells.keys()].filter((id) => !kept.includes(id));
  if (gone.length === 0) return { cells, distances };
  const isBetween = kept.some((id) => id > gone[0]!);
  ignored.push(
    `virtual node${gone.length > 1 ? 's' : ''} ${asRanges(gone)}: neither vCPUs nor memory, left out${isBetween ? ', those behind them are numbered anew' : ''}`,
  );
  return { cells: kept.map((id) => cells[id]!), distances: distances && kept.map((row) => kept.map((column) => distances[row]![column]!)) };
}
