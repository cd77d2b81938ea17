import type { Kernel, Placement, PlacementPolicy } from '../../sim/policy-api.ts';
import type { GuestId, NodeId } from '../../sim/units.ts';

/**
 * One node a guest, in turn, vCPUs and memory: what a careful user of numactl does by hand. A node that is full is passed over.
 * First touch backs memory long after a guest was placed, so the room counted is what was free at the first placement less what was
 * promised since. When no node has room the guest keeps the node whose turn it is: its memory will run out, as it would.
 * After: numactl 2.0, --cpunodebind and --membind.
 */
export function numactl(): PlacementPolicy {
  let roomBytes: Float64Array | undefined; // [node]
  let guestsPlaced = 0;
  return {
    name: 'numactl',
    place(k: Kernel, guest: GuestId): Placement {
      roomBytes ??= Float64Array.from({ length: k.nodeCount }, (_, node) => k.nodeFreeBytes(node as NodeId));
      const nodes = Array.from({ length: k.nodeCount }, (_, node) => node as NodeId).filter((node) => k.nodeCpuCount(node) > 0);
      const turn = guestsPlaced++ % nodes.length;
      const inTurn = [...nodes.slice(turn), ...nodes.slice(0, turn)];
      const needBytes = k.guestMemoryBytes(guest);
      const node = inTurn.find((candidate) => roomBytes![candidate]! >= needBytes) ?? inTurn[0]!;
      roomBytes[node]! -= needBytes;
      return { hardNodes: [node], softNodes: null, memoryNodes: [node] };
    },
  };
}
