import { numberOption, type OptionSpec, type OptionValues } from '../sim/options.ts';
import { MiB, PAGE_BYTES } from '../sim/units.ts';
import { Barrier } from './barrier.ts';
import { BLOCK, DONE, type GuestCalls, type GuestProgram, type Phase, TOUCH, type WorkloadSetup } from '../sim/workload-api.ts';

const DEFAULT_BYTES = MiB(256);
const SMALLEST_BYTES = 64;
/** Share of the guest's free memory that all regions together may take, so that the guest itself is never short. */
const MEMORY_SHARE = 0.75;

export const sizeOption: OptionSpec = {
  name: 'size',
  summary: 'region of each vCPU; 0: 256 MiB, or less where the guest is small',
  kind: 'bytes',
  default: 0,
  min: 0,
};

/**
 * Bytes of each vCPU's region.
 * @throws RangeError when the size asked for does not fit the guest: a clamped size would answer another question
 */
export function regionBytes(workload: string, options: OptionValues, setup: WorkloadSetup): number {
  return taskRegionBytes(workload, options, DEFAULT_BYTES, setup.vcpus, 'vCPUs', setup);
}

/** The same for programs of so many tasks (`of` what) and another default. */
export function taskRegionBytes(
  workload: string,
  options: OptionValues,
  defaultBytes: number,
  tasks: number,
  of: string,
  setup: WorkloadSetup,
): number {
  const asked = numberOption(options, 'size');
  const largest = Math.floor((setup.freeBytes * MEMORY_SHARE) / tasks);
  const bytes = asked === 0 ? Math.min(defaultBytes, Math.floor(largest / PAGE_BYTES) * PAGE_BYTES) : asked;
  if (!(bytes >= SMALLEST_BYTES && bytes <= largest)) {
    throw new RangeError(
      `${workload}: size = ${bytes}, want ${SMALLEST_BYTES} to ${largest} bytes (3/4 of the guest's free memory over ${tasks} ${of})`,
    );
  }
  return bytes;
}

/**
 * One task a vCPU (or so many), each with a region of its own: it fills the region, waits until the others have filled theirs (lmbench's
 * harness starts its processes together too), and then does for ever what `fillRun` says. Work counts from the common start. With regions
 * of 0 bytes there is nothing to fill nor to wait for.
 */
export function ownRegions(
  tasks: number,
  bytes: number,
  fillRun: (phase: Phase, region: number, calls: GuestCalls) => void,
): Pick<GuestProgram, 'tasks' | 'regions' | 'next'> {
  if (bytes === 0) return { tasks, regions: 0, next: (task, phase, calls) => fillRun(phase, task, calls) };
  const filled = new Barrier(tasks);
  const step = new Uint8Array(tasks); // 0 before its region is filled, 1 while it is, 2 from then on

  function next(task: number, phase: Phase, calls: GuestCalls): void {
    if (step[task] === 0) {
      step[task] = 1;
      if (calls.allocate(task, bytes)) {
        phase.kind = TOUCH;
        phase.region = task;
        phase.offsetBytes = 0;
        phase.bytes = bytes;
      } else {
        if (filled.pass(calls)) calls.startMeasuring(); // the program ends, as one does whose malloc fails; the others must not wait for it
        phase.kind = DONE;
      }
      return;
    }
    if (step[task] === 1) {
      step[task] = 2;
      if (!filled.arrive(task, calls)) {
        phase.kind = BLOCK;
        return;
      }
      calls.startMeasuring();
    }
    fillRun(phase, task, calls);
  }

  return { tasks, regions: tasks, next };
}
