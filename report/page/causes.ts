/** Causes of time as people read them, and in groups that a picture can tell apart. */

const NAMES: Readonly<Record<string, string>> = {
  compute: 'compute',
  memoryLocal: 'memory',
  distance: 'distance',
  queueController: 'queueing at controllers',
  queueLink: 'queueing at links',
  queuePair: 'queueing between nodes',
  cacheShared: 'shared cache',
  cacheCold: 'cold cache',
  waitHost: 'waiting for a CPU',
  waitGuest: 'waiting for a vCPU',
  contextSwitch: 'context switches',
  wake: 'wakes',
  fault: 'faults',
  pageCopy: 'page copies',
  sampling: 'sampling',
  spin: 'spinning',
  blocked: 'blocked',
  sleep: 'sleep',
};

export interface CauseGroup {
  readonly name: string;
  /** Stands in its part of a bar: colour alone tells nothing. */
  readonly letter: string;
  readonly causes: readonly string[];
}

export const CAUSE_GROUPS: readonly CauseGroup[] = [
  { name: 'compute', letter: 'C', causes: ['compute'] },
  { name: 'memory, at the latency of its own node', letter: 'M', causes: ['memoryLocal'] },
  { name: 'distance: what remote memory costs more', letter: 'D', causes: ['distance'] },
  { name: 'queueing at controllers, links and between nodes', letter: 'Q', causes: ['queueController', 'queueLink', 'queuePair'] },
  { name: 'caches: shared or cold', letter: '$', causes: ['cacheShared', 'cacheCold'] },
  { name: 'waiting for a CPU or vCPU', letter: 'W', causes: ['waitHost', 'waitGuest'] },
  { name: 'overhead: switches, wakes, faults, copies, sampling', letter: 'O', causes: ['contextSwitch', 'wake', 'fault', 'pageCopy', 'sampling'] }, // prettier-ignore
  { name: 'spinning and blocked', letter: 'B', causes: ['spin', 'blocked'] },
  { name: 'sleep, and others', letter: 'S', causes: ['sleep'] },
];

export function causeName(cause: string): string {
  return NAMES[cause] ?? cause;
}

/** Shares by group; a cause that nobody knows is among the last, so that bars are whole. */
export function groupShares(causes: Readonly<Record<string, number | null>>): number[] {
  const known = new Set(CAUSE_GROUPS.flatMap((group) => group.causes));
  const rest = Object.keys(causes).filter((cause) => !known.has(cause));
  return CAUSE_GROUPS.map((group, i) =>
    [...group.causes, ...(i === CAUSE_GROUPS.length - 1 ? rest : [])].reduce((sum, cause) => sum + (causes[cause] ?? 0), 0),
  );
}
