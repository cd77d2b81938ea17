import { numberOption } from '../sim/options.ts';
import { exponential } from '../sim/random.ts';
import { ms } from '../sim/units.ts';
import { type GuestCalls, type Phase, SLEEP, type WorkloadEntry } from '../sim/workload-api.ts';
import { fillJob, wholeNs } from './computing.ts';

/** A closed network (machine repair): each task thinks and computes in turn, both exponential, so its throughput is known exactly. */
export const think: WorkloadEntry = {
  name: 'think',
  summary: 'each task sleeps and computes in turn for ever, both for exponential times',
  ends: 'never',
  options: [
    { name: 'tasks', summary: 'number of tasks; 0: as many as vCPUs', kind: 'count', default: 0, min: 0, max: 1_000_000 },
    { name: 'think', summary: 'mean time asleep', kind: 'time', default: ms(10), min: 1 },
    { name: 'service', summary: 'mean CPU time between two sleeps', kind: 'time', default: ms(10), min: 1 },
  ],
  build(options, setup) {
    const tasks = numberOption(options, 'tasks') || setup.vcpus;
    const thinkNs = numberOption(options, 'think');
    const serviceNs = numberOption(options, 'service');
    const thinks = Array.from({ length: tasks }, (_, task) => setup.stream(task, 'think'));
    const services = Array.from({ length: tasks }, (_, task) => setup.stream(task, 'service'));
    const hasThought = new Uint8Array(tasks);

    function next(task: number, phase: Phase, _calls: GuestCalls): void {
      if (hasThought[task]) {
        fillJob(phase, wholeNs(exponential(services[task]!, serviceNs)) * setup.clockGHz);
      } else {
        phase.kind = SLEEP;
        phase.durationNs = wholeNs(exponential(thinks[task]!, thinkNs));
      }
      hasThought[task]! ^= 1;
    }

    return { tasks, regions: 0, unit: 'jobs/s', next };
  },
};
