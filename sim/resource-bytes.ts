import type { Machine } from './machine.ts';
import { LINE_BYTES, NONE } from './units.ts';

/**
 * Bytes that resources have carried, to out[at..at + resources): from the lines between nodes, a written line by its weight; at ports from
 * the lines of their CPUs.
 * @param pairLines [CPU's node * nodes + memory's node], as are `pairWritten`
 * @param cpuLines [cpu]
 */
export function bytesOfLines(
  machine: Machine,
  pairLines: Float64Array,
  pairWritten: Float64Array,
  cpuLines: Float64Array,
  out: Float64Array,
  at: number,
): void {
  const { useStart, useResource, useRead, useWrite, cpuPort } = machine;
  out.fill(0, at, at + machine.resourceCount);
  for (let pair = 0; pair < machine.nodeCount ** 2; pair++) {
    const written = pairWritten[pair]!;
    const read = pairLines[pair]! - written;
    for (let entry = useStart[pair]!; entry < useStart[pair + 1]!; entry++) {
      out[at + useResource[entry]!]! += (read * useRead[entry]! + written * useWrite[entry]!) * LINE_BYTES;
    }
  }
  for (let cpu = 0; cpu < cpuPort.length; cpu++) {
    const port = cpuPort[cpu]!;
    if (port !== NONE) out[at + port]! += cpuLines[cpu]! * LINE_BYTES;
  }
}
