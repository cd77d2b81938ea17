import { expect, test } from 'vitest';
import { ms } from '../../sim/units.ts';
import { DONE } from '../../sim/workload-api.ts';
import { computes, FREE_COSTS, guest, pinned, program, ran } from './scenario-fixture.ts';

test('an open guest is told of each arrival as it comes, and tasks that start with it are slots once they have ended', () => {
  // 1.6 GHz: the two that start take 5 and 7 ms on a CPU each; every 2 ms a job of 1 ms comes, and waits while both are busy
  const log: string[] = [];
  const hasRun = new Set<number>();
  const work = program(
    (task, phase, { nowNs }) => {
      log.push(`${hasRun.has(task) ? 'end' : 'run'} ${task} at ${nowNs / 1e6}`);
      if (hasRun.delete(task)) phase.kind = DONE;
      else {
        computes(phase, (nowNs > 0 || task > 1 ? 1 : task === 0 ? 5 : 7) * 1.6e6);
        hasRun.add(task);
      }
    },
    {
      tasks: 4,
      starting: 2,
      nextArrivalNs: () => ms(2),
      arrived: (task, nowNs) => log.push(`come ${task} at ${nowNs / 1e6}`),
    },
  );
  const { guests, status } = ran({
    policy: pinned([0, 1], () => 0),
    guests: [guest(work, { vcpus: 2 })],
    durationNs: ms(9),
    costs: { ...FREE_COSTS, guestSliceNs: ms(100) },
  });
  expect(status).toBe('ok');
  expect(log.slice(0, 15)).toEqual([
    'run 0 at 0',
    'run 1 at 0',
    'come 2 at 2', // the first slot of those that did not start
    'come 3 at 4',
    'end 0 at 5',
    'run 2 at 5',
    'come 0 at 6', // arrivals come before what ends at the same instant
    'end 2 at 6',
    'run 3 at 6',
    'end 3 at 7',
    'run 0 at 7',
    'end 1 at 7',
    'come 1 at 8', // the slot that was left last
    'end 0 at 8',
    'run 1 at 8',
  ]);
  expect(guests[0]!.completions).toBe(6); // 0, 2, 3, 1, 0, and 1 again with the end
});

test('an open guest of which none is said to start has no task until the first arrival', () => {
  const log: string[] = [];
  const work = program(
    (task, phase, { nowNs }) => {
      log.push(`${task} at ${nowNs / 1e6}`);
      phase.kind = DONE;
    },
    { tasks: 3, nextArrivalNs: () => ms(4) },
  );
  ran({ policy: pinned([0], () => 0), guests: [guest(work)], durationNs: ms(9), costs: FREE_COSTS });
  expect(log).toEqual(['0 at 4', '0 at 8']);
});
