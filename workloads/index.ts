import type { WorkloadEntry } from '../sim/workload-api.ts';
import { bursty } from './bursty.ts';
import { compute } from './compute.ts';
import { hackbench } from './hackbench.ts';
import { hotSet } from './hot-set.ts';
import { idleMostly } from './idle-mostly.ts';
import { kernbench } from './kernbench.ts';
import { lmbenchLat } from './lmbench-lat.ts';
import { lmbenchRd } from './lmbench-rd.ts';
import { lmbenchWr } from './lmbench-wr.ts';
import { locks } from './locks.ts';
import { metisLike } from './metis-like.ts';
import { noisyNeighbour } from './noisy-neighbour.ts';
import { numa01Like } from './numa01-like.ts';
import { phased } from './phased.ts';
import { pmbenchLike } from './pmbench-like.ts';
import { queue } from './queue.ts';
import { schbench } from './schbench.ts';
import { specjbbLike } from './specjbb-like.ts';
import { stream } from './stream.ts';
import { think } from './think.ts';
import { web } from './web.ts';

/** Every workload by the name users give it. */
export const workloads: readonly WorkloadEntry[] = [
  lmbenchRd,
  lmbenchWr,
  lmbenchLat,
  kernbench,
  metisLike,
  specjbbLike,
  stream,
  hotSet,
  pmbenchLike,
  numa01Like,
  hackbench,
  schbench,
  web,
  bursty,
  idleMostly,
  noisyNeighbour,
  phased,
  compute,
  queue,
  think,
  locks,
];

export function workloadNamed(name: string): WorkloadEntry | undefined {
  return workloads.find((workload) => workload.name === name);
}
