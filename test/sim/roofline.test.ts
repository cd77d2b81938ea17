import { describe, expect, test } from 'vitest';
import { uniform } from '../../machines/uniform.ts';
import type { Figure, MachineSpec } from '../../sim/machine-spec.ts';
import { buildMachine } from '../../sim/machine.ts';
import { LINE_BYTES, MiB, ms } from '../../sim/units.ts';
import { DONE, RANDOM, SWEEP, TOUCH, type WorkloadEntry } from '../../sim/workload-api.ts';
import { sixCpus } from '../queueing-systems.ts';
import { FREE_COSTS, guest, pinned, program, ran } from './scenario-fixture.ts';

const assumed = <Value>(value: Value): Figure<Value> => ({ value, source: 'assumed' });

const REGION_BYTES = MiB(16); // eight blocks

interface Character {
  readonly computeNs: number;
  readonly accesses: number;
  readonly linesInFlight: number;
  readonly pattern: number;
}

/** Each vCPU fills a region of its own and then works on it in steps of this character; a step counts one. */
function steps(clockGHz: number, { computeNs, accesses, linesInFlight, pattern }: Character): WorkloadEntry {
  const phases = new Map<number, number>();
  return program(
    (task, phase, calls) => {
      const phaseCount = phases.get(task) ?? 0;
      phases.set(task, phaseCount + 1);
      phase.region = task;
      if (phaseCount === 0) {
        if (!calls.allocate(task, REGION_BYTES)) phase.kind = DONE;
        else phase.kind = TOUCH;
        phase.bytes = REGION_BYTES;
        return;
      }
      if (phaseCount === 1) calls.startMeasuring();
      phase.cyclesPerInstruction = computeNs * clockGHz;
      phase.accessesPerInstruction = accesses;
      phase.linesInFlight = linesInFlight;
      phase.pattern = pattern;
      phase.workingSetBytes = 1e15; // so far beyond the cache that nothing is found there
      phase.instructions = phase.work = 8e6;
    },
    { regions: 48 },
  );
}

/** Steps a ns of `vcpus` vCPUs on the first CPUs of the machine, with blocks on the nodes that this says. */
function stepsPerNs(spec: MachineSpec, vcpus: number, character: Character, nodeOf: (block: number) => number): number {
  const cpus = Array.from({ length: vcpus }, (_, cpu) => cpu);
  const workload = { ...steps(spec.clockGHz.value, character), ends: 'never' } as const;
  const recording = ran({
    machine: buildMachine(spec),
    policy: pinned(cpus, (_guest, block) => nodeOf(block)),
    guests: [guest(workload, { vcpus, memoryBytes: REGION_BYTES * vcpus })],
    durationNs: ms(200),
    blockBytes: MiB(2),
    costs: FREE_COSTS,
  });
  expect(recording.status, recording.message ?? '').toBe('ok');
  return recording.total.throughput.value / 1e9;
}

describe('CPUs on one controller of 12 GB/s, a ns a step alone, do min(CPUs / ns, bandwidth / bytes) steps', () => {
  const LATENCY_NS = 96;
  const LINES = 40;
  const machine: MachineSpec = {
    ...sixCpus,
    latencyNs: assumed([[LATENCY_NS]]),
    controllerGBps: assumed([12]),
    linesInFlight: assumed(LINES),
  };

  test.each([
    [6, 1, 2, 6], //   the ridge: 6 * 2 = 12
    [6, 1, 4, 3], //   12 / 4: each at half speed
    [6, 1, 8, 1.5], // a quarter
    [3, 1, 2, 3], //   3 * 2 < 12
    [6, 2, 2, 3], //   6 / 2 ns
  ])('%i CPUs, %d ns and %d B a step: %d', (cpus, stepNs, bytes, expected) => {
    const accesses = bytes / LINE_BYTES;
    const computeNs = stepNs - (accesses * LATENCY_NS) / LINES;
    const character = { computeNs, accesses, linesInFlight: LINES, pattern: SWEEP };
    expect(stepsPerNs(machine, cpus, character, () => 0) / expected).toBeCloseTo(1, 5);
  });
});

describe('a CPU that waits for each line takes compute + lines * ((1 - q) * local + q * remote) a step', () => {
  const apart = (localNs: number, remoteNs: number): MachineSpec => ({
    ...uniform,
    latencyNs: assumed(uniform.latencyNs.value.map((row, a) => row.map((_, b) => (a === b ? localNs : remoteNs)))),
  });
  const LOCAL = (): number => 0;
  const REMOTE = (): number => 5;
  const ALL_NODES = (block: number): number => block % 8; // q = 7/8
  const HALF = (block: number): number => (block % 2) * 3; // q = 1/2

  test.each([
    [100, 1, 60, 100, LOCAL, 160],
    [100, 1, 60, 100, ALL_NODES, 195], // 100 + 60/8 + 100 * 7/8
    [100, 1, 60, 100, REMOTE, 200],
    [50, 2, 60, 140, HALF, 250], // 50 + 2 * 100
    [50, 2, 60, 140, REMOTE, 330],
    [0, 1, 60, 100, ALL_NODES, 95],
  ])('%d ns and %i lines, %d and %d ns away: case %#', (computeNs, lines, localNs, remoteNs, nodeOf, expectedNs) => {
    const character = { computeNs, accesses: lines, linesInFlight: 1, pattern: RANDOM };
    expect(1 / stepsPerNs(apart(localNs, remoteNs), 1, character, nodeOf) / expectedNs).toBeCloseTo(1, 6);
  });
});
