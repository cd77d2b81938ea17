import { choiceOption, numberOption } from '../sim/options.ts';
import { exponential } from '../sim/random.ts';
import { ms, seconds } from '../sim/units.ts';
import { DONE, type GuestCalls, type Phase, type WorkloadEntry } from '../sim/workload-api.ts';
import { fillJob, wholeNs } from './computing.ts';
import { timeLaw } from './laws.ts';

/** Open arrivals (Poisson) of jobs that only compute: the closed forms of queueing theory are checked with it. */
export const queue: WorkloadEntry = {
  name: 'queue',
  summary: 'open arrivals of jobs that only compute, for comparison with queueing theory',
  ends: 'never',
  options: [
    { name: 'rate', summary: 'mean arrivals per second', kind: 'count', default: 50, min: 1, max: 1_000_000_000 },
    { name: 'service', summary: 'mean CPU time of a job', kind: 'time', default: ms(10), min: 1 },
    {
      name: 'law',
      summary: 'law of the CPU times: exponential, hyperexponential, constant',
      kind: 'choice',
      default: 'exp',
      choices: ['exp', 'h2', 'det'],
    },
    { name: 'scv', summary: 'squared coefficient of variation of law h2', kind: 'count', default: 4, min: 2, max: 1000 },
    { name: 'slots', summary: 'most jobs in the guest at once', kind: 'count', default: 4096, min: 1, max: 1_000_000 },
  ],
  build(options, setup) {
    const gapNs = seconds(1) / numberOption(options, 'rate');
    const arrivals = setup.stream(0, 'arrival');
    const services = setup.stream(0, 'service');
    const drawServiceNs = timeLaw(choiceOption(options, 'law'), numberOption(options, 'service'), numberOption(options, 'scv'));
    const slots = numberOption(options, 'slots');
    const hasRun = new Uint8Array(slots);

    function next(slot: number, phase: Phase, _calls: GuestCalls): void {
      if (hasRun[slot]) phase.kind = DONE;
      else fillJob(phase, drawServiceNs(services) * setup.clockGHz);
      hasRun[slot]! ^= 1;
    }

    return { tasks: slots, regions: 0, unit: 'jobs/s', next, nextArrivalNs: () => wholeNs(exponential(arrivals, gapNs)) };
  },
};
