import { describe, expect, test } from 'vitest';
import type { OptionValues } from '../../sim/options.ts';
import type { GuestRecord } from '../../sim/recording.ts';
import { KiB, MiB, ms, NONE, us } from '../../sim/units.ts';
import { type Phase, RANDOM, RUN, SLEEP, SWEEP } from '../../sim/workload-api.ts';
import { FREE_COSTS, guest, pinned, ran, workload } from '../sim/scenario-fixture.ts';
import { emptyPhase, inTurn, play, programOf, setupOf } from './fake-guest.ts';

describe('noisy-neighbour', () => {
  const phases = (options: OptionValues, task = 1): Phase[] =>
    play(programOf('noisy-neighbour', options), 40, inTurn)
      .steps.filter((step) => step.task === task && [RUN, SLEEP].includes(step.phase.kind))
      .map(({ phase }) => phase);

  test.each([
    [
      'stream',
      { size: MiB(8) },
      { kind: RUN, pattern: SWEEP, region: 1, instructions: MiB(8) / 64, writeShare: 1 / 3, work: MiB(8) / 1e9 },
    ],
    ['cache', {}, { kind: RUN, pattern: RANDOM, region: 1, workingSetBytes: MiB(6), linesInFlight: Infinity, work: 0.01 }],
    ['cpu', {}, { kind: RUN, region: NONE, instructions: 500_000, work: 0.0005 }], // 200 us at 2.5 GHz
    ['wakeups', { nap: us(70), work: us(30) }, { kind: SLEEP, durationNs: 70_000 }],
  ])('of kind %s takes that', (kind, options, expected) => {
    expect(phases({ kind, ...options })[0]).toMatchObject(expected);
  });

  test('of kind wakeups sleeps and runs by turns and counts its runs', () => {
    const [, second, third] = phases({ kind: 'wakeups', nap: us(70), work: us(30) });
    expect(second).toMatchObject({ kind: RUN, instructions: 75_000, work: 1, isWorkAtEnd: true });
    expect(third!.kind).toBe(SLEEP);
  });

  test('has as many threads as vCPUs or as asked', () => {
    expect([programOf('noisy-neighbour').tasks, programOf('noisy-neighbour', { threads: 7 }).regions]).toEqual([3, 7]);
  });

  test('is busy in the first part of each period from its start, and finishes what is under way', () => {
    const program = programOf('noisy-neighbour', { kind: 'cpu', duty: 0.3, period: ms(10) }, setupOf({ vcpus: 2 }));
    const calls = { nowNs: 0, wake: () => {}, allocate: () => true, free: () => {}, startMeasuring: () => {} };
    const at = (nowMs: number, task: number): number => {
      calls.nowNs = ms(nowMs);
      const phase = emptyPhase();
      program.next(task, phase, calls);
      return phase.kind === SLEEP ? phase.durationNs / 1e6 : 0;
    };
    expect(at(5, 0)).toBe(0); // the start
    expect([at(7.9, 0), at(7.9, 1)]).toEqual([0, 0]);
    expect([at(8, 0), at(9.5, 1)]).toEqual([7, 5.5]); // until 15
    expect([at(15, 0), at(17, 1), at(28.5, 1)]).toEqual([0, 0, 6.5]);
  });
});

describe('beside a noisy neighbour', () => {
  /** What a victim on CPU 4 of node 2 gets, with a neighbour of two vCPUs on these CPUs and memory there, or alone. */
  const victim = (name: string, set: OptionValues, noise?: { set: OptionValues; cpus: number[]; node: number }): GuestRecord =>
    ran({
      policy: pinned([4, ...(noise ? noise.cpus : [])], (owner) => (owner === 0 ? 2 : noise!.node), ms(2)),
      guests: [
        guest(workload(name), { set }),
        ...(noise ? [guest(workload('noisy-neighbour'), { name: 'noise', vcpus: noise.cpus.length, set: noise.set })] : []),
      ],
      durationNs: ms(400),
      costs: FREE_COSTS,
    }).guests[0]!;
  const kept = (name: string, set: OptionValues, noise: { set: OptionValues; cpus: number[]; node: number }): number =>
    victim(name, set, noise).throughput.value / victim(name, set).throughput.value;

  test('that streams from its node a stream gets less, half as much less at half the duty, and nothing less from another node', () => {
    const stream = { size: MiB(32) };
    const noise = { set: { kind: 'stream', size: MiB(16), duty: 1 }, cpus: [5, 0, 1], node: 2 };
    const lost = 1 - kept('stream', stream, noise);
    expect(lost).toBeGreaterThan(0.15);
    const lostHalf = 1 - kept('stream', stream, { ...noise, set: { ...noise.set, duty: 0.5, period: ms(40) } });
    expect(lostHalf / lost).toBeGreaterThan(0.35);
    expect(lostHalf / lost).toBeLessThan(0.75);
    expect(kept('stream', stream, { ...noise, cpus: [0, 1], node: 0 })).toBe(1);
  });

  test('that thrashes the cache, one that lives in it goes to memory; one that only computes is no trouble', () => {
    const chase = { size: MiB(2) }; // of the node's 3 MiB
    const noise = { set: { kind: 'cache' }, cpus: [5], node: 2 };
    // the neighbour fills faster, so the cache is shared: by water-filling half each, or less for the chase
    expect(kept('lmbench-lat', chase, noise)).toBeLessThan(0.75);
    expect(kept('lmbench-lat', chase, { ...noise, set: { kind: 'cpu' } })).toBe(1);
    expect(kept('lmbench-lat', chase, { ...noise, cpus: [0], node: 0 })).toBe(1);
  });

  test('on its own CPU, a computing guest keeps half of it, and all but the runs of one that wakes often', () => {
    expect(kept('compute', {}, { set: { kind: 'cpu' }, cpus: [4], node: 2 })).toBeCloseTo(0.5, 2);
    const beside = kept('compute', {}, { set: { kind: 'wakeups', work: us(50), nap: us(200) }, cpus: [4], node: 2 });
    expect(beside).toBeLessThan(1);
    expect(beside).toBeGreaterThan(0.7);
  });

  test('memory that does not fit its guest is refused', () => {
    expect(() => programOf('noisy-neighbour', { size: MiB(451) })).toThrow(/noisy-neighbour: size = 472907776, want 64 to 471859200 bytes/);
    expect(programOf('noisy-neighbour', { size: KiB(512) }).regions).toBe(3);
  });
});
