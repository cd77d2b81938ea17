import type { Figure, LinkSpec, LoadedLatency, Matrix } from '../sim/machine-spec.ts';

export const assumed = <Value>(value: Value, why: string): Figure<Value> => ({ value, source: `assumed: ${why}` });

/** The rise of latency on machines without a measured curve of loaded latency. */
export const pooledLoadedLatency: Figure<LoadedLatency> = assumed(
  { rise: 0.3647, curve: 0.5346 },
  'pooled fit of four published Intel MLC curves by `numalab machine calibrate` (mean error 1.9 %), for no curve was found for this machine',
);

/** A link of this capacity between every two of so many nodes. */
export function meshLinks(nodeCount: number, capacityGBps: number): LinkSpec[] {
  const nodes = Array.from({ length: nodeCount }, (_, node) => node);
  return nodes.flatMap((a) => nodes.filter((b) => a < b).map((b): LinkSpec => ({ between: [a, b], capacityGBps })));
}

/** Every node is a neighbour of every other. */
export function meshHops(nodeCount: number): Matrix {
  return matrixOf(nodeCount, (_, to) => to);
}

/** Two sockets of two nodes: 0 and 1, 2 and 3; only 0 and 2 are linked across, so all that crosses shares one way. */
export const TWO_PAIRS: Matrix = [
  [0, 1, 2, 2],
  [0, 1, 0, 0],
  [0, 0, 2, 3],
  [2, 2, 2, 3],
];

export function matrixOf(nodeCount: number, cell: (row: number, column: number) => number): Matrix {
  return Array.from({ length: nodeCount }, (_, row) => Array.from({ length: nodeCount }, (__, column) => cell(row, column)));
}

/** One figure for a node's own memory, another for that of all other nodes. */
export function localRemote(nodeCount: number, local: number, remote: number): Matrix {
  return matrixOf(nodeCount, (row, column) => (row === column ? local : remote));
}

export function inNs(cycles: Matrix, clockGHz: number): Matrix {
  return cycles.map((row) => row.map((cell) => cell / clockGHz));
}

export function diagonalOf(matrix: Matrix): number[] {
  return matrix.map((row, node) => row[node]!);
}

/** Peak read of two sockets of a Xeon 8269CY over the raw rate of their twelve channels of DDR4-2933: what raw rates become in practice. */
export const DRAM_SHARE: number = 232.7777 / (12 * 23.464);

export const unknownHole: Figure<number> = assumed(2, '2 GiB of device addresses below 4 GiB, the memory map was not found');
