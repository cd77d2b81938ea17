import { choiceOption, numberOption } from '../sim/options.ts';
import { exponential } from '../sim/random.ts';
import { us } from '../sim/units.ts';
import { type GuestCalls, LOCK, type Phase, UNLOCK, type WorkloadEntry } from '../sim/workload-api.ts';
import { fillCompute, wholeNs } from './computing.ts';

/** What a task does next; then it gives the lock back. */
const THINK = 0;
const TAKE = 1;
const HOLD = 2;

/**
 * Tasks that share one lock: each computes without it, takes it, computes while it holds it and gives it to who has waited longest. When the
 * host takes the CPU from the holder, the others spin for nothing (lock-holder preemption), or sleep and pay for being woken.
 */
export const locks: WorkloadEntry = {
  name: 'locks',
  summary: 'tasks that share one lock, to show what it costs to take the CPU from who holds it',
  ends: 'never',
  options: [
    { name: 'tasks', summary: 'number of tasks; 0: as many as vCPUs', kind: 'count', default: 0, min: 0, max: 1_000_000 },
    { name: 'think', summary: 'mean CPU time without the lock', kind: 'time', default: us(400), min: 1 },
    { name: 'hold', summary: 'mean CPU time with it', kind: 'time', default: us(50), min: 1 },
    { name: 'mode', summary: 'how a task waits for it', kind: 'choice', default: 'spin', choices: ['spin', 'sleep'] },
  ],
  build(options, setup) {
    const tasks = numberOption(options, 'tasks') || setup.vcpus;
    const spinNs = choiceOption(options, 'mode') === 'spin' ? Infinity : 0;
    const meansNs = [numberOption(options, 'think'), numberOption(options, 'hold')] as const;
    const thinks = Array.from({ length: tasks }, (_, task) => setup.stream(task, 'think'));
    const holds = Array.from({ length: tasks }, (_, task) => setup.stream(task, 'hold'));
    const step = new Uint8Array(tasks);

    function next(task: number, phase: Phase, _calls: GuestCalls): void {
      const at = step[task]!;
      step[task] = (at + 1) % 4;
      if (at === THINK) fillCompute(phase, wholeNs(exponential(thinks[task]!, meansNs[0])) * setup.clockGHz, 0);
      else if (at === HOLD) {
        fillCompute(phase, wholeNs(exponential(holds[task]!, meansNs[1])) * setup.clockGHz, 1);
        phase.isWorkAtEnd = true;
      } else {
        phase.kind = at === TAKE ? LOCK : UNLOCK;
        phase.object = 0;
        phase.spinNs = spinNs;
      }
    }

    return { tasks, regions: 0, locks: 1, unit: 'sections/s', next };
  },
};
