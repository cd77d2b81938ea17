import { choiceOption, numberOption, type OptionSpec } from '../sim/options.ts';
import { ms, PAGE_BYTES } from '../sim/units.ts';
import { BLOCK, DONE, type Heat, RANDOM, RUN, TOUCH, type WorkloadEntry } from '../sim/workload-api.ts';
import { Barrier } from './barrier.ts';
import { sizeOption, taskRegionBytes } from './own-regions.ts';

const PHASE_NS = ms(10);
/** Only sets how long a phase is; assumed, about an access to memory of its kind. */
const UNCACHED_ACCESS_NS = 200;

const OPTIONS: readonly OptionSpec[] = [
  { ...sizeOption, summary: 'the region, that of all vCPUs of the guest; 0: 3/4 of its free memory' },
  { name: 'pattern', summary: 'how accesses spread over the blocks', kind: 'choice', default: 'normal', choices: ['uniform', 'normal'] },
  {
    name: 'deviation',
    summary: 'normal: standard deviation, as a share of half the region (assumed)',
    kind: 'share',
    default: 0.25,
    min: 0.1,
    max: 10,
  },
  { name: 'writes', summary: 'share of the accesses that are stores', kind: 'share', default: 0.2, min: 0, max: 1 },
  {
    name: 'settle',
    summary: 'time that passes before accesses count, so that memory has found its place',
    kind: 'time',
    default: 0,
    min: 0,
  },
  { name: 'cycles', summary: 'cycles of the CPU an access takes besides what memory costs (assumed)', kind: 'count', default: 100 },
];

/**
 * Single accesses at random places of one large region that all threads of the process share, a fifth of them stores: the shape of
 * pmbench (J. Yang, J. Seymour, 2018) as it was run to judge memory tiering. Each thread touches its own part of the region first, in
 * turn of address; then all begin together. One instruction is one access.
 * Not modelled: misses of the TLB, which a mapping of 4 KiB pages adds to each access.
 */
export const pmbenchLike: WorkloadEntry = {
  name: 'pmbench-like',
  summary: 'random accesses to a region that all vCPUs share, most of them near its middle',
  ends: 'never',
  options: OPTIONS,
  build(options, setup) {
    const tasks = setup.vcpus;
    const bytes = taskRegionBytes('pmbench-like', options, Infinity, 1, 'region', setup);
    const partBytes = Math.floor(bytes / tasks / PAGE_BYTES) * PAGE_BYTES;
    if (partBytes === 0) throw new RangeError(`pmbench-like: size = ${bytes}, want at least ${tasks} pages, one a vCPU`);
    const accesses = Math.round(PHASE_NS / UNCACHED_ACCESS_NS);
    const heat: Heat = { kind: 'normal', deviation: numberOption(options, 'deviation'), driftNs: 0 };
    const touched = new Barrier(tasks);
    const step = new Uint8Array(tasks); // 0 before its part is touched, 1 while it is, 2 from then on
    const settleNs = numberOption(options, 'settle');
    let hasRegion: boolean | null = null;
    let countsFromNs = Infinity;
    return {
      tasks,
      regions: 1,
      heat: [choiceOption(options, 'pattern') === 'normal' ? heat : null],
      unit: 'Maccess/s',
      next(task, phase, calls) {
        hasRegion ??= calls.allocate(0, bytes);
        if (!hasRegion) {
          phase.kind = DONE; // as a program does whose malloc fails
          return;
        }
        if (step[task] === 0) {
          step[task] = 1;
          phase.kind = TOUCH;
          phase.region = 0;
          phase.offsetBytes = task * partBytes;
          phase.bytes = task === tasks - 1 ? bytes - phase.offsetBytes : partBytes;
          return;
        }
        if (step[task] === 1) {
          step[task] = 2;
          if (!touched.arrive(task, calls)) {
            phase.kind = BLOCK;
            return;
          }
          countsFromNs = calls.nowNs + settleNs;
        }
        if (calls.nowNs >= countsFromNs) {
          countsFromNs = Infinity;
          calls.startMeasuring();
        }
        phase.kind = RUN;
        phase.instructions = accesses;
        phase.cyclesPerInstruction = numberOption(options, 'cycles');
        phase.accessesPerInstruction = 1;
        phase.writeShare = numberOption(options, 'writes');
        phase.region = 0;
        phase.pattern = RANDOM;
        phase.workingSetBytes = bytes;
        phase.work = accesses / 1e6;
      },
    };
  },
};
