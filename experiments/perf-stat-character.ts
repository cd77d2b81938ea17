import { countOf, type PerfStat } from '../formats/perf-stat.ts';
import { idleLineNs, type Machine, riseOf } from '../sim/machine.ts';
import type { MeasuredCharacter } from '../workloads/measured-program.ts';

/** What `perf stat` counted, as far as a character follows from it. */
export interface Counted {
  readonly instructions: number;
  /** Of all CPUs that ran it, without idle time. */
  readonly cycles: number;
  readonly accesses: number;
  readonly misses: number;
  readonly writtenMisses: number;
  /** Of the loads from memory: from another node; null where it was not counted. */
  readonly remoteShare: number | null;
}

/**
 * The counts a character needs: instructions, cycles; LLC-loads and LLC-load-misses with LLC-stores and LLC-store-misses where counted, or
 * cache-references and cache-misses; node-loads and node-load-misses (loads from memory, and those of them from another node:
 * arch/x86/events/intel/core.c) where counted.
 * @throws RangeError naming what is missing or cannot be
 */
export function countedBy(stat: PerfStat): Counted {
  const need = (...events: string[]): number => {
    const value = countOf(stat, ...events);
    if (value === null)
      throw new RangeError(`${events.join(' or ')}: not counted, want perf stat -e instructions,cycles,LLC-loads,LLC-load-misses`);
    return value;
  };
  const [instructions, cycles] = [need('instructions'), need('cycles', 'cpu-cycles')];
  const hasLoads = countOf(stat, 'LLC-loads') !== null;
  const accesses = hasLoads ? need('LLC-loads') + (countOf(stat, 'LLC-stores') ?? 0) : need('LLC-loads', 'cache-references');
  const writtenMisses = hasLoads ? (countOf(stat, 'LLC-store-misses') ?? 0) : 0;
  const misses = (hasLoads ? need('LLC-load-misses') : need('cache-misses')) + writtenMisses;
  if (!(instructions > 0 && cycles > 0)) throw new RangeError(`instructions = ${instructions}, cycles = ${cycles}, want both above 0`);
  if (misses > accesses)
    throw new RangeError(`${misses} misses of ${accesses} accesses to the last-level cache, want no more than accesses`);
  return { instructions, cycles, accesses, misses, writtenMisses, remoteShare: remoteShareOf(stat) };
}

function remoteShareOf(stat: PerfStat): number | null {
  const [loads, remote] = [countOf(stat, 'node-loads'), countOf(stat, 'node-load-misses')];
  if (loads === null || remote === null || loads === 0) return null;
  if (remote > loads) throw new RangeError(`node-load-misses = ${remote} of node-loads = ${loads}, want no more`);
  return remote / loads;
}

/**
 * The character: of the cycles an instruction took, those for its misses are taken off, as the model has them on the machine it was measured on:
 *
 *     cpi = cycles/instructions - f * misses/instructions / M * ((1 - r) * line(local) + r * line(other nodes))
 *     line = L * max(1, M/Mc) + e * y,  y = L(n,n) * A*u / (1 - C*u),  u = lines a ns * e / capacity
 *
 * with clock f, M lines in flight, remote share r, and the threads' lines spread evenly over as many controllers as there are threads, at
 * most all. Latencies are means over the nodes with CPUs. Queueing on links is not taken off.
 * @throws RangeError where misses alone would take longer than was measured
 */
export function characterOf(counted: Counted, machine: Machine, threads: number, linesInFlight: number): MeasuredCharacter {
  const { instructions, cycles, accesses, misses, writtenMisses, remoteShare } = counted;
  const writeShare = misses > 0 ? writtenMisses / misses : 0;
  const linesPerNs = (misses * machine.clockGHz * threads) / cycles; // while it runs
  const cycleSum =
    (machine.clockGHz * misses * lineNs(machine, linesInFlight, writeShare, remoteShare ?? 0, linesPerNs, threads)) / linesInFlight;
  const cyclesPerInstruction = (cycles - cycleSum) / instructions;
  if (!(cyclesPerInstruction > 0)) {
    throw new RangeError(
      `misses alone take ${(cycleSum / instructions).toFixed(3)} of ${(cycles / instructions).toFixed(3)} cycles an instruction on ${machine.spec.name} with lines=${linesInFlight}, want more lines in flight, or on=MACHINE it was measured on`,
    );
  }
  return {
    cyclesPerInstruction,
    accessesPerInstruction: accesses / instructions,
    missRatio: accesses > 0 ? misses / accesses : 0,
    writeShare,
    linesInFlight,
  };
}

/** What a missed line takes while each thread asks for `lines` at a time, a mean over the CPUs. */
function lineNs(machine: Machine, lines: number, writeShare: number, remoteShare: number, linesPerNs: number, threads: number): number {
  const { nodeCount, nodeCpuCount, capacity, riseNs, useStart, useRead, useWrite, spec } = machine;
  const controllers = Math.min(threads, nodeCpuCount.filter((cpus) => cpus > 0).length);
  const from = (cpuNode: number, node: number): number => {
    const pair = cpuNode * nodeCount + node;
    const entry = useStart[pair]!; // its controller is first
    const use = useRead[entry]! + writeShare * (useWrite[entry]! - useRead[entry]!);
    const busy = Math.min(1, ((linesPerNs / controllers) * use) / capacity[node]!);
    const { rise, curve } = spec.loadedLatency.value;
    return idleLineNs(machine, pair, lines, writeShare) + use * (rise > 0 ? (riseNs[node]! / rise) * riseOf({ rise, curve }, busy) : 0);
  };
  let sum = 0;
  for (let cpuNode = 0; cpuNode < nodeCount; cpuNode++) {
    const others = nodeCount > 1 ? meanOf(nodeCount, cpuNode, (node) => from(cpuNode, node)) : 0;
    sum += nodeCpuCount[cpuNode]! * ((1 - remoteShare) * from(cpuNode, cpuNode) + remoteShare * others);
  }
  return sum / machine.cpuCount;
}

function meanOf(count: number, without: number, of: (node: number) => number): number {
  let sum = 0;
  for (let node = 0; node < count; node++) if (node !== without) sum += of(node);
  return sum / (count - 1);
}
