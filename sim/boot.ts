import { exponential, type Random } from './random.ts';
import { ms } from './units.ts';
import { DONE, type GuestCalls, type GuestProgram, type Phase, RUN, SLEEP, TOUCH } from './workload-api.ts';

/** Share of its memory that a guest's kernel and page cache keep for good. Assumed. */
export const KEPT_SHARE = 0.0625;
const CHUNKS = 24; //                       assumed: waits for the disk during a boot
const DISK_WAIT_NS = ms(4); //              assumed: mean of each wait
const INSTRUCTIONS_PER_CHUNK = 2_000_000; // assumed: init and its services, scaled down like the waits

/**
 * A guest's boot: it waits for the disk, runs a little, and touches memory wherever its vCPU happens to be by then. What its
 * kernel and page cache use stays; the rest is freed, and being freed last it is what the first program is given, with the host
 * nodes it has by now.
 */
export function boot(memoryBytes: number, touchShare: number, blockBytes: number, random: Random): GuestProgram {
  const whole = (bytes: number): number => Math.max(blockBytes, Math.floor(bytes / blockBytes) * blockBytes);
  const keptBytes = whole(memoryBytes * KEPT_SHARE);
  const usedBytes = whole(Math.min(memoryBytes * touchShare, memoryBytes - keptBytes));
  const chunkBytes = Math.ceil(Math.max(keptBytes, usedBytes) / CHUNKS / blockBytes) * blockBytes;
  const touched = [0, 0];
  let step = 0;

  function next(_task: number, phase: Phase, calls: GuestCalls): void {
    if (step === 0) {
      calls.allocate(0, keptBytes);
      calls.allocate(1, usedBytes);
    }
    const isOver = touched[0] === keptBytes && touched[1] === usedBytes;
    switch (step++ % 4) {
      case 0:
        if (isOver) {
          calls.free(1);
          phase.kind = DONE;
          return;
        }
        phase.kind = SLEEP;
        phase.durationNs = exponential(random, DISK_WAIT_NS);
        phase.isDisk = true;
        return;
      case 1:
        phase.kind = RUN;
        phase.instructions = INSTRUCTIONS_PER_CHUNK;
        phase.cyclesPerInstruction = 1;
        phase.isSystem = true;
        return;
      case 2:
        return touchNext(phase, 0, keptBytes);
      default:
        return touchNext(phase, 1, usedBytes);
    }
  }

  function touchNext(phase: Phase, region: number, bytes: number): void {
    const offset = touched[region]!;
    const length = Math.min(chunkBytes, bytes - offset);
    if (length === 0) return; // a RUN of no instructions
    touched[region] = offset + length;
    phase.kind = TOUCH;
    phase.region = region;
    phase.offsetBytes = offset;
    phase.bytes = length;
    phase.isSystem = true;
  }

  return { tasks: 1, regions: 2, unit: 'boots/s', next };
}
