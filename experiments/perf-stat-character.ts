import { countOf, type PerfStat } from '../formats/trace-in/perf-stat.ts';
import { idleLineNs, type Machine } from '../sim/machine.ts';
import type { MeasuredCharacter } from '../workloads/measured-program.ts';

/** What `perf stat` counted, as far as a character follows from it. */
export interface Counted {
  readonly instructions: number;
  /** Of all CPUs that ran it, without idle time. */
  readonly cycles: number;
  readonly accesses: number;
  readonly misses: number;
  readonly writtenMisses: number;
  /** Counted as cache-references and cache-misses: on Intel of the last-level cache, on AMD of the second level, on Arm of the first. */
  readonly isOfAnyCache: boolean;
  /** Of the loads from memory: from another node; null where it was not counted. */
  readonly remoteShare: number | null;
}

/** What is asked for by several names: first perf's own, then those of Arm, Intel and AMD (tools/perf/pmu-events of Linux). */
const INSTRUCTIONS = ['instructions', 'inst_retired', 'inst_retired.any', 'ex_ret_instr'];
const CYCLES = ['cycles', 'cpu-cycles', 'cpu_cycles', 'cpu_clk_unhalted.thread', 'ls_not_halted_cyc'];
const LOADS = ['LLC-loads', 'll_cache_rd'];
const LOAD_MISSES = ['LLC-load-misses', 'll_cache_miss_rd'];
/** Loads from memory of the own node and of others. */
const LOCAL_AND_REMOTE = [
  ['mem_load_l3_miss_retired.local_dram', 'mem_load_l3_miss_retired.remote_dram'],
  ['mem_load_uops_l3_miss_retired.local_dram', 'mem_load_uops_l3_miss_retired.remote_dram'],
  ['mem_load_uops_llc_miss_retired.local_dram', 'mem_load_uops_llc_miss_retired.remote_dram'],
  ['ls_dmnd_fills_from_sys.dram_io_near', 'ls_dmnd_fills_from_sys.dram_io_far'],
  ['ls_dmnd_fills_from_sys.mem_io_local', 'ls_dmnd_fills_from_sys.mem_io_remote'],
] as const;

/**
 * The counts a character needs: instructions, cycles; LLC-loads and LLC-load-misses with LLC-stores and LLC-store-misses where counted, or
 * cache-references and cache-misses; node-loads and node-load-misses (loads from memory, and those of them from another node:
 * arch/x86/events/intel/core.c), or loads from the own node and from others by the names that makers of CPUs have, where counted.
 * @throws RangeError naming what is missing or cannot be
 */
export function countedBy(stat: PerfStat): Counted {
  const need = (events: readonly string[], said = events[0]!): number => {
    const value = countOf(stat, ...events);
    if (value === null) throw new RangeError(`${said}: not counted, want perf stat -e instructions,cycles,LLC-loads,LLC-load-misses`);
    return value;
  };
  const [instructions, cycles] = [need(INSTRUCTIONS), need(CYCLES)];
  const hasLoads = countOf(stat, ...LOADS) !== null;
  const accesses = hasLoads
    ? need(LOADS) + (countOf(stat, 'LLC-stores') ?? 0)
    : need(['cache-references'], 'LLC-loads or cache-references');
  const writtenMisses = hasLoads ? (countOf(stat, 'LLC-store-misses') ?? 0) : 0;
  const misses = (hasLoads ? need(LOAD_MISSES) : need(['cache-misses'])) + writtenMisses;
  if (!(instructions > 0 && cycles > 0)) throw new RangeError(`instructions = ${instructions}, cycles = ${cycles}, want both above 0`);
  if (misses > accesses)
    throw new RangeError(`${misses} misses of ${accesses} accesses to the last-level cache, want no more than accesses`);
  return { instructions, cycles, accesses, misses, writtenMisses, isOfAnyCache: !hasLoads, remoteShare: remoteShareOf(stat) };
}

function remoteShareOf(stat: PerfStat): number | null {
  const [loads, remote] = [countOf(stat, 'node-loads'), countOf(stat, 'node-load-misses')];
  if (loads !== null && remote !== null && loads > 0) {
    if (remote > loads) throw new RangeError(`node-load-misses = ${remote} of node-loads = ${loads}, want no more`);
    return remote / loads;
  }
  for (const [near, far] of LOCAL_AND_REMOTE) {
    const [local, other] = [countOf(stat, near), countOf(stat, far)];
    if (local !== null && other !== null && local + other > 0) return other / (local + other);
  }
  return null;
}

/** What counters do not say of how a program ran. */
export interface Manner {
  readonly threads: number;
  /** How many nodes its memory was on. */
  readonly nodes: number;
  readonly linesInFlight: number;
}

/**
 * The character: of the cycles an instruction took, those for its accesses are taken off, as the model has them on the machine it was
 * measured on:
 *
 *     cpi = (cycles - f/M * (hits * hit + misses * ((1 - r) * line(local) + r * line(other nodes)))) / instructions
 *     line = L * max(1, M/Mc) + e * y,  y = L(n,n) * A*u / (1 - C*u),  u = lines a ns * e / capacity
 *
 * with clock f, M lines in flight (at most those of a core), remote share r, and the threads' lines spread evenly over the controllers of
 * `nodes` nodes. Latencies are means over the CPUs. Queueing on links is not taken off.
 * @throws RangeError where the accesses alone would take longer than was measured
 */
export function characterOf(counted: Counted, machine: Machine, { threads, nodes, linesInFlight }: Manner): MeasuredCharacter {
  const { instructions, cycles, accesses, misses, writtenMisses, remoteShare } = counted;
  const writeShare = misses > 0 ? writtenMisses / misses : 0;
  const linesPerNs = (misses * machine.clockGHz * threads) / cycles; // while it runs
  const missNs = accessNs(machine, linesInFlight, (inFlight, node) =>
    lineNs(machine, inFlight, node, writeShare, remoteShare ?? 0, linesPerNs / nodes),
  );
  const hitNs = accessNs(machine, linesInFlight, () => machine.llcHitNs);
  const cycleSum = machine.clockGHz * (misses * missNs + (accesses - misses) * hitNs);
  const cyclesPerInstruction = (cycles - cycleSum) / instructions;
  if (!(cyclesPerInstruction > 0)) {
    throw new RangeError(
      `accesses of the last-level cache and misses alone take ${(cycleSum / instructions).toFixed(3)} of ${(cycles / instructions).toFixed(3)} cycles an instruction on ${machine.spec.name} with lines=${linesInFlight}, want more lines in flight, or on=MACHINE it was measured on`,
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

/** Time for each of accesses of which a core makes so many at once: a mean over the CPUs. */
function accessNs(machine: Machine, linesInFlight: number, of: (inFlight: number, node: number) => number): number {
  const { nodeCpuCount, coreLines, cpuCount } = machine;
  let sum = 0;
  nodeCpuCount.forEach((cpus, node) => {
    const inFlight = Math.min(linesInFlight, coreLines[node]!);
    if (cpus > 0) sum += (cpus * of(inFlight, node)) / inFlight;
  });
  return sum / cpuCount;
}

/** What a missed line takes on the CPUs of a node, with so many lines a ns at each controller. */
function lineNs(machine: Machine, inFlight: number, cpuNode: number, writeShare: number, remoteShare: number, linesPerNs: number): number {
  const { nodeCount, capacity, riseNs, curve, useStart, useRead, useWrite } = machine;
  const from = (node: number): number => {
    const pair = cpuNode * nodeCount + node;
    const entry = useStart[pair]!; // its controller is first
    const use = useRead[entry]! + writeShare * (useWrite[entry]! - useRead[entry]!);
    const busy = Math.min(1, (linesPerNs * use) / capacity[node]!);
    return idleLineNs(machine, pair, inFlight, writeShare) + (use * riseNs[node]! * busy) / (1 - curve * busy);
  };
  let others = 0;
  for (let node = 0; node < nodeCount; node++) if (node !== cpuNode) others += from(node) / (nodeCount - 1);
  return (1 - remoteShare) * from(cpuNode) + remoteShare * others;
}
