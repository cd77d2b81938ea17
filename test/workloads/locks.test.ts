import { describe, expect, test } from 'vitest';
import type { GuestRecord } from '../../sim/recording.ts';
import { ms, seconds, us } from '../../sim/units.ts';
import { LOCK, RUN, UNLOCK } from '../../sim/workload-api.ts';
import { closedThroughput } from '../closed-forms.ts';
import { computes, FREE_COSTS, guest, pinned, program, ran, workload } from '../sim/scenario-fixture.ts';
import { inTurn, play, programOf } from './fake-guest.ts';

test('each task thinks, takes the lock, holds it and gives it back; only held time is work', () => {
  const { steps } = play(programOf('locks', { tasks: 1, think: us(300), hold: us(70), mode: 'sleep' }), 8_000, inTurn);
  expect(steps.slice(0, 8).map(({ phase }) => phase.kind)).toEqual([RUN, LOCK, RUN, UNLOCK, RUN, LOCK, RUN, UNLOCK]);
  expect(steps.slice(0, 4).map(({ phase }) => phase.work)).toEqual([0, 0, 1, 0]);
  const meanNs = (offset: number): number =>
    steps.filter((_, i) => i % 4 === offset).reduce((sum, { phase }) => sum + phase.instructions / 2.5, 0) / 2_000;
  expect(Math.abs(meanNs(0) / 300e3 - 1)).toBeLessThan(0.09); // four standard errors of 2,000 exponential draws
  expect(Math.abs(meanNs(2) / 70e3 - 1)).toBeLessThan(0.09);
});

test.each([
  ['spin', Infinity],
  ['sleep', 0],
])('mode %s waits so', (mode, spinNs) => {
  const { steps } = play(programOf('locks', { mode }), 40, inTurn);
  const takes = steps.filter(({ phase }) => phase.kind === LOCK);
  expect(takes.length).toBeGreaterThan(3);
  for (const { phase } of takes) expect([phase.object, phase.spinNs]).toEqual([0, spinNs]);
});

describe('in a guest of four vCPUs', () => {
  const run = (mode: string, rivals: number): GuestRecord => {
    const rival = program((_task, phase) => computes(phase, 1.6e9));
    return ran({
      policy: pinned([0, 1, 2, 3, 0, 1, 2, 3].slice(0, 4 + rivals), () => 0, ms(3)),
      guests: [
        guest(workload('locks'), { vcpus: 4, set: { think: us(400), hold: us(200), mode } }),
        ...Array.from({ length: rivals }, (_, i) => guest(rival, { name: `r${i}` })),
      ],
      durationNs: seconds(4),
      costs: FREE_COSTS,
      checks: 'cheap',
    }).guests[0]!;
  };

  test('the lock is taken as often as the machine-repair formula says, spinning or asleep', () => {
    // four tasks, one server: thinking for two of its services on average
    const expected = (closedThroughput(4, 1, 2) / us(200)) * 1e9;
    const [spin, sleep] = ['spin', 'sleep'].map((mode) => run(mode, 0));
    // some 18,000 services, each with a deviation of its mean at most: four standard errors are 3 %
    for (const { throughput } of [spin!, sleep!]) expect(Math.abs(throughput.value / expected - 1)).toBeLessThan(0.03);
    expect(spin!.throughput.value).toBeCloseTo(sleep!.throughput.value, 6); // the same draws, nothing else takes time
    expect(Math.abs(spin!.causes.spin - sleep!.causes.blocked)).toBeLessThan(1e5);
  });

  test('one of which shares its CPU, the spin of all for a section rises: its holder, or who is next, is preempted', () => {
    const spinShare = ({ causes, lifetimeNs }: GuestRecord): number => causes.spin / (lifetimeNs - causes.waitHost);
    const [alone, one, all] = [0, 1, 4].map((rivals) => run('spin', rivals));
    // seven eighths of the CPU time are left, but less of the work: with the CPU often goes the lock, or the turn to have it next
    expect(one!.causes.waitHost / one!.lifetimeNs).toBeCloseTo(1 / 8, 2);
    expect(one!.throughput.value / alone!.throughput.value).toBeLessThan(0.77);
    expect(spinShare(one!)).toBeGreaterThan(1.3 * spinShare(alone!));
    // all four take turns with rivals in step, as a gang: half the CPU time, half the work, and no more spinning
    expect(all!.throughput.value / alone!.throughput.value).toBeCloseTo(0.5, 1);
    expect(spinShare(all!) / spinShare(alone!)).toBeCloseTo(1, 1);
  });
});
