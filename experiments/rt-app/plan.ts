import type { RtAppEvent, RtAppFile, RtAppPhase, RtAppPolicy, RtAppTask } from '../../formats/rt-app-file.ts';
import type { ThreadSpec } from '../../sim/workload-api.ts';
import { DEFAULT_WEIGHT } from '../../sim/policy-api.ts';
import { niceWeight } from '../nice-weights.ts';

/** One thing a thread does. Objects, timers, regions and tasks are numbered from 0 over the whole file. */
export type Step = { readonly place: string } & (
  | { readonly kind: 'run' | 'runtime' | 'sleep'; readonly ns: number }
  | { readonly kind: 'timer'; readonly ns: number; readonly timer: number; readonly isAbsolute: boolean }
  | { readonly kind: 'memory'; readonly access: MemoryAccess; readonly region: number }
  | { readonly kind: 'write'; readonly bytes: number; readonly bufferBytes: number }
  | { readonly kind: 'lock' | 'unlock'; readonly object: number; readonly name: string }
  | { readonly kind: 'wait'; readonly object: number; readonly lock: number; readonly name: string }
  | { readonly kind: 'signal' | 'broad' | 'barrier' | 'sem_post' | 'sem_wait'; readonly object: number }
  | { readonly kind: 'suspend' | 'yield' }
  | { readonly kind: 'resume'; readonly task: number }
  | { readonly kind: 'fork'; readonly task: number }
);

/** What an event does to its region of `bytes`. */
export interface MemoryAccess {
  /** set: memset. */
  readonly kind: 'set' | 'read' | 'write' | 'chase';
  readonly bytes: number;
  /** Of chase: loads; of the others: bytes in all. */
  readonly count: number;
  readonly strideBytes: number;
  readonly isRandom: boolean;
}

export interface PhasePlan {
  readonly loop: number;
  /** The same list wherever the CPUs are the same; null for all. */
  readonly cpus: readonly number[] | null;
  /** null for what is. */
  readonly weight: number | null;
  readonly sliceNs: number | null;
  readonly nodes: readonly number[] | null;
  readonly steps: readonly Step[];
  /** Steps that compute: each is an equal part of a loop's work. */
  readonly computing: number;
}

export interface ThreadPlan {
  readonly spec: ThreadSpec;
  /** Number of its task, by the file. */
  readonly task: number;
  /** Of the task; for a fork, which of its task's forks. */
  readonly instance: number;
  readonly isFork: boolean;
  readonly nodes: readonly number[] | null;
  readonly phases: readonly PhasePlan[];
}

export interface RtAppPlan {
  readonly file: RtAppFile;
  /** Those that start with the file first, in rt-app's order; then those that may be forked, task by task. */
  readonly threads: readonly ThreadPlan[];
  readonly starting: number;
  /** [task] first thread that may be forked of it, and how many. */
  readonly forks: readonly { readonly first: number; readonly count: number }[];
  readonly locks: number;
  readonly conditions: number;
  readonly barriers: readonly number[];
  readonly semaphores: number;
  readonly timers: number;
  /** [region] bytes. */
  readonly regions: readonly number[];
}

/** rt-app ends with an error at the next fork of a task (FORKS_LIMIT, src/rt-app.c). */
export const MOST_FORKS = 1024;
export const MOST_THREADS = 4096;
const MOST_EVENTS = 2_000_000;

/**
 * Numbers what the threads of a file share and what each has for itself.
 * @throws RangeError for more threads, steps or forks than can be simulated
 */
export function planOf(file: RtAppFile): RtAppPlan {
  const names = new Names(file);
  const forks = forkCounts(file);
  const threads: ThreadPlan[] = [];
  let events = 0; // of the file, some of which are no steps
  const add = (task: number, instance: number, isFork: boolean): void => {
    if (threads.length === MOST_THREADS) throw new RangeError(`tasks: more than ${MOST_THREADS} threads, forks included, want fewer`);
    events += file.tasks[task]!.phases.reduce((sum, phase) => sum + phase.events.length, 0);
    if (events > MOST_EVENTS) throw new RangeError(`tasks: more than ${MOST_EVENTS} events of all threads, want fewer`);
    threads.push(threadOf(file, names, threads.length, task, instance, isFork));
  };
  file.tasks.forEach(({ instances }, task) => {
    for (let i = 0; i < instances; i++) add(task, i, false);
  });
  const starting = threads.length;
  if (starting === 0) throw new RangeError('tasks: none has an instance, want a thread to begin with');
  const slots = forks.map((count, task) => {
    const first = threads.length;
    for (let i = 0; i < count; i++) add(task, i, true);
    return { first, count };
  });
  return { file, threads, starting, forks: slots, ...names.counts(file) };
}

/** rt-app's names: the task and the number of the thread; forks are numbered apart here, as rt-app numbers them when they come. */
function threadOf(file: RtAppFile, names: Names, index: number, task: number, instance: number, isFork: boolean): ThreadPlan {
  const of = file.tasks[task]!;
  const { settings } = of;
  let policy = settings.policy ?? 'SCHED_OTHER';
  const phases = of.phases.map((phase) => {
    policy = phase.settings.policy ?? policy;
    return phaseOf(file, names, index, of, phase, policy);
  });
  const [first] = phases;
  const tag = isFork ? `fork-${String(instance).padStart(4, '0')}` : String(index);
  return {
    spec: {
      name: `${of.name}-${tag}`,
      weight: first!.weight ?? weightOf(settings.priority ?? 0, settings.policy ?? 'SCHED_OTHER'),
      cpus: first!.cpus,
      sliceNs: first!.sliceNs ?? settings.sliceNs ?? 0,
    },
    task,
    instance,
    isFork,
    nodes: settings.membindNodes,
    phases,
  };
}

/** Priorities of other classes, which are not simulated, are no nice values. */
function weightOf(priority: number, policy: RtAppPolicy): number {
  return policy === 'SCHED_OTHER' || policy === 'SCHED_BATCH' || policy === 'SCHED_IDLE' ? niceWeight(priority) : DEFAULT_WEIGHT;
}

function phaseOf(
  file: RtAppFile,
  names: Names,
  thread: number,
  task: RtAppTask,
  { name, loop, settings, events }: RtAppPhase,
  policy: RtAppPolicy,
): PhasePlan {
  const path = name === task.name && task.phases.length === 1 ? `tasks.${name}` : `tasks.${task.name}.phases.${name}`;
  const steps = events.flatMap((event) => {
    const made = (): Step[] => stepsOf(file, names, thread, `${path}.${event.key}`, event);
    return task.instances === 1 ? made() : names.steps(event, made);
  });
  const { priority, sliceNs, membindNodes } = settings;
  return {
    loop,
    cpus: names.cpus(settings.cpus ?? task.settings.cpus),
    weight: priority === null ? null : weightOf(priority, policy),
    sliceNs,
    nodes: membindNodes,
    steps,
    computing: steps.filter(({ kind }) => kind === 'run' || kind === 'runtime' || kind === 'memory' || kind === 'write').length,
  };
}

function stepsOf(file: RtAppFile, names: Names, thread: number, path: string, event: RtAppEvent): Step[] {
  const place = `${path} (line ${event.line})`;
  switch (event.kind) {
    case 'run':
    case 'runtime':
    case 'sleep':
      return [{ kind: event.kind, ns: event.ns, place }];
    case 'timer': {
      const timer = names.number('timers', event.isOwn ? `${event.ref}\n${thread}` : event.ref);
      return [{ kind: 'timer', ns: event.ns, timer, isAbsolute: event.isAbsolute, place }];
    }
    case 'mem': {
      const bytes = Math.min(event.bytes, file.memBufferBytes);
      const access: MemoryAccess = { kind: 'set', bytes, count: event.bytes, strideBytes: 1, isRandom: false };
      return bytes === 0 ? [] : [{ kind: 'memory', access, region: names.region(`buffer\n${thread}`, bytes), place }];
    }
    case 'iorun':
      return [{ kind: 'write', bytes: event.bytes, bufferBytes: file.memBufferBytes, place }];
    case 'memrun': {
      const { access: kind, sizeBytes: bytes, count, strideBytes, isRandom, ref } = event;
      const own = `own\n${thread}\n${bytes}\n${strideBytes}\n${isRandom}`;
      const region = names.region(ref === null ? own : `ref\n${ref}`, bytes);
      return [{ kind: 'memory', access: { kind, bytes, count, strideBytes, isRandom }, region, place }];
    }
    case 'lock':
    case 'unlock':
      return [{ kind: event.kind, object: names.number('locks', event.mutex), name: event.mutex, place }];
    case 'wait':
    case 'sync': {
      const object = names.number('conditions', event.condition);
      const wait: Step = { kind: 'wait', object, lock: names.number('locks', event.mutex), name: event.mutex, place };
      return event.kind === 'wait' ? [wait] : [{ kind: 'signal', object, place }, wait];
    }
    case 'signal':
    case 'broad':
      return [{ kind: event.kind, object: names.number('conditions', event.condition), place }];
    case 'barrier':
      return [{ kind: 'barrier', object: names.number('barriers', event.barrier), place }];
    case 'sem_post':
    case 'sem_wait':
      return [{ kind: event.kind, object: names.number('semaphores', event.semaphore), place }];
    case 'suspend':
    case 'yield':
      return [{ kind: event.kind, place }];
    case 'resume': // a task that the file does not have: nobody is suspended there
      return names.tasks.has(event.task) ? [{ kind: 'resume', task: names.tasks.get(event.task)!, place }] : [];
    case 'fork':
      return [{ kind: 'fork', task: names.task(event.task, place), place }];
  }
}

/** Numbers of what is named in a file, in the order of their first use. */
class Names {
  readonly tasks: ReadonlyMap<string, number>;
  private readonly numbers = { locks: new Map<string, number>(), conditions: new Map<string, number>(), barriers: new Map<string, number>(), semaphores: new Map<string, number>(), timers: new Map<string, number>(), regions: new Map<string, number>() }; // prettier-ignore
  private readonly regionBytes: number[] = [];
  private readonly cpuLists = new Map<string, readonly number[]>();
  /** By the file's own list, which many phases and threads have from their task. */
  private readonly knownCpus = new Map<readonly number[], readonly number[]>();

  /** Most mean the same to each thread of a task, of which there may be many. */
  private readonly knownSteps = new Map<RtAppEvent, readonly Step[]>();

  constructor({ tasks }: RtAppFile) {
    this.tasks = new Map(tasks.map(({ name }, task) => [name, task]));
  }

  number(kind: keyof Names['numbers'], name: string): number {
    const known = this.numbers[kind].get(name);
    if (known !== undefined) return known;
    const { size } = this.numbers[kind];
    this.numbers[kind].set(name, size);
    return size;
  }

  steps(event: RtAppEvent, made: () => readonly Step[]): readonly Step[] {
    const known = this.knownSteps.get(event);
    if (known !== undefined) return known;
    const steps = made();
    if (!isOfThread(event)) this.knownSteps.set(event, steps);
    return steps;
  }

  /** As large as the largest use of it. */
  region(name: string, bytes: number): number {
    const region = this.number('regions', name);
    this.regionBytes[region] = Math.max(this.regionBytes[region] ?? 0, bytes);
    return region;
  }

  /** One list for equal ones, so that they can be compared by what they are. */
  cpus(list: readonly number[] | null): readonly number[] | null {
    if (list === null) return null;
    const known = this.knownCpus.get(list) ?? this.uniqueList([...new Set(list)].sort((a, b) => a - b));
    this.knownCpus.set(list, known);
    return known;
  }

  private uniqueList(sorted: readonly number[]): readonly number[] {
    const key = sorted.join(',');
    const known = this.cpuLists.get(key) ?? sorted;
    this.cpuLists.set(key, known);
    return known;
  }

  task(name: string, place: string): number {
    const task = this.tasks.get(name);
    if (task === undefined) throw new RangeError(`${place} = ${JSON.stringify(name)}, want a task of the file`);
    return task;
  }

  counts(file: RtAppFile): Pick<RtAppPlan, 'locks' | 'conditions' | 'barriers' | 'semaphores' | 'timers' | 'regions'> {
    const { locks, conditions, barriers, semaphores, timers } = this.numbers;
    const users = barrierUsers(file);
    return {
      locks: locks.size,
      conditions: conditions.size,
      barriers: [...barriers.keys()].map((name) => users.get(name)!),
      semaphores: semaphores.size,
      timers: timers.size,
      regions: this.regionBytes,
    };
  }
}

/** Whether each thread has a timer or a region of its own for it. */
function isOfThread(event: RtAppEvent): boolean {
  switch (event.kind) {
    case 'timer':
      return event.isOwn;
    case 'mem':
      return true;
    case 'memrun':
      return event.ref === null;
    default:
      return false;
  }
}

/** rt-app counts, while it reads the file, each event that names a barrier, once for each instance; a task without any counts once. */
function barrierUsers({ tasks }: RtAppFile): Map<string, number> {
  const users = new Map<string, number>();
  for (const { instances, phases } of tasks) {
    for (const event of phases.flatMap(({ events }) => events)) {
      if (event.kind === 'barrier') users.set(event.barrier, (users.get(event.barrier) ?? 0) + Math.max(1, instances));
    }
  }
  return users;
}

/** [task] how many threads of it the file can fork at most: no thread is used twice. Endless forks end at rt-app's own limit. */
function forkCounts({ tasks }: RtAppFile): number[] {
  const number = new Map(tasks.map(({ name }, task) => [name, task]));
  const counts = tasks.map(() => 0);
  const perThread = tasks.map(({ loop, phases }) => {
    const made = new Map<number, number>();
    for (const phase of phases) {
      for (const event of phase.events) {
        if (event.kind !== 'fork') continue;
        const task = number.get(event.task);
        const times = loop < 0 || phase.loop < 0 ? Infinity : loop * phase.loop;
        if (task !== undefined) made.set(task, (made.get(task) ?? 0) + times);
      }
    }
    return made;
  });
  for (let round = 0; round <= tasks.length; round++) {
    // forks may fork: each round goes a generation further
    const next = tasks.map(() => 0);
    perThread.forEach((made, task) => {
      const threads = tasks[task]!.instances + counts[task]!;
      if (threads > 0) for (const [other, times] of made) next[other] = Math.min(MOST_FORKS, next[other]! + threads * times);
    });
    if (next.every((count, task) => count === counts[task])) break;
    if (next.reduce((sum, count) => sum + count, 0) > MOST_THREADS) return next; // refused in any case, and counts never fall
    for (const [task, count] of next.entries())
      counts[task] = round === tasks.length ? Math.min(MOST_FORKS, count > counts[task]! ? MOST_FORKS : count) : count; // a circle
  }
  return counts;
}
