import { contentionOf } from '../sim/contention.ts';
import { idleLineNs, type Machine } from '../sim/machine.ts';
import { LINE_BYTES, NONE } from '../sim/units.ts';

/**
 * GB/s that streams on these CPUs get together from memory of one node, each with all the lines in flight its core can hold.
 * Solved by the simulator's own equations, without running it: nothing is computed between two lines, no cache hits.
 * @param writeShare 0 for readers, 1 for writers, 1/2 for copies (every line counts once, as STREAM does)
 */
export function streamGBps(machine: Machine, cpus: readonly number[], node: number, writeShare: number): number {
  const contention = contentionOf('fifo', machine, cpus.length);
  cpus.forEach((cpu, flow) => {
    const row = machine.cpuNode[cpu]! * machine.nodeCount;
    const inFlight = machine.coreLines[machine.cpuNode[cpu]!]!;
    contention.beginFlow(flow, idleLineNs(machine, row + node, inFlight, writeShare) / inFlight, 1, inFlight);
    contention.addUse(flow, row + node, 1, 1, writeShare);
    if (machine.cpuPort[cpu] !== NONE) contention.addPort(flow, machine.cpuPort[cpu]!, 1);
    contention.commitFlow(flow);
  });
  contention.solve();
  return cpus.reduce((sum, _, flow) => {
    contention.refresh(flow);
    return sum + LINE_BYTES / contention.unitNs[flow]!;
  }, 0);
}

/** The same for the first `threads` CPUs of a node. */
export function nodeStreamGBps(machine: Machine, cpuNode: number, node: number, threads: number, writeShare: number): number {
  const first = machine.nodeFirstCpu[cpuNode]!;
  return streamGBps(
    machine,
    Array.from({ length: threads }, (_, i) => first + i),
    node,
    writeShare,
  );
}
