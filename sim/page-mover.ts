import { BLOCK, type GuestProgram, type Phase } from './workload-api.ts';

/**
 * The kernel thread of a node that moves memory there, as kcompactd and migration threads are: it sleeps until there is something to copy
 * (moving.ts hands it out), and is scheduled like any other thread, on its node's CPUs.
 */
export function pageMover(): GuestProgram {
  return {
    tasks: 1,
    regions: 0,
    unit: 'copies/s',
    next(_task: number, phase: Phase): void {
      phase.kind = BLOCK;
    },
  };
}
