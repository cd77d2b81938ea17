import type { MachineSpec, Matrix } from '../../sim/machine-spec.ts';
import type { Layout } from './layout.ts';
import { PRIORS } from './priors.ts';

export interface Sockets {
  readonly nodeSocket: number[];
  readonly sockets: number;
  /** How they were guessed, where no package is said; else null. */
  readonly guess: string | null;
}

/**
 * Sockets by the packages of nodes, in the order of their first nodes. A node that no package is said of is where a machine of the same
 * shape has it; else a node of memory alone is with the nearest that has CPUs, and one with CPUs with those as near as nodes of a socket are.
 */
export function socketsOf(layout: Layout, known: MachineSpec | null, remarks: string[]): Sockets {
  const { nodes, packages, slit } = layout;
  const unsaid = nodes.flatMap((_, node) => (packages[node] === null ? [node] : []));
  const names = packages.map((name, node): string => (name === null ? `alone ${node}` : `package ${name}`));
  if (unsaid.length > 0 && known && unsaid.length === nodes.length) {
    const guess = `not said, those of ${known.name}, which has the same nodes, CPUs and distances`;
    return { nodeSocket: [...known.nodeSocket], sockets: known.sockets, guess };
  }
  const unsaidWithCpus = unsaid.filter((node) => nodes[node]!.cpus.length > 0);
  const near = besides(unsaidWithCpus, slit);
  near.forEach((first, node) => (names[node] = `alone ${first}`));
  const withCpus = nodes.flatMap(({ cpus }, node) => (cpus.length > 0 ? [node] : []));
  const memoryOnly = unsaid.filter((node) => nodes[node]!.cpus.length === 0);
  const equallyNear: number[] = [];
  for (const node of memoryOnly) {
    const distance = (other: number): number => slit?.[node]![other] ?? 0;
    const nearest = withCpus.reduce((best, other) => (distance(other) < distance(best) ? other : best));
    if (withCpus.some((other) => distance(other) === distance(nearest) && names[other] !== names[nearest])) equallyNear.push(node);
    names[node] = names[nearest]!;
  }
  const idsOf = (list: readonly number[]): string => list.map((node) => nodes[node]!.id).join(', ');
  if (memoryOnly.length > 0)
    remarks.push(`nodes of memory alone are taken to be in the socket of the nearest with CPUs: ${idsOf(memoryOnly)}`);
  if (equallyNear.length > 0)
    remarks.push(`of these as near to nodes of other sockets, and taken to be in the first: ${idsOf(equallyNear)}`);
  const isJoined = [...near].some(([node, first]) => node !== first);
  const how = isJoined ? `nodes at most ${PRIORS.socketDistance} apart taken to share one` : 'each node with CPUs taken for one';
  const guess = unsaid.length > memoryOnly.length ? `not said, ${how}` : null;
  const order = [...new Set(names)];
  return { nodeSocket: names.map((name) => order.indexOf(name)), sockets: order.length, guess };
}

/** The lowest of the nodes that each of these is near to, directly or by others of them. */
function besides(nodes: readonly number[], slit: Matrix | null): Map<number, number> {
  const firstOf = new Map<number, number>();
  const isNear = (a: number, b: number): boolean => slit !== null && Math.max(slit[a]![b]!, slit[b]![a]!) <= PRIORS.socketDistance;
  for (const first of nodes) {
    if (firstOf.has(first)) continue;
    const found = new Set([first]);
    for (const node of found) for (const other of nodes) if (!firstOf.has(other) && isNear(node, other)) found.add(other); // grows as it goes
    for (const node of found) firstOf.set(node, first);
  }
  return firstOf;
}
