import { MiB } from '../../sim/units.ts';
import { DONE, RANDOM, SWEEP, type WorkloadEntry } from '../../sim/workload-api.ts';
import { program } from './scenario-fixture.ts';

/** Each task sweeps a region of its own once, so many bytes for task i, and ends. */
export function readsOnce(bytes: readonly number[], halves = 1, writeShare = 0): WorkloadEntry {
  const step = bytes.map(() => 0);
  return program(
    (task, phase, calls) => {
      if (step[task] === 0) calls.allocate(task, MiB(1));
      if (step[task]!++ === halves) {
        phase.kind = DONE;
        return;
      }
      phase.instructions = bytes[task]! / 64 / halves;
      phase.accessesPerInstruction = 1;
      phase.linesInFlight = Infinity;
      phase.writeShare = writeShare;
      phase.region = task;
      phase.pattern = SWEEP;
      phase.workingSetBytes = MiB(64);
      phase.passes = 4;
      phase.work = bytes[task]! / halves;
    },
    { tasks: bytes.length, regions: bytes.length },
  );
}

/** One chase of so many loads through memory that no cache holds. */
export function chases(loads: number, shared = false): WorkloadEntry {
  let step = 0;
  return program(
    (_task, phase, calls) => {
      if (step === 0) calls.allocate(0, MiB(3));
      if (step++ === 1) {
        phase.kind = DONE;
        return;
      }
      phase.instructions = loads;
      phase.accessesPerInstruction = 1;
      phase.region = 0;
      phase.pattern = RANDOM;
      phase.workingSetBytes = shared ? MiB(6) : Infinity;
    },
    { regions: 1 },
  );
}
