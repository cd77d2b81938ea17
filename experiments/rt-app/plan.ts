import type { RtAppEvent, RtAppFile, RtAppPhase, RtAppPolicy, RtAppTask } from '../../formats/rt-app/file.ts';
import type { ThreadSpec } from '../../sim/workload-api.ts';
import { DEFAULT_WEIGHT } from '../../sim/policy-api.ts';
import { niceWeight } from '../nice-weights.ts';
import { forkCounts, MOST_THREADS } from './forks.ts';
import { type NamedCounts, Names } from './names.ts';

/**
 * One thing a thread does. Objects, timers, regions and tasks are numbered from 0 over the whole file. There may be a million, so they hold
 * no more than they need: one that can fail knows its event, and what means the same as in the file is the file's event itself.
 */
export type Step =
  | { readonly kind: 'run' | 'runtime' | 'sleep'; readonly ns: number }
  | { readonly kind: 'timer'; readonly ns: number; readonly timer: number; readonly isAbsolute: boolean }
  | { readonly kind: 'memory'; readonly access: MemoryAccess; readonly region: number }
  | { readonly kind: 'write'; readonly bytes: number; readonly bufferBytes: number }
  | { readonly kind: 'lock' | 'unlock'; readonly object: number; readonly name: string; readonly event: RtAppEvent }
  | { readonly kind: 'wait'; readonly object: number; readonly lock: number; readonly name: string; readonly event: RtAppEvent }
  | { readonly kind: 'signal' | 'broad' | 'barrier' | 'sem_post' | 'sem_wait' | 'suspend' | 'resume'; readonly object: number }
  | { readonly kind: 'yield' }
  | { readonly kind: 'fork'; readonly task: number; readonly event: RtAppEvent };

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
  /** Such as `tasks.web.phases.first`. */
  readonly path: string;
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

export interface RtAppPlan extends NamedCounts {
  readonly file: RtAppFile;
  /** Those that start with the file first, in rt-app's order; then those that may be forked, task by task. */
  readonly threads: readonly ThreadPlan[];
  readonly starting: number;
  /** [task] first thread that may be forked of it, and how many. */
  readonly forks: readonly { readonly first: number; readonly count: number }[];
}

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
    const made = (): Step[] => stepsOf(file, names, thread, path, event);
    return task.instances === 1 ? made() : names.steps(event, made);
  });
  const { priority, sliceNs, membindNodes } = settings;
  return {
    path,
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
  switch (event.kind) {
    case 'run':
    case 'runtime':
    case 'sleep':
      return [event];
    case 'timer': {
      const timer = names.number('timers', event.isOwn ? `${event.ref}\n${thread}` : event.ref);
      return [{ kind: 'timer', ns: event.ns, timer, isAbsolute: event.isAbsolute }];
    }
    case 'mem': {
      const bytes = Math.min(event.bytes, file.memBufferBytes);
      const access: MemoryAccess = { kind: 'set', bytes, count: event.bytes, strideBytes: 1, isRandom: false };
      return bytes === 0 ? [] : [{ kind: 'memory', access, region: names.region(`buffer\n${thread}`, bytes) }];
    }
    case 'iorun':
      return [{ kind: 'write', bytes: event.bytes, bufferBytes: file.memBufferBytes }];
    case 'memrun': {
      const { access: kind, sizeBytes: bytes, count, strideBytes, isRandom, ref } = event;
      const own = `own\n${thread}\n${bytes}\n${strideBytes}\n${isRandom}`;
      const region = names.region(ref === null ? own : `ref\n${ref}`, bytes);
      return [{ kind: 'memory', access: { kind, bytes, count, strideBytes, isRandom }, region }];
    }
    case 'lock':
    case 'unlock':
      return [{ kind: event.kind, object: names.number('locks', event.mutex), name: event.mutex, event }];
    case 'wait':
    case 'sync': {
      const object = names.number('conditions', event.condition);
      const wait: Step = { kind: 'wait', object, lock: names.number('locks', event.mutex), name: event.mutex, event };
      return event.kind === 'wait' ? [wait] : [{ kind: 'signal', object }, wait];
    }
    case 'signal':
    case 'broad':
      return [{ kind: event.kind, object: names.number('conditions', event.condition) }];
    case 'barrier':
      return [{ kind: 'barrier', object: names.number('barriers', event.barrier) }];
    case 'sem_post':
    case 'sem_wait':
      return [{ kind: event.kind, object: names.number('semaphores', event.semaphore) }];
    case 'suspend':
    case 'resume':
      return [{ kind: event.kind, object: names.number('suspensions', event.name) }];
    case 'yield':
      return [event];
    case 'fork':
      return [{ kind: 'fork', task: names.task(event.task, placeOf(path, event)), event }];
  }
}

/** Where an event of a phase stands, for what is said of it. */
export function placeOf(path: string, { key, line, column }: RtAppEvent): string {
  return `${path}.${key} (line ${line}, column ${column})`;
}
