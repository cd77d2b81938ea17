import { countOf, type PerfStat, readPerfStat } from '../formats/trace-in/perf-stat.ts';
import type { MachineSpec } from '../sim/machine-spec.ts';
import { buildMachine, type Machine } from '../sim/machine.ts';
import { MiB } from '../sim/units.ts';
import type { MeasuredProgram } from '../workloads/measured-program.ts';
import { memoryWord, quantityOf } from './file-options.ts';
import { programFrom } from './file-program.ts';
import type { FileContext, FileWorkload } from './file-words.ts';
import { didYouMean } from './nearest-name.ts';
import { characterOf, type Counted, countedBy } from './perf-stat-character.ts';
import { formatQuantity } from './quantities.ts';

const DEFAULT_LINES = 1; //            assumed: each miss is waited for before the next
const DEFAULT_REGION_BYTES = MiB(64); // assumed
const MOST_THREADS = 1024;
const MOST_CLOCK_ERROR = 0.05;
/** Regions take at most three quarters of what is free in a guest (own-regions.ts). */
const MEMORY_FACTOR = 1.5;

/**
 * `perf-stat:FILE`: a program by what `perf stat` counted of it, as one bare process: as many threads as it kept busy, all of the same
 * character, each on memory of its own.
 */
export const perfStat: FileWorkload = {
  prefix: 'perf-stat',
  options: ['threads', 'nodes', 'instructions', 'working-set', 'lines', 'on', 'cpi'],
  expand(name, text, context) {
    const { options } = context;
    const stat = readPerfStat(text);
    const counted = countedBy(stat);
    const machine = machineOf(context);
    const threads = quantityOf(options, 'threads', 'count', 1, MOST_THREADS) ?? busyThreads(stat);
    const lines = quantityOf(options, 'lines', 'count', 1, 64) ?? DEFAULT_LINES;
    const regionBytes = quantityOf(options, 'working-set', 'bytes', 4096, 2 ** 44) ?? DEFAULT_REGION_BYTES;
    const cpi = quantityOf(options, 'cpi', 'share', 0.001, 1000);
    const program: MeasuredProgram = {
      ...(cpi === undefined
        ? characterOf(counted, machine, { threads, nodes: nodesOf(context, machine, threads), linesInFlight: lines })
        : givenCpi(counted, cpi, lines)),
      threads,
      instructions: quantityOf(options, 'instructions', 'count', 1, 1e15) ?? counted.instructions,
      regionBytes,
      tracedNs: stat.elapsedNs,
    };
    return {
      words: {
        guests: [
          {
            name: 'program',
            kind: 'bare',
            vcpus: String(threads),
            memory: memoryWord(threads * regionBytes * MEMORY_FACTOR, context.words),
            boot: '0',
          },
        ],
      },
      programs: [programFrom({ from: 'perf-stat', name: `perf-stat:${name.split('/').pop()!}`, program })],
      remarks: [...stat.remarks, ...remarksOn(program, counted, machine, context), ...clockRemark(stat, counted, machine, context)],
    };
  },
};

/** Cycles and CPU time say the clock it had: hardly the machine's that is taken for it where they differ. */
function clockRemark(stat: PerfStat, { cycles }: Counted, machine: Machine, { options }: FileContext): string[] {
  const cpuNs = cpuTimeNs(stat);
  if (cpuNs === null || cpuNs === 0 || options.has('cpi')) return [];
  const clockGHz = cycles / cpuNs;
  if (Math.abs(clockGHz / machine.clockGHz - 1) <= MOST_CLOCK_ERROR) return [];
  return [
    `cycles / task-clock = ${Number(clockGHz.toPrecision(4))} GHz where it was measured, but ${machine.spec.name} has ${machine.clockGHz} GHz: on=MACHINE says where, cpi= does without`,
  ];
}

function remarksOn(program: MeasuredProgram, { remoteShare, isOfAnyCache }: Counted, machine: Machine, context: FileContext): string[] {
  const { options } = context;
  const { cyclesPerInstruction, accessesPerInstruction, missRatio, writeShare, linesInFlight, threads, regionBytes } = program;
  const assumed = (name: string): string => (options.has(name) ? '' : ', assumed');
  return [
    `${threads} threads of ${cyclesPerInstruction.toPrecision(4)} cycles an instruction without misses (${options.has('cpi') ? 'as given' : `on ${machine.spec.name}`}), ` +
      `${accessesPerInstruction.toPrecision(4)} accesses of the last-level cache an instruction, ${(missRatio * 100).toPrecision(4)} % of them missed, ${(writeShare * 100).toPrecision(3)} % of these written`,
    `memory on ${nodesOf(context, machine, threads)} nodes where it was measured${assumed('nodes')}; lines in flight: ${linesInFlight}${assumed('lines')}; working set of a thread: ${formatQuantity('bytes', regionBytes)}${assumed('working-set')}; ` +
      'the miss ratio stays what it was, however large its share of the cache is: assumed',
    ...(isOfAnyCache
      ? ['cache-references and cache-misses taken for those of the last-level cache, as on Intel: on AMD they are of the second level, on Arm of the first (-e LLC-loads,LLC-load-misses, or ll_cache_rd,ll_cache_miss_rd)'] // prettier-ignore
      : []),
    remoteShare === null
      ? 'node-loads and node-load-misses not counted: all misses were local where it was measured, assumed'
      : `${(remoteShare * 100).toPrecision(3)} % of its loads from memory were remote where it was measured: to be compared with the run's`,
  ];
}

function givenCpi(
  { accesses, misses, writtenMisses, instructions }: Counted,
  cpi: number,
  lines: number,
): Omit<MeasuredProgram, 'threads' | 'instructions' | 'regionBytes' | 'tracedNs'> {
  return {
    cyclesPerInstruction: cpi,
    accessesPerInstruction: accesses / instructions,
    missRatio: accesses > 0 ? misses / accesses : 0,
    writeShare: misses > 0 ? writtenMisses / misses : 0,
    linesInFlight: lines,
  };
}

function cpuTimeNs(stat: PerfStat): number | null {
  return stat.isOfCpus ? null : countOf(stat, 'task-clock', 'cpu-clock');
}

/** CPU time over elapsed time, in whole threads; 1 where one of them is not known. */
function busyThreads(stat: PerfStat): number {
  const cpuNs = cpuTimeNs(stat);
  if (cpuNs === null || stat.elapsedNs === null || stat.elapsedNs === 0) return 1;
  return Math.min(MOST_THREADS, Math.max(1, Math.round(cpuNs / stat.elapsedNs)));
}

/** Where it was measured: `on=NAME`, or the machine of the scenario. */
function machineOf({ options, words, machines }: FileContext): Machine {
  const name = options.get('on') ?? (words.machine === undefined ? machines[0]!.name : String(words.machine));
  const spec: MachineSpec | undefined = machines.find((machine) => machine.name === name);
  const names = machines.map((machine) => machine.name);
  if (spec === undefined)
    throw new RangeError(
      `on = ${JSON.stringify(name)}, want the machine it was measured on: ${names.join(', ')}${didYouMean(name, names)}`,
    );
  return buildMachine(spec);
}

/** How many nodes its memory was on: as many as it had threads, as long as there are CPUs. */
function nodesOf({ options }: FileContext, machine: Machine, threads: number): number {
  const most = machine.nodeCpuCount.filter((cpus) => cpus > 0).length;
  return quantityOf(options, 'nodes', 'count', 1, most) ?? Math.min(threads, most);
}
