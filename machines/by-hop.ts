import { HOP_CLASSES } from '../sim/machine.ts';
import type { Matrix } from '../sim/machine-spec.ts';
import { hopClasses, type Wiring } from '../sim/route.ts';

/** One figure for each of HOP_CLASSES, in their order: local, same socket, one hop, two hops. */
export type ByHop = readonly number[];

/** Mean of a measured matrix over the node pairs of each hop class: what can be carried to another machine of the same parts. */
export function meanByHop(wiring: Wiring, matrix: Matrix): ByHop {
  const classes = hopClasses(wiring);
  const cells = matrix.flat();
  return HOP_CLASSES.map((_, hop) => {
    const ofHop = cells.filter((_, pair) => classes[pair] === hop);
    return ofHop.reduce((sum, cell) => sum + cell, 0) / ofHop.length;
  });
}

/** A matrix whose node pairs have the figure of their hop class. */
export function matrixByHop(wiring: Wiring, byHop: ByHop): Matrix {
  const nodeCount = wiring.nodeSocket.length;
  const classes = hopClasses(wiring);
  return wiring.nodeSocket.map((_, cpuNode) => wiring.nodeSocket.map((_, node) => byHop[classes[cpuNode * nodeCount + node]!]!));
}
