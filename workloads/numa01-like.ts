import { choiceOption, numberOption, type OptionSpec } from '../sim/options.ts';
import { GiB, LINE_BYTES, PAGE_BYTES } from '../sim/units.ts';
import { BLOCK, DONE, type GuestCalls, type Phase, RUN, SWEEP, TOUCH, type WorkloadEntry } from '../sim/workload-api.ts';
import { Barrier } from './barrier.ts';
import { sizeOption, taskRegionBytes } from './own-regions.ts';

const SHARED_PASSES = 50;
const OWN_PASSES = 1000;
const OPTIONS: readonly OptionSpec[] = [
  { ...sizeOption, summary: 'memory of the process; 0: 3 GiB, or less where the guest is small' },
  {
    name: 'alloc',
    summary: 'process: each thread clears all of it; thread: a part of its own',
    kind: 'choice',
    default: 'process',
    choices: ['process', 'thread'],
  },
  {
    name: 'passes',
    summary: `how often each thread does; 0: ${SHARED_PASSES} times all of it, ${OWN_PASSES} times its own part`,
    kind: 'count',
    default: 0,
    max: 100_000,
  },
];

/**
 * One process of numa01, whose threads clear memory again and again: all of them the same memory, or (numa01_THREAD_ALLOC) each a part
 * of its own. Before that all together touch all memory, and by chance any of them is the first at a place: here they take blocks in
 * turn. One instruction is one line.
 * After: autonuma-benchmark, numa01.c (A. Arcangeli 2012): 3 GiB, 50 or 1000 passes. It runs two such processes, each with a thread for
 * every second CPU of the machine.
 */
export const numa01Like: WorkloadEntry = {
  name: 'numa01-like',
  summary: 'threads clear memory again and again, all of them the same or each a part of its own',
  ends: 'by itself',
  options: OPTIONS,
  build(options, setup) {
    const threads = setup.vcpus;
    const isShared = choiceOption(options, 'alloc') === 'process';
    const bytes = taskRegionBytes('numa01-like', options, GiB(3), 1, 'process', setup);
    const regions = isShared ? 1 : threads;
    const regionBytes = Math.floor(bytes / regions / PAGE_BYTES) * PAGE_BYTES;
    if (regionBytes === 0) throw new RangeError(`numa01-like: size = ${bytes}, want at least ${threads} pages, one a vCPU`);
    const passes = numberOption(options, 'passes') || (isShared ? SHARED_PASSES : OWN_PASSES);
    const piecesPerRegion = Math.ceil(regionBytes / setup.blockBytes);
    const nextPiece = Int32Array.from({ length: threads }, (_, thread) => thread); // [thread] that it touches, of all regions
    const isReady = new Uint8Array(threads);
    const passed = new Int32Array(threads);
    const touched = new Barrier(threads);
    let hasMemory: boolean | null = null;

    function allocate(calls: GuestCalls): boolean {
      for (let region = 0; region < regions; region++) if (!calls.allocate(region, regionBytes)) return false;
      return true;
    }

    function fillTouch(phase: Phase, piece: number): void {
      phase.kind = TOUCH;
      phase.region = Math.floor(piece / piecesPerRegion);
      phase.offsetBytes = (piece % piecesPerRegion) * setup.blockBytes;
      phase.bytes = Math.min(setup.blockBytes, regionBytes - phase.offsetBytes);
    }

    function fillPass(phase: Phase, region: number): void {
      phase.kind = RUN;
      phase.instructions = regionBytes / LINE_BYTES;
      phase.accessesPerInstruction = 1;
      phase.linesInFlight = Infinity;
      phase.writeShare = 1;
      phase.region = region;
      phase.pattern = SWEEP;
      phase.workingSetBytes = regionBytes;
      phase.work = regionBytes / 1e9;
    }

    return {
      tasks: threads,
      regions,
      unit: 'GB/s',
      next(thread, phase, calls) {
        hasMemory ??= allocate(calls);
        if (!hasMemory || passed[thread] === passes) {
          phase.kind = DONE; // its work, or as a program is whose malloc fails
          return;
        }
        const piece = nextPiece[thread]!;
        if (piece < regions * piecesPerRegion) {
          nextPiece[thread]! += threads;
          fillTouch(phase, piece);
          return;
        }
        if (!isReady[thread]) {
          isReady[thread] = 1;
          if (!touched.arrive(thread, calls)) {
            phase.kind = BLOCK;
            return;
          }
          calls.startMeasuring();
        }
        passed[thread]!++;
        fillPass(phase, isShared ? 0 : thread);
      },
    };
  },
};
