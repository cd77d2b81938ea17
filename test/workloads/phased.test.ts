import { describe, expect, test } from 'vitest';
import { KiB, MiB, ms, NONE } from '../../sim/units.ts';
import { type Phase, RANDOM, RUN } from '../../sim/workload-api.ts';
import { FREE_COSTS, guest, lopsidedMachine, pinned, ran, workload } from '../sim/scenario-fixture.ts';
import { inTurn, play, programOf } from './fake-guest.ts';

describe('phased', () => {
  const runs = (options: Record<string, number>): Phase[] =>
    play(programOf('phased', options), 40, inTurn)
      .steps.filter(({ task, phase }) => task === 1 && phase.kind === RUN)
      .map(({ phase }) => phase);

  test('computes and works on memory in turn, as long and as hard as asked', () => {
    // at 2.5 GHz and 0.5 cycles an instruction: 3 ms are 15e6 instructions, 7 ms are 35e6
    const options = { size: MiB(8), compute: ms(3), memory: ms(7), cpi: 0.5, accesses: 25, inflight: 3, knee: KiB(700), floor: 0.2 };
    const [first, second, third] = runs(options);
    expect(first).toMatchObject({ instructions: 15e6, cyclesPerInstruction: 0.5, accessesPerInstruction: 0, region: NONE, work: 0.015 });
    expect(second).toMatchObject({
      instructions: 35e6,
      cyclesPerInstruction: 0.5,
      accessesPerInstruction: 0.025,
      linesInFlight: 3,
      region: 1,
      pattern: RANDOM,
      workingSetBytes: MiB(8),
      missCurve: 0,
      work: 0.035,
    });
    expect(third).toEqual(first);
    expect(programOf('phased', options).missCurves).toEqual([
      [
        [0, 1],
        [KiB(700), 0.2],
      ],
    ]);
  });

  test('without a computing phase only works on memory', () => {
    for (const phase of runs({ compute: 0 })) expect(phase.accessesPerInstruction).toBeGreaterThan(0);
  });

  test('draws both lengths where a law is given, each vCPU its own', () => {
    const { steps } = play(programOf('phased', { size: MiB(8), compute: ms(3), memory: ms(7), cpi: 0.5, law: 'exp' }), 60_000, inTurn);
    const lengthsNs = (task: number, isMemory: boolean): number[] =>
      steps
        .filter((step) => step.task === task && step.phase.kind === RUN && step.phase.accessesPerInstruction > 0 === isMemory)
        .map(({ phase }) => phase.instructions / 5); // at 2.5 GHz and 0.5 cycles an instruction
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    // some 10,000 draws: four standard errors are 4 %
    expect(Math.abs(mean(lengthsNs(1, false)) / 3e6 - 1)).toBeLessThan(0.04);
    expect(Math.abs(mean(lengthsNs(1, true)) / 7e6 - 1)).toBeLessThan(0.04);
    expect(lengthsNs(0, true).slice(0, 5)).not.toEqual(lengthsNs(1, true).slice(0, 5));
  });

  test('refuses a knee beyond its region', () => {
    expect(() => programOf('phased', { size: 4096, knee: 4097 })).toThrow(/knee = 4097, want at most size = 4096/);
  });

  test('runs at the speed of its misses: by the floor while it has the knee, and by more when two share the cache', () => {
    const set = { size: MiB(16), compute: 0, cpi: 0.8, accesses: 20, inflight: 1, knee: KiB(3072), floor: 0.25 };
    const perSecond = (cpus: number[]): number => {
      const { guests } = ran({
        policy: pinned(cpus, () => 2),
        guests: [guest(workload('phased'), { vcpus: cpus.length, set })],
        durationNs: ms(300),
        costs: FREE_COSTS,
      });
      return guests[0]!.throughput.value / cpus.length;
    };
    // lopsided, node 2: 1.6 GHz, hit 25 ns, memory 70 ns and 10 GB/s. All 3 MiB: 0.25 miss; half: 1 - 0.75 / 2 = 0.625
    const { rise, curve } = lopsidedMachine.spec.loadedLatency.value;
    const expected = (misses: number, tasks: number): number => {
      let ns = 1;
      for (let i = 0; i < 100; i++) {
        const use = (tasks * 0.02 * misses * 64) / ns / 10;
        ns = 0.5 + 0.02 * ((1 - misses) * 25 + misses * (70 + (70 * rise * use) / (1 - curve * use)));
      }
      return 1 / ns; // instructions per ns are Ginstr/s
    };
    expect(perSecond([4]) / expected(0.25, 1)).toBeCloseTo(1, 4);
    expect(perSecond([4, 5]) / expected(0.625, 2)).toBeCloseTo(1, 4);
  });
});
