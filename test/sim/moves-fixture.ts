import { run } from '../../sim/engine.ts';
import type { CpuPolicy, Kernel, MemoryPolicy, Policy } from '../../sim/policy-api.ts';
import type { Recording } from '../../sim/recording.ts';
import type { GuestSpec, Scenario } from '../../sim/scenario.ts';
import { type CpuId, GiB, type GuestId, KiB, type NodeId, us } from '../../sim/units.ts';
import { DONE, type GuestProgram, type Phase, RANDOM, RUN, SWEEP, type WorkloadEntry } from '../../sim/workload-api.ts';
import { asEntry, computes, FREE_COSTS, guest, lopsidedMachine, onNodes, pinnedCpus, program, scenario } from './scenario-fixture.ts';

export const BLOCK = KiB(256);
export const LINES = BLOCK / 64;

/** What a policy was told of blocks that moved. */
export interface Moved {
  readonly atNs: number;
  readonly guest: number;
  readonly block: number;
  readonly from: number;
  readonly to: number;
}

export interface Script {
  /** CPU of each vCPU; kernel threads run on their nodes. */
  readonly cpus?: readonly number[];
  readonly nodeOf?: (guest: number, block: number) => number;
  /** What the policy does at these times, in microseconds (whole tens). */
  readonly at?: readonly (readonly [atUs: number, act: (k: Kernel) => void])[];
  readonly memory?: Partial<MemoryPolicy>;
  readonly more?: Partial<Policy>;
  readonly cpu?: CpuPolicy;
}

/** Runs guests under a policy that does what a script says, on the lopsided machine with all costs but the copies' free. */
export function played(script: Script, guests: readonly GuestSpec[], change: Partial<Scenario> = {}): Recording & { moved: Moved[] } {
  const moved: Moved[] = [];
  const due = [...(script.at ?? [])].sort(([a], [b]) => a - b);
  const entry = asEntry(() => ({
    name: 'scripted',
    cpu: script.cpu ?? pinnedWithThreads(script.cpus ?? [0]),
    memory: {
      ...onNodes(script.nodeOf ?? (() => 0)),
      plan: {
        periodNs: us(10),
        step(k) {
          while (due.length > 0 && us(due[0]![0]) <= k.nowNs) due.shift()![1](k);
        },
      },
      onMoved: (k, id, block, from, to) => void moved.push({ atNs: k.nowNs, guest: id, block, from, to }),
      ...script.memory,
    },
    ...script.more,
  }));
  const recording = run(scenario({ policy: entry, guests, blockBytes: BLOCK, costs: FREE_COSTS, ...change }));
  return { ...recording, moved };
}

/** vCPU i on cpus[i]; kernel threads on an idle CPU of theirs, if there is one. */
function pinnedWithThreads(cpus: readonly number[]): CpuPolicy {
  return {
    ...pinnedCpus(cpus),
    selectCpu(k, vcpu, prev) {
      if (cpus[vcpu] !== undefined) return cpus[vcpu] as CpuId;
      const idle = k.pickIdleCpu(vcpu);
      return idle >= 0 ? idle : prev;
    },
  };
}

export const move =
  (guestId: number, block: number, to: number): ((k: Kernel) => void) =>
  (k) =>
    void k.moveBlock(guestId as GuestId, block, to as NodeId);

/** Each task allocates its region and does what `then` says, until that is DONE. */
export function works(
  bytes: number,
  then: (phase: Phase, step: number, task: number) => void,
  change: Partial<GuestProgram> = {},
): WorkloadEntry {
  const entry = program(() => undefined);
  return {
    ...entry,
    build: (_options, setup) => {
      const steps = new Int32Array(setup.vcpus);
      return {
        tasks: setup.vcpus,
        regions: setup.vcpus,
        unit: 'units/s',
        next(task, phase, calls) {
          const step = steps[task]!++;
          if (step === 0) calls.allocate(task, bytes);
          phase.region = task;
          then(phase, step, task);
        },
        ...change,
      };
    },
  };
}

/** Computes for so long, once. */
export const computing = (microseconds: number): WorkloadEntry =>
  program((_task, phase) => computes(phase, us(microseconds) * lopsidedMachine.clockGHz));

/** Loads at random, one at a time, in one phase that outlasts the run. */
export function loads(phase: Phase, change: Partial<Phase> = {}): void {
  Object.assign(phase, {
    kind: RUN,
    pattern: RANDOM,
    instructions: 1e9,
    accessesPerInstruction: 1,
    workingSetBytes: GiB(2 ** 20),
    work: 1e9,
    ...change,
  });
}

/** Goes through its region again and again, or so many times. */
export function sweeps(phase: Phase, bytes: number, passes: number, change: Partial<Phase> = {}): void {
  const lines = (bytes / 64) * passes;
  Object.assign(phase, { kind: RUN, pattern: SWEEP, instructions: lines, accessesPerInstruction: 1, linesInFlight: Infinity, passes });
  Object.assign(phase, { workingSetBytes: GiB(2 ** 20), work: lines, ...change });
}

export const idles = (name: string, bytes: number): GuestSpec =>
  guest(
    program((_task, phase) => void (phase.kind = DONE)),
    { name, memoryBytes: bytes },
  );
