import { choiceOption, numberOption, type OptionValues } from '../sim/options.ts';
import { MiB, ms, us } from '../sim/units.ts';
import {
  type GuestCalls,
  type GuestProgram,
  type Phase,
  RANDOM,
  RUN,
  SLEEP,
  type WorkloadEntry,
  type WorkloadSetup,
} from '../sim/workload-api.ts';
import { fillCompute, fillJob } from './computing.ts';
import { ownRegions, taskRegionBytes } from './own-regions.ts';
import { sweepFiller } from './sweeping.ts';

/** How long a phase of loads or of computing is, about, so that a busy time ends nearly where it should. */
const PHASE_NS = us(200);
/** Only sets how many loads that is; assumed. */
const LOAD_NS = 20;
const WRITE_SHARE = 1 / 3; // as STREAM's triad

/** What one thread does in its busy time, one phase after the other; false where it is asleep. */
interface Noise {
  readonly unit: string;
  readonly regionBytes: number;
  fill(phase: Phase, task: number): void;
}

/**
 * A guest that others suffer from, by the resource it takes: `stream` the memory controllers and links, `cache` the last-level cache, `cpu`
 * the CPUs, `wakeups` the scheduler's decisions and the caches of who is preempted. Busy times are the first part (`duty`) of each period
 * from when it has set up, at fixed times, so that a slow guest does not make less noise; what is under way then is finished.
 * Its own throughput is what it got; the victim is another guest.
 */
export const noisyNeighbour: WorkloadEntry = {
  name: 'noisy-neighbour',
  summary: 'a guest that takes what others need: bandwidth, cache, CPUs or wake-ups',
  ends: 'never',
  options: [
    { name: 'kind', summary: 'what it takes', kind: 'choice', default: 'stream', choices: ['stream', 'cache', 'cpu', 'wakeups'] },
    { name: 'threads', summary: 'how many threads do it; 0: as many as vCPUs', kind: 'count', default: 0, min: 0, max: 10_000 },
    { name: 'duty', summary: 'share of the time in which it does', kind: 'share', default: 1, min: 0.01, max: 1 },
    { name: 'period', summary: 'from one busy time to the next', kind: 'time', default: ms(200), min: us(10) },
    {
      name: 'size',
      summary: 'stream, cache: memory of each thread; 0: 32 MiB to stream, the last-level cache to thrash it, or less in a small guest',
      kind: 'bytes',
      default: 0,
      min: 0,
    },
    { name: 'work', summary: 'wakeups: CPU time between two sleeps', kind: 'time', default: us(20), min: 1 },
    { name: 'nap', summary: 'wakeups: time asleep', kind: 'time', default: us(100), min: 1 },
  ],
  build(options, setup) {
    const tasks = numberOption(options, 'threads') || setup.vcpus;
    const noise = noiseOf(choiceOption(options, 'kind'), options, tasks, setup);
    const periodNs = numberOption(options, 'period');
    const busyNs = Math.round(numberOption(options, 'duty') * periodNs);
    let startNs = -1; // when the first of them begins, which is when all may

    function next(phase: Phase, task: number, calls: GuestCalls): void {
      if (startNs < 0) startNs = calls.nowNs;
      const inPeriodNs = (calls.nowNs - startNs) % periodNs;
      if (inPeriodNs < busyNs) return noise.fill(phase, task);
      phase.kind = SLEEP;
      phase.durationNs = periodNs - inPeriodNs;
    }

    return { ...ownRegions(tasks, noise.regionBytes, next), unit: noise.unit } satisfies GuestProgram;
  },
};

function noiseOf(kind: string, options: OptionValues, tasks: number, setup: WorkloadSetup): Noise {
  const sized = (defaultBytes: number): number => taskRegionBytes('noisy-neighbour', options, defaultBytes, tasks, 'threads', setup);
  if (kind === 'stream') {
    const regionBytes = sized(MiB(32));
    return { unit: 'GB/s', regionBytes, fill: sweepFiller(setup, regionBytes, 1, WRITE_SHARE) };
  }
  if (kind === 'cache') {
    const regionBytes = sized(setup.llcBytes);
    return { unit: 'Mload/s', regionBytes, fill: (phase, task) => fillLoads(phase, task, regionBytes) };
  }
  if (kind === 'cpu') {
    const instructions = PHASE_NS * setup.clockGHz;
    return { unit: 'Ginstr/s', regionBytes: 0, fill: (phase) => fillCompute(phase, instructions, instructions / 1e9) };
  }
  return { unit: 'wakeups/s', regionBytes: 0, fill: napFiller(options, tasks, setup.clockGHz) };
}

/** As many loads at once as the core can hold, which fills a cache the fastest. */
function fillLoads(phase: Phase, region: number, bytes: number): void {
  phase.kind = RUN;
  phase.instructions = PHASE_NS / LOAD_NS;
  phase.accessesPerInstruction = 1;
  phase.linesInFlight = Infinity;
  phase.region = region;
  phase.pattern = RANDOM;
  phase.workingSetBytes = bytes;
  phase.work = PHASE_NS / LOAD_NS / 1e6;
}

/** Sleeps and runs by turns. */
function napFiller(options: OptionValues, tasks: number, clockGHz: number): (phase: Phase, task: number) => void {
  const instructions = numberOption(options, 'work') * clockGHz;
  const napNs = numberOption(options, 'nap');
  const hasSlept = new Uint8Array(tasks);
  return (phase, task) => {
    if (hasSlept[task]) fillJob(phase, instructions);
    else {
      phase.kind = SLEEP;
      phase.durationNs = napNs;
    }
    hasSlept[task]! ^= 1;
  };
}
