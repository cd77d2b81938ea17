import { choiceOption, numberOption } from '../sim/options.ts';
import { exponential } from '../sim/random.ts';
import { MiB, ms } from '../sim/units.ts';
import type { WorkloadEntry } from '../sim/workload-api.ts';
import { wholeNs } from './computing.ts';
import { LAWS, timeLaw } from './laws.ts';
import { memoryWork } from './memory-work.ts';
import { taskRegionBytes } from './own-regions.ts';
import { streamOfEach, timedBursts } from './timed-bursts.ts';

/**
 * A desktop nobody works at, one of the many on a host of virtual desktops: timers go off now and then (Poisson), and a little is to be
 * done each time. There is CPU time enough for all; what is judged is how soon a guest that is woken runs, and what waking costs.
 * All figures are assumed.
 */
export const idleMostly: WorkloadEntry = {
  name: 'idle-mostly',
  summary: 'timers that go off now and then for a little work, as on an idle desktop: how soon does it run?',
  ends: 'never',
  options: [
    { name: 'utilisation', summary: 'share of each vCPU that the guest asks for', kind: 'share', default: 0.05, min: 0.0001, max: 0.9 },
    { name: 'timers', summary: 'timers of the guest, each a task; 0: four for each vCPU', kind: 'count', default: 0, min: 0, max: 100_000 },
    { name: 'burst', summary: 'mean CPU time of what a timer asks for', kind: 'time', default: ms(1), min: 1 },
    { name: 'law', summary: 'law of these CPU times', kind: 'choice', default: 'exp', choices: LAWS },
    { name: 'scv', summary: 'squared coefficient of variation of laws h2 and lognormal', kind: 'share', default: 4, min: 0.01, max: 1000 },
    {
      name: 'memory',
      summary: 'share of a burst that waits for idle local memory of 67 ns where nothing is cached; 0: none has memory',
      kind: 'share',
      default: 0.2,
      min: 0,
      max: 0.95,
    },
    { name: 'size', summary: 'memory each timer works on; 0: 4 MiB, or less where the guest is small', kind: 'bytes', default: 0, min: 0 },
  ],
  build(options, setup) {
    const tasks = numberOption(options, 'timers') || 4 * setup.vcpus;
    const share = numberOption(options, 'memory');
    const regionBytes = share === 0 ? 0 : taskRegionBytes('idle-mostly', options, MiB(4), tasks, 'timers', setup);
    const meanNs = numberOption(options, 'burst');
    const gapNs = (meanNs * tasks) / (numberOption(options, 'utilisation') * setup.vcpus);
    const drawNs = timeLaw(choiceOption(options, 'law'), meanNs, numberOption(options, 'scv'));
    const gaps = streamOfEach(tasks, (task) => setup.stream(task, 'timer'));
    const sizes = streamOfEach(tasks, (task) => setup.stream(task, 'burst'));
    return {
      ...timedBursts({
        tasks,
        regionBytes,
        isOpen: true,
        drawGapNs: (task) => wholeNs(exponential(gaps[task]!, gapNs)),
        drawBurstNs: (task) => drawNs(sizes[task]!),
        fill: memoryWork(setup.clockGHz, share, regionBytes),
        workOf: () => 1,
        isWorkAtEnd: true,
        tellsStretch: false,
      }),
      unit: 'bursts/s',
    };
  },
};
