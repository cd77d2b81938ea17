import { shown } from '../format-error.ts';
import type { RtAppEvent, RtAppTask } from './file.ts';
import { fail, type Field, ignore, refuse } from './members.ts';

export interface PlacedEvent {
  readonly field: Field;
  readonly task: string;
  readonly event: RtAppEvent;
}

type Memrun = RtAppEvent & { kind: 'memrun' };
type Timer = RtAppEvent & { kind: 'timer' };

/**
 * What events say of each other: a forked task must be there; memory that is shared must be of one kind; and a timer that is absolute in
 * one event is that in all (rt-app keeps it with the timer, not with the event).
 */
export function checkReferences(tasks: readonly RtAppTask[], events: readonly PlacedEvent[]): RtAppTask[] {
  const names = new Set(tasks.map(({ name }) => name));
  const shared = new Map<string, Memrun>();
  const absolute = new Set<string>();
  for (const { field, task, event } of events) {
    if (event.kind === 'fork' && !names.has(event.task)) refuse(field, 'the name of a task');
    if (event.kind === 'resume' && !names.has(event.task)) ignore(field, 'no task has that name, so nobody waits for it');
    if (event.kind === 'memrun') checkShared(field, event, shared);
    if (event.kind === 'timer' && event.isAbsolute) absolute.add(timerName(task, event));
  }
  return tasks.map((task) => ({
    ...task,
    phases: task.phases.map((phase) => ({ ...phase, events: phase.events.map((event) => withMode(event, task.name, absolute)) })),
  }));
}

function checkShared(field: Field, event: Memrun, shared: Map<string, Memrun>): void {
  if (event.ref === null) return;
  const first = shared.get(event.ref);
  if (first === undefined) {
    shared.set(event.ref, event);
    return;
  }
  if (first.sizeBytes === event.sizeBytes && first.strideBytes === event.strideBytes && first.isRandom === event.isRandom) return;
  const { sizeBytes, strideBytes, isRandom, line } = first;
  const wanted = `size ${sizeBytes}, stride ${strideBytes} and pattern ${isRandom ? 'random' : 'sequential'}`;
  fail(field, `ref ${shown(event.ref)} of another kind, want ${wanted} as in line ${line}`);
}

/** Two texts cannot be taken for one another: no task is named ''. */
const timerName = (task: string, { ref, isOwn }: Timer): string => JSON.stringify([isOwn ? task : '', ref]);

function withMode(event: RtAppEvent, task: string, absolute: ReadonlySet<string>): RtAppEvent {
  return event.kind === 'timer' && !event.isAbsolute && absolute.has(timerName(task, event)) ? { ...event, isAbsolute: true } : event;
}
