import type { Fallback, MemoryPolicy, PolicyEntry } from '../../sim/policy-api.ts';
import { GiB, type NodeId } from '../../sim/units.ts';
import { DONE, type GuestCalls, type Phase, RANDOM, RUN, SLEEP, TOUCH, type WorkloadEntry } from '../../sim/workload-api.ts';
import { asEntry, pinnedCpus, program } from './scenario-fixture.ts';

/** One task a vCPU that does what the lists say, step by step, and then ends. */
export type Step = (phase: Phase, calls: GuestCalls) => void;
export function steps(regions: number, ...ofTask: Step[][]): WorkloadEntry {
  return program(
    (task, phase, calls) => {
      const step = ofTask[task]!.shift();
      if (step) step(phase, calls);
      else phase.kind = DONE;
    },
    { regions },
  );
}

export function touch(region: number, bytes: number): Step {
  return (phase, calls) => {
    calls.allocate(region, bytes);
    Object.assign(phase, { kind: TOUCH, region, offsetBytes: 0, bytes });
  };
}

/** As many loads at random, one after the other, far beyond any cache. */
export function load(region: number, loads: number): Step {
  return (phase) => {
    Object.assign(phase, {
      kind: RUN,
      region,
      pattern: RANDOM,
      workingSetBytes: GiB(2 ** 20),
      instructions: loads,
      accessesPerInstruction: 1,
    });
    phase.work = loads;
  };
}

export const sleep =
  (durationNs: number): Step =>
  (phase) => {
    phase.kind = SLEEP;
    phase.durationNs = durationNs;
  };

export const wants = (node: number, fallback: Fallback): MemoryPolicy => ({
  name: 'wants',
  backs: 'first-touch',
  fallback,
  alloc: () => node as NodeId,
});

export function pinnedWith(cpus: readonly number[], memory: MemoryPolicy): PolicyEntry {
  return asEntry(() => ({ name: 'pinned', cpu: pinnedCpus(cpus), memory }));
}
