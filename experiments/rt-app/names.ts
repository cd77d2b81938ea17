import type { RtAppEvent, RtAppFile } from '../../formats/rt-app/file.ts';
import type { Step } from './plan.ts';

/** How many there are of what a file names. */
export interface NamedCounts {
  readonly locks: number;
  readonly conditions: number;
  /** [barrier] threads it waits for. */
  readonly barriers: readonly number[];
  readonly semaphores: number;
  /** What threads are suspended and resumed under. */
  readonly suspensions: number;
  readonly timers: number;
  /** [region] bytes. */
  readonly regions: readonly number[];
}

/** Numbers of what is named in a file, in the order of their first use. */
export class Names {
  readonly tasks: ReadonlyMap<string, number>;
  private readonly numbers = {
    locks: new Map<string, number>(),
    conditions: new Map<string, number>(),
    barriers: new Map<string, number>(),
    semaphores: new Map<string, number>(),
    suspensions: new Map<string, number>(),
    timers: new Map<string, number>(),
    regions: new Map<string, number>(),
  };
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

  counts(file: RtAppFile): NamedCounts {
    const { locks, conditions, barriers, semaphores, suspensions, timers } = this.numbers;
    const users = barrierUsers(file);
    return {
      locks: locks.size,
      conditions: conditions.size,
      barriers: [...barriers.keys()].map((name) => users.get(name)!),
      semaphores: semaphores.size,
      suspensions: suspensions.size,
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
