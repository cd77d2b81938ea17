import { exponential, lognormal } from '../sim/random.ts';
import { NONE, ms } from '../sim/units.ts';
import type { WorkloadSetup } from '../sim/workload-api.ts';

/**
 * User CPU time of one process of a build: 1,079 to 1,212 s over 29,135 processes (Linux 4.13, perf.mvermeulen.com), the middle of
 * its two machines.
 */
export const MEAN_USER_NS: number = ms((1_079 + 1_212) / 2 / 29.135);
/** Spread of the sizes of compile jobs, as squared coefficient of variation. Assumed. */
const USER_SCV = 1;
const ARCHIVE_NS = ms(4); // assumed
const MEAN_DIRECTORY_OBJECTS = 12; // assumed

/**
 * What make knows of a build. Jobs are numbered: objects, directory by directory, then the archives of the directories, then the
 * link. Each job has one that waits for it, so the graph is a tree with the link at its root.
 */
export interface BuildGraph {
  readonly objectCount: number;
  readonly archiveCount: number;
  readonly jobCount: number;
  /** CPU time of each job at the reference speed. */
  readonly userNs: Float64Array;
  /** The job that waits for this one; NONE for the link. */
  readonly dependant: Int32Array;
  /** How many jobs each one waits for. */
  readonly needs: Int32Array;
}

/** Draws a build. Everything is drawn here, up front, so that it depends on seed and guest and not on the order of execution. */
export function drawBuildGraph(objectCount: number, linkNs: number, setup: WorkloadSetup): BuildGraph {
  const directoryOf = drawDirectories(objectCount, setup);
  const archiveCount = directoryOf[objectCount - 1]! + 1;
  const jobCount = objectCount + archiveCount + 1;
  const link = jobCount - 1;
  const sizes = setup.stream(0, 'job sizes');
  const userNs = new Float64Array(jobCount).fill(ARCHIVE_NS);
  const dependant = new Int32Array(jobCount).fill(link);
  const needs = new Int32Array(jobCount);
  for (let object = 0; object < objectCount; object++) {
    userNs[object] = lognormal(sizes, MEAN_USER_NS, USER_SCV);
    dependant[object] = objectCount + directoryOf[object]!;
  }
  userNs[link] = linkNs;
  dependant[link] = NONE;
  for (let job = 0; job < link; job++) needs[dependant[job]!]!++;
  return { objectCount, archiveCount, jobCount, userNs, dependant, needs };
}

/** Directory of each object: runs of geometric length, which the whole part of an exponential is. */
function drawDirectories(objectCount: number, setup: WorkloadSetup): Int32Array {
  const lengths = setup.stream(0, 'directories');
  const mean = -1 / Math.log(1 - 1 / MEAN_DIRECTORY_OBJECTS);
  const directoryOf = new Int32Array(objectCount);
  for (let directory = 0, object = 0; object < objectCount; directory++) {
    const end = object + 1 + Math.floor(exponential(lengths, mean));
    for (; object < Math.min(end, objectCount); object++) directoryOf[object] = directory;
  }
  return directoryOf;
}
