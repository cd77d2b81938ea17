import { choiceOption, numberOption, type OptionSpec } from '../sim/options.ts';
import { GiB, LINE_BYTES, PAGE_BYTES } from '../sim/units.ts';
import { BLOCK, DONE, RUN, SWEEP, TOUCH, type Phase, type WorkloadEntry } from '../sim/workload-api.ts';
import { Barrier } from './barrier.ts';
import { taskRegionBytes } from './own-regions.ts';

const OPTIONS: readonly OptionSpec[] = [
  { name: 'size', summary: 'memory of the process', kind: 'bytes', default: GiB(3) },
  {
    name: 'alloc',
    summary: 'process: each thread clears all of it; thread: its own part',
    kind: 'choice',
    default: 'process',
    choices: ['process', 'thread'],
  },
  { name: 'passes', summary: 'how often each thread clears it; 0: 50 by process, 1000 by thread', kind: 'count', default: 0, max: 100_000 },
];

/**
 * A process of the autonuma-benchmark: threads that clear memory again and again, all the same memory (numa01) or each a part of its own
 * (numa01_THREAD_ALLOC). Work is timed from when the last thread begins. One instruction is one line, which is written without being read
 * first where the engine's costs of writes say so.
 * After: autonuma-benchmark, numa01.c (A. Arcangeli 2012): 3 GiB, 50 and 1000 passes, one thread for every other CPU of the machine.
 * Differs: each thread first touches its own part of the memory, where there all clear all of it at once and share the first touches by chance.
 */
export const numa01Like: WorkloadEntry = {
  name: 'numa01-like',
  summary: 'threads clear memory again and again, all of them the same or each its own part',
  ends: 'by itself',
  options: OPTIONS,
  build(options, setup) {
    const tasks = setup.vcpus;
    const isShared = choiceOption(options, 'alloc') === 'process';
    const bytes = taskRegionBytes('numa01-like', options, GiB(3), 1, 'region', setup);
    const partBytes = Math.floor(bytes / tasks / PAGE_BYTES) * PAGE_BYTES;
    if (partBytes === 0) throw new RangeError(`numa01-like: size = ${bytes}, want at least ${tasks} pages, one a vCPU`);
    const passes = numberOption(options, 'passes') || (isShared ? 50 : 1000);
    const begun = new Barrier(tasks);
    const step = new Uint8Array(tasks); // 0 before its part is touched, 1 while it is, 2 from then on
    const done = new Int32Array(tasks); // passes
    let regions: boolean | null = null; // whether they could be had

    function allocated(calls: Parameters<ReturnType<WorkloadEntry['build']>['next']>[2]): boolean {
      if (isShared) return calls.allocate(0, bytes);
      for (let task = 0; task < tasks; task++) if (!calls.allocate(task, partBytes)) return false;
      return true;
    }

    function fillPass(task: number, phase: Phase): void {
      const length = isShared ? bytes : partBytes;
      phase.kind = RUN;
      phase.instructions = length / LINE_BYTES;
      phase.accessesPerInstruction = 1;
      phase.linesInFlight = Infinity;
      phase.writeShare = 1;
      phase.region = isShared ? 0 : task;
      phase.pattern = SWEEP;
      phase.workingSetBytes = length;
      phase.work = length / 1e9;
    }

    return {
      tasks,
      regions: isShared ? 1 : tasks,
      unit: 'GB/s',
      next(task, phase, calls) {
        regions ??= allocated(calls);
        if (!regions || done[task] === passes) {
          phase.kind = DONE; // its work, or as a program does whose malloc fails
          return;
        }
        if (step[task] === 0) {
          step[task] = 1;
          phase.kind = TOUCH;
          phase.region = isShared ? 0 : task;
          phase.offsetBytes = isShared ? task * partBytes : 0;
          phase.bytes = partBytes;
          return;
        }
        if (step[task] === 1) {
          step[task] = 2;
          if (!begun.arrive(task, calls)) {
            phase.kind = BLOCK;
            return;
          }
          calls.startMeasuring();
        }
        done[task]!++;
        fillPass(task, phase);
      },
    };
  },
};
