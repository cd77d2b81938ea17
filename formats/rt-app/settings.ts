import type { RtAppHostUse, RtAppPolicy, RtAppSettings } from './file.ts';
import { asNumbers, asOneOf, asText, asUs, asWhole, cannotSimulate, fail, type Field, ignore, type Members, MOST_INT, refuse } from './members.ts'; // prettier-ignore

/** What a task's phases so far have left in force. */
export interface InForce {
  policy: RtAppPolicy;
  taskgroup: string | null;
  /** All of the file. */
  readonly taskgroups: Set<string>;
}

export const POLICIES: readonly RtAppPolicy[] = ['SCHED_OTHER', 'SCHED_BATCH', 'SCHED_IDLE', 'SCHED_RR', 'SCHED_FIFO', 'SCHED_DEADLINE'];
const FAIR: readonly RtAppPolicy[] = ['SCHED_OTHER', 'SCHED_BATCH', 'SCHED_IDLE'];
const MOST_CPU = 65_535;
const MOST_NODE = 253;
const MOST_UTIL = 1024;
const MOST_TASKGROUPS = 32;

/**
 * Takes a task's or phase's settings from its members.
 * @param inForce a task's default policy, or what it was at before the phase; brought up to what is in force after it
 */
export function settingsOf(members: Members, inForce: InForce, level: 'task' | 'phase'): RtAppSettings {
  const cpus = members.take('cpus');
  const nodes = members.take('nodes_membind');
  const policy = policyOf(members.take('policy'), inForce);
  const priority = priorityOf(members.take('priority'), policy !== null || level === 'task', inForce.policy);
  const sliceNs = deadlineOf(members, inForce.policy, level);
  takeClamps(members);
  takeTaskgroup(members, inForce);
  return {
    policy: level === 'task' ? inForce.policy : policy,
    priority,
    cpus: cpus && ofHost(cpus, 'cpus', asNumbers(cpus, MOST_CPU, 'CPUs')),
    membindNodes: nodes && ofHost(nodes, 'nodes_membind', asNumbers(nodes, MOST_NODE, 'nodes')),
    sliceNs,
  };
}

/** @param numbers by rising number */
function ofHost({ notes, path, value }: Field, kind: RtAppHostUse['kind'], numbers: number[]): number[] {
  notes.hostUses.push({ kind, highest: numbers.at(-1)!, path, ...notes.source.place(value.at) });
  return numbers;
}

function policyOf(field: Field | null, inForce: InForce): RtAppPolicy | null {
  if (field === null) return null;
  inForce.policy = asOneOf(field, POLICIES);
  if (inForce.policy !== 'SCHED_OTHER') cannotSimulate(field, NOT_FAIR);
  return inForce.policy;
}

export const NOT_FAIR = 'only SCHED_OTHER is simulated';

function priorityOf(field: Field | null, hasDefault: boolean, policy: RtAppPolicy): number | null {
  const isFair = FAIR.includes(policy);
  if (field === null) return hasDefault ? (policy === 'SCHED_RR' || policy === 'SCHED_FIFO' ? 10 : 0) : null;
  if (isFair) return asWhole(field, -20, 19);
  return policy === 'SCHED_DEADLINE' ? asWhole(field, -MOST_INT - 1, MOST_INT) : asWhole(field, 1, 99);
}

/** @returns the slice that SCHED_OTHER asks for */
function deadlineOf(members: Members, policy: RtAppPolicy, level: 'task' | 'phase'): number | null {
  const [runtime, period, deadline] = ['dl-runtime', 'dl-period', 'dl-deadline'].map((name) => members.take(name));
  const [runtimeNs, periodNs, deadlineNs] = [runtime, period, deadline].map((field) => (field ? asUs(field) : 0)) as [number, number, number]; // prettier-ignore
  if (policy === 'SCHED_DEADLINE') {
    checkReservation(members, level, [runtimeNs, periodNs, deadlineNs]);
    return null;
  }
  const without = policy === 'SCHED_OTHER' ? [period, deadline] : [runtime, period, deadline];
  for (const field of without) if (field) ignore(field, `${policy} does not look at it`);
  return policy === 'SCHED_OTHER' && runtimeNs > 0 ? runtimeNs : null;
}

/** As Linux does: 0 < runtime <= deadline <= period; what is not said is what comes before it. A task may say it by its old names. */
function checkReservation(members: Members, level: 'task' | 'phase', said: readonly [number, number, number]): void {
  const old = (name: string): number => {
    if (level === 'phase') return 0;
    const field = name === 'runtime' ? members.look(name) : members.take(name); // `runtime` is an event as well
    return field ? asUs(field) : 0;
  };
  const runtimeNs = said[0] || old('runtime');
  const periodNs = said[1] || said[0] || old('period') || runtimeNs;
  const deadlineNs = said[2] || said[1] || said[0] || old('deadline') || periodNs;
  if (level === 'phase' && runtimeNs === 0) return; // it keeps what it had
  const isSound = runtimeNs > 0 && runtimeNs <= deadlineNs && deadlineNs <= periodNs;
  if (!isSound) fail(members.field, `${runtimeNs}, ${deadlineNs} and ${periodNs} ns, want 0 < dl-runtime <= dl-deadline <= dl-period`);
}

/** -1 leaves it as it is. */
function takeClamps(members: Members): void {
  const [least, most] = ['util_min', 'util_max'].map((name) => {
    const field = members.take(name);
    if (field === null) return null;
    const value = asWhole(field, -1, MOST_UTIL);
    if (value === -1) return null;
    cannotSimulate(field, 'CPUs have one frequency');
    return { field, value };
  });
  if (least && most && least.value > most.value) refuse(least.field, `at most util_max, ${most.value}`);
}

function takeTaskgroup(members: Members, inForce: InForce): void {
  const field = members.take('taskgroup');
  const name = field ? asText(field) : '';
  if (field && name !== '') {
    if (!name.startsWith('/')) refuse(field, 'a path that begins with /');
    inForce.taskgroup = name;
    if (inForce.taskgroups.add(name).size > MOST_TASKGROUPS) refuse(field, `at most ${MOST_TASKGROUPS} groups in the file`);
    cannotSimulate(field, 'there are no control groups');
  }
  if (inForce.taskgroup === null || FAIR.includes(inForce.policy)) return;
  fail(field ?? members.field, `${inForce.policy} in task group ${inForce.taskgroup}, want ${FAIR.join(', ')} there`);
}
