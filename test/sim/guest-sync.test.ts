import { describe, expect, test } from 'vitest';
import { buildMachine } from '../../sim/machine.ts';
import { exponential, namedStream } from '../../sim/random.ts';
import type { GuestRecord, Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { ms, seconds } from '../../sim/units.ts';
import {
  BARRIER,
  BLOCK,
  BROADCAST,
  DONE,
  DOWN,
  FORK,
  type GuestProgram,
  JOIN,
  LOCK,
  type Phase,
  SIGNAL,
  UNLOCK,
  UP,
  WAIT,
  type WorkloadEntry,
} from '../../sim/workload-api.ts';
import { sixCpus } from '../queueing-systems.ts';
import { computes, FREE_COSTS, guest, pinned, program, ran } from './scenario-fixture.ts';

type Step = (phase: Phase) => void;

/** CPUs of the lopsided machine run at 1.6 GHz. */
const runs =
  (durationMs: number): Step =>
  (phase) =>
    computes(phase, durationMs * 1.6e6);
const does =
  (kind: number, object = 0, spinNs = 0): Step =>
  (phase) => {
    phase.kind = kind;
    phase.object = object;
    phase.lock = 0;
    phase.spinNs = spinNs;
  };

/** A program whose tasks do one step after the other and end. */
function scripts(steps: readonly (readonly Step[])[], change: Partial<GuestProgram> = {}): WorkloadEntry {
  const at = steps.map(() => 0);
  const next: GuestProgram['next'] = (task, phase) => {
    const step = steps[task]![at[task]!++];
    if (step) step(phase);
    else {
      phase.kind = DONE;
      at[task] = 0; // it may be forked again
    }
  };
  return program(next, { tasks: steps.length, ...change });
}

const EACH_ON_ITS_CPU = pinned([0, 1, 2, 3, 4, 5], () => 0);

function played(steps: readonly (readonly Step[])[], change: Partial<GuestProgram> = {}, setting: Partial<Scenario> = {}): Recording {
  const vcpus = Math.min(6, steps.length);
  return ran({ policy: EACH_ON_ITS_CPU, guests: [guest(scripts(steps, change), { vcpus })], costs: FREE_COSTS, ...setting });
}

/** Milliseconds: how long it took, and how long its tasks spun and slept. */
function times({ elapsedNs, causes, lifetimeNs }: GuestRecord): number[] {
  expect(Object.values(causes).reduce((sum, ns) => sum + ns, 0)).toBe(lifetimeNs);
  return [elapsedNs, causes.spin, causes.blocked].map((ns) => ns / 1e6);
}

describe('a lock', () => {
  // the first holds it from 0 to 10; the second waits from 0 and has it for 4, the third from 2 and has it for 3: 10 -> 14 -> 17
  const three = (spinNs: number): Step[][] => [
    [does(LOCK, 1, spinNs), runs(10), does(UNLOCK, 1), runs(5)],
    [does(LOCK, 1, spinNs), runs(4), does(UNLOCK, 1)],
    [runs(2), does(LOCK, 1, spinNs), runs(3), does(UNLOCK, 1)],
  ];

  test.each([
    ['asleep', 0, 0, 22], // 10 + 12
    ['spinning', Infinity, 22, 0],
    ['spinning for 3 ms and then asleep', ms(3), 6, 16],
    ['spinning for 11 ms and then asleep', ms(11), 21, 1],
  ])('goes to who has waited longest, %s', (_, spinNs, spin, blocked) => {
    const { guests, busyNs, simulatedNs } = played(three(spinNs), { locks: 2 });
    expect(times(guests[0]!)).toEqual([17, spin, blocked]);
    expect(guests[0]!.userNs).toBe(ms(24 + spin)); // a spinner burns its CPU, and 10 + 5 + 4 + 2 + 3 are computed
    expect([busyNs, simulatedNs]).toEqual([ms(24 + spin), ms(17)]);
  });

  test('that nobody holds costs nothing, and different locks do not meet', () => {
    const { guests } = played(
      [
        [does(LOCK, 0), runs(3), does(UNLOCK, 0), does(LOCK, 0), runs(1), does(UNLOCK, 0)],
        [does(LOCK, 1), runs(2), does(UNLOCK, 1)],
      ],
      { locks: 2 },
    );
    expect(times(guests[0]!)).toEqual([4, 0, 0]);
  });

  test('waited for in the kernel is system time', () => {
    const inKernel: Step = (phase) => {
      does(LOCK, 0, Infinity)(phase);
      phase.isSystem = true;
    };
    const { guests } = played(
      [
        [does(LOCK), runs(6), does(UNLOCK)],
        [inKernel, runs(1), does(UNLOCK)],
      ],
      { locks: 1 },
    );
    expect([guests[0]!.userNs, guests[0]!.sysNs]).toEqual([ms(7), ms(6)]);
  });

  test('is not had by being woken', () => {
    const wakes = program((task, phase, calls) => {
      if (task === 1) calls.wake(0);
      does(task === 0 ? DOWN : BLOCK)(phase);
    }, { semaphores: [0] }); // prettier-ignore
    expect(() => ran({ policy: EACH_ON_ITS_CPU, guests: [guest(wakes, { vcpus: 2 })], costs: FREE_COSTS })).toThrow('something else');
  });

  test('is not for who does not hold it', () => {
    expect(() => played([[does(UNLOCK)]], { locks: 1 })).toThrow('does not hold');
    expect(() => played([[does(LOCK), does(LOCK)]], { locks: 1 })).toThrow('it holds');
    expect(() => played([[does(LOCK, 1)]], { locks: 1 })).toThrow('not declared');
  });
});

describe('when the host takes the CPU away', () => {
  const rival = guest(scripts([[runs(60)]]), { name: 'rival' });
  const pair = (holdMs: number, afterMs: number, spinNs = Infinity): Step[][] => [
    [does(LOCK), runs(holdMs), does(UNLOCK)],
    [does(LOCK, 0, spinNs), runs(afterMs), does(UNLOCK)],
  ];
  /** vCPUs 0 and 1 on CPUs 0 and 1, the rival's on `rivalCpu`, turns of 5 ms. */
  const against = (rivalCpu: number, steps: Step[][]): GuestRecord =>
    ran({
      policy: pinned([0, 1, rivalCpu], () => 0, ms(5)),
      guests: [guest(scripts(steps, { locks: 1 }), { vcpus: 2 }), rival],
      costs: FREE_COSTS,
    }).guests[0]!;

  test('from a lock holder, the others spin longer for the same work', () => {
    expect(times(against(2, pair(20, 1)))).toEqual([21, 20, 0]);
    // the holder runs 0-5, 10-15, 20-25, 30-35
    const preempted = against(0, pair(20, 1));
    expect(times(preempted)).toEqual([36, 35, 0]);
    expect(preempted.causes.waitHost).toBe(ms(15));
  });

  test('from a spinner, it has the lock all the same and goes on when it runs', () => {
    // handed over at 8, while the rival has CPU 1 from 5 to 10
    const away = against(1, pair(8, 4));
    expect(times(away)).toEqual([14, 5, 0]);
    expect(away.causes.waitHost).toBe(ms(5));
    // handed over at 12, while it spins from 10 to 15: 3 of its 4 then, 1 from 20 on
    expect(times(against(1, pair(12, 4)))).toEqual([21, 7, 0]);
  });

  test('from a spinner, it has spun no longer for that: 8 ms are 0-5 and 10-13, then it sleeps', () => {
    // woken at 30 it takes its turn when the rival's is over: that began at 13, and at 18, with nobody waiting, anew for 20 ms
    expect(times(against(1, pair(30, 1, ms(8))))).toEqual([39, 8, 17]);
  });
});

test('a barrier lets all go when the last has come, and serves again', () => {
  // 2, 5 and 9: 7 + 4 of waiting; then 6, 1 and 1: 5 + 5; then at once
  for (const spinNs of [0, Infinity]) {
    const meet = does(BARRIER, 0, spinNs);
    const { guests } = played(
      [
        [runs(2), meet, runs(6), meet, meet],
        [runs(5), meet, runs(1), meet, meet],
        [runs(9), meet, runs(1), meet, meet, runs(4)],
      ],
      { barriers: [3] },
    );
    expect(times(guests[0]!)).toEqual(spinNs === 0 ? [19, 0, 21] : [19, 21, 0]);
  }
});

test('a semaphore lets in as many as its count, and one more each time one leaves', () => {
  // 5 and 7 go in at once; the third comes in at 5 for 2, the fourth at 7 for 3, by the second that leaves or the third
  const inside = (durationMs: number): Step[] => [does(DOWN, 1), runs(durationMs), does(UP, 1)];
  const { guests } = played([inside(5), inside(7), inside(2), inside(3)], { semaphores: [9, 2] });
  expect(times(guests[0]!)).toEqual([10, 0, 12]);
  // raised before it is lowered, it keeps the count
  expect(times(played([[does(UP), runs(1)], [runs(2), does(DOWN), runs(1)]], { semaphores: [0] }).guests[0]!)).toEqual([3, 0, 0]); // prettier-ignore
});

describe('a condition', () => {
  const consumer = (durationMs: number): Step[] => [does(LOCK), does(WAIT), runs(durationMs), does(UNLOCK)];
  const producer = (kind: number): Step[] => [runs(4), does(LOCK), does(kind), runs(3), does(UNLOCK), runs(1)];

  test('gives the lock back to who waits for it, after the signal and when it is free', () => {
    // signalled at 4, free at 7
    expect(times(played([consumer(2), producer(SIGNAL)], { locks: 1, conditions: 1 }).guests[0]!)).toEqual([9, 0, 7]);
  });

  test('broadcast reaches all that wait, who have the lock in turn', () => {
    const { guests } = played([consumer(2), consumer(6), producer(BROADCAST)], { locks: 1, conditions: 1 });
    expect(times(guests[0]!)).toEqual([15, 0, 16]); // 7 and 9
  });

  test('signalled without the lock hands that over at once; without anyone who waits it is lost', () => {
    const signaller = [does(SIGNAL), runs(4), does(SIGNAL)];
    expect(times(played([signaller, consumer(2)], { locks: 1, conditions: 1 }).guests[0]!)).toEqual([6, 0, 4]); // the first is lost
    const late = [runs(1), ...consumer(2)];
    expect(played([late, [does(SIGNAL), runs(4)]], { locks: 1, conditions: 1 }).status).toBe('deadlock');
  });

  test('signalled once wakes one of two', () => {
    const { status, message, simulatedNs, guests } = played([consumer(2), consumer(2), producer(SIGNAL)], { locks: 1, conditions: 1 });
    expect([status, message]).toEqual(['deadlock', 'guest a: its one task left waits, and there is no other to wake it']);
    expect([simulatedNs, guests[0]!.completions]).toEqual([ms(9), 2]); // when the first consumer has ended: 7 + 2
  });
});

describe('a task forks others', () => {
  test('and waits for them', () => {
    // forks at 2, waits from 3 for the first, which ends at 8; the second has ended at 6 by then
    const main = [runs(2), does(FORK, 1), does(FORK, 2), runs(1), does(JOIN, 1), does(JOIN, 2), runs(1)];
    const { guests } = played([main, [runs(6)], [runs(4)]], { starting: 1 });
    expect(times(guests[0]!)).toEqual([9, 0, 5]);
    expect([guests[0]!.lifetimeNs, guests[0]!.completions]).toEqual([ms(9 + 6 + 4), 3]);
  });

  test('again when they have ended, and may spin meanwhile', () => {
    const again = [does(FORK, 1), does(JOIN, 1, Infinity), does(FORK, 1), does(JOIN, 1, ms(1))];
    expect(times(played([again, [runs(3)]], { starting: 1 }).guests[0]!)).toEqual([6, 4, 2]);
  });

  test('but not while they live', () => {
    expect(() => played([[does(FORK, 1), does(FORK, 1)], [runs(1)]], { starting: 1 })).toThrow('started already');
    expect(() => played([[does(FORK, 2)]])).toThrow('a task it has not');
  });

  test('that run where it does when the guest has one vCPU, in slices', () => {
    // the child is as far as its parent when it starts: 4 ms each in turn, from the parent's next slice on
    const main = [runs(2), does(FORK, 1), runs(6), does(JOIN, 1)];
    const { guests } = ran({
      policy: EACH_ON_ITS_CPU,
      guests: [guest(scripts([main, [runs(5)]], { starting: 1 }))],
      costs: FREE_COSTS,
    });
    // main 0-6, child 6-10, main (6 against 2 + 4) 10-12, then waits 1 for the rest of the child
    expect(times(guests[0]!)).toEqual([13, 0, 1]);
    expect(guests[0]!.causes.waitGuest).toBe(ms(4 + 4 + 2));
  });
});

describe('a deadlock', () => {
  const crossed = (spinNs: number): Step[][] => [
    [does(LOCK, 0), runs(1), does(LOCK, 1, spinNs)],
    [does(LOCK, 1), runs(2), does(LOCK, 0, spinNs)],
  ];

  test.each([
    ['asleep', 0],
    ['spinning', Infinity],
  ])('ends the run when it comes about, %s', (_, spinNs) => {
    const { status, message, simulatedNs, guests } = played(crossed(spinNs), { locks: 2 }, { hostNoise: 1 });
    expect([status, message]).toEqual(['deadlock', 'guest a: its 2 tasks all wait for one another']);
    expect(simulatedNs).toBeGreaterThanOrEqual(ms(2));
    expect(simulatedNs).toBeLessThan(ms(60));
    expect(guests[0]!.status).toBe('deadlock');
  });

  test('of tasks that nobody wakes is one too, and the other guests go on', () => {
    const guests = [guest(scripts([[does(BLOCK)]])), guest(scripts([[runs(30)]]), { name: 'b' })];
    const recording = ran({ policy: EACH_ON_ITS_CPU, guests, costs: FREE_COSTS });
    expect([recording.status, recording.simulatedNs]).toEqual(['deadlock', ms(30)]);
    expect(recording.guests.map(({ status }) => status)).toEqual(['deadlock', 'ok']);
  });
});

/** Tasks that run for exponential times and meet: a step lasts as long as the longest of k, H_k times the mean, and so 1 / H_k is used. */
test.each([
  [2, 0.666667, 0],
  [4, 0.48, 0],
  [6, 0.408163, 0],
  [4, 0.48, Infinity],
])('%i tasks that meet after exponential steps use %f of their CPUs, whether they sleep (0) or spin (%f)', (k, efficiency, spinNs) => {
  const steps = 10_000;
  const seed = `barrier/${k}`;
  const streams = Array.from({ length: k }, (_, task) => namedStream(seed, 'a', task, 'step'));
  const calls = new Int32Array(k);
  const entry = program(
    (task, phase) => {
      const call = calls[task]!++;
      if (call === 2 * steps) phase.kind = DONE;
      else if (call % 2 === 1) does(BARRIER, 0, spinNs)(phase);
      else computes(phase, exponential(streams[task]!, 2.5e6)); // 1 ms at 2.5 GHz
    },
    { tasks: k, barriers: [k] },
  );
  const { guests } = ran({
    machine: buildMachine({ ...sixCpus, clockGHz: { value: 2.5, source: 'assumed' } }),
    policy: EACH_ON_ITS_CPU,
    guests: [guest(entry, { vcpus: k })],
    costs: FREE_COSTS,
    checks: 'cheap',
    limitNs: seconds(3600),
  });
  const { elapsedNs, causes } = guests[0]!;
  const inverses = Array.from({ length: k }, (_, i) => 1 / (i + 1));
  const mean = inverses.reduce((sum, part) => sum + part, 0);
  const deviation = Math.sqrt(inverses.reduce((sum, part) => sum + part ** 2, 0)); // of the longest of k
  expect(1 / mean).toBeCloseTo(efficiency, 6);
  const slack = (4 * deviation) / mean / Math.sqrt(steps);
  expect(Math.abs((steps * 1e6) / elapsedNs / efficiency - 1), `seed ${seed}`).toBeLessThan(slack);
  const waitedNs = k * elapsedNs - causes.compute;
  expect(Math.abs(causes.spin + causes.blocked - waitedNs)).toBeLessThan(k * 10);
  expect(spinNs === 0 ? causes.spin : causes.blocked).toBe(0);
});
