import type { MachineSpec } from './machine-spec.ts';

/** The part of a machine that says how far apart its nodes are. */
export type Wiring = Pick<MachineSpec, 'name' | 'nodeSocket' | 'nextHop'>;

/** The nodes a line passes from `from` to `to`, both ends included, by the next-hop table. */
export function routeBetween({ name, nodeSocket, nextHop }: Wiring, from: number, to: number): number[] {
  const path = [from];
  for (let at = from; at !== to;) {
    at = nextHop.value[at]![to]!;
    path.push(at);
    if (path.length > nodeSocket.length) {
      throw new RangeError(`${name}: nextHop[${from}][${to}] = ${path[1]}, want a neighbour on a way that arrives`);
    }
  }
  return path;
}

/** Index into HOP_CLASSES for each [node of the CPU * N + node of the memory], by the way that read data take. */
export function hopClasses(wiring: Wiring): Uint8Array {
  const nodeCount = wiring.nodeSocket.length;
  const classes = new Uint8Array(nodeCount * nodeCount);
  for (let cpuNode = 0; cpuNode < nodeCount; cpuNode++) {
    for (let node = 0; node < nodeCount; node++) {
      const hops = routeBetween(wiring, node, cpuNode).length - 1;
      const sameSocket = wiring.nodeSocket[node] === wiring.nodeSocket[cpuNode];
      classes[cpuNode * nodeCount + node] = hops === 0 ? 0 : sameSocket ? 1 : hops === 1 ? 2 : 3;
    }
  }
  return classes;
}
