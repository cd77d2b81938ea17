import { choiceOption, numberOption } from '../sim/options.ts';
import { MiB, ms } from '../sim/units.ts';
import type { WorkloadEntry } from '../sim/workload-api.ts';
import { LAWS, timeLaw } from './laws.ts';
import { memoryWork } from './memory-work.ts';
import { taskRegionBytes } from './own-regions.ts';
import { streamOfEach, timedBursts } from './timed-bursts.ts';

/**
 * A guest that is busy and idle by turns, so that guests which are few enough on average collide now and then: where pinning wins at low
 * variance and loses at high. Each vCPU has a task of its own that works for a drawn time, on memory that it filled itself, and is then idle
 * for a drawn time. Its mean load holds for a vCPU that never waits and whose memory is local, idle and not cached. All figures are assumed.
 */
export const bursty: WorkloadEntry = {
  name: 'bursty',
  summary: 'each vCPU is busy and idle by turns, on memory of its own: what a scheduler makes of load that varies',
  ends: 'never',
  options: [
    { name: 'load', summary: 'mean share of the time that a vCPU is busy', kind: 'share', default: 0.5, min: 0.001, max: 1 },
    { name: 'burst', summary: 'mean CPU time of a burst', kind: 'time', default: ms(20), min: 1 },
    { name: 'law', summary: 'law of the bursts', kind: 'choice', default: 'exp', choices: LAWS },
    { name: 'idle-law', summary: 'law of the idle times', kind: 'choice', default: 'exp', choices: LAWS },
    { name: 'scv', summary: 'squared coefficient of variation of laws h2 and lognormal', kind: 'share', default: 4, min: 0.01, max: 1000 },
    {
      name: 'mode',
      summary: 'closed: idle for a drawn time after each burst; open: bursts are due at drawn times, done with the last or not',
      kind: 'choice',
      default: 'closed',
      choices: ['closed', 'open'],
    },
    {
      name: 'memory',
      summary: 'share of a burst that waits for idle local memory of 67 ns where nothing is cached; 0: none has memory',
      kind: 'share',
      default: 0.3,
      min: 0,
      max: 0.95,
    },
    { name: 'size', summary: 'memory of each vCPU; 0: 64 MiB, or less where the guest is small', kind: 'bytes', default: 0, min: 0 },
  ],
  build(options, setup) {
    const tasks = setup.vcpus;
    const share = numberOption(options, 'memory');
    const regionBytes = share === 0 ? 0 : taskRegionBytes('bursty', options, MiB(64), tasks, 'vCPUs', setup);
    const load = numberOption(options, 'load');
    const isOpen = choiceOption(options, 'mode') === 'open';
    const meanNs = numberOption(options, 'burst');
    const gapNs = isOpen ? meanNs / load : (meanNs * (1 - load)) / load;
    const scv = numberOption(options, 'scv');
    const drawNs = timeLaw(choiceOption(options, 'law'), meanNs, scv);
    const drawIdleNs = timeLaw(choiceOption(options, 'idle-law'), gapNs, scv);
    const sizes = streamOfEach(tasks, (task) => setup.stream(task, 'burst'));
    const gaps = streamOfEach(tasks, (task) => setup.stream(task, 'idle'));
    return {
      ...timedBursts({
        tasks,
        regionBytes,
        isOpen,
        drawGapNs: (task) => (gapNs === 0 ? 0 : drawIdleNs(gaps[task]!)),
        drawBurstNs: (task) => drawNs(sizes[task]!),
        fill: memoryWork(setup.clockGHz, share, regionBytes),
        workOf: (burstNs) => burstNs / 1e9,
        isWorkAtEnd: false,
        tellsStretch: true,
      }),
      unit: 'CPU-s/s',
    };
  },
};
