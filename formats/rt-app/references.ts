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
 * What events say of each other: a forked task must be there; memory that is shared must be of one kind; a timer that is absolute in one
 * event is that in all (rt-app keeps it with the timer, not with the event); and a suspend waits for what it names if a resume names it too,
 * as rt-app 1.0 does, on which its own examples rely. Later versions wait for the own task's name whatever it says.
 */
export function checkReferences(tasks: readonly RtAppTask[], events: readonly PlacedEvent[]): RtAppTask[] {
  const names = new Set(tasks.map(({ name }) => name));
  const shared = new Map<string, Memrun>();
  const absolute = new Set<string>();
  const resumed = new Set(events.flatMap(({ event }) => (event.kind === 'resume' ? [event.name] : [])));
  const suspended = new Set(events.flatMap(({ event }) => (event.kind === 'suspend' ? [event.name] : [])));
  for (const { field, task, event } of events) {
    if (event.kind === 'fork' && !names.has(event.task)) refuse(field, 'the name of a task');
    if (event.kind === 'resume' && !names.has(event.name) && !suspended.has(event.name))
      ignore(field, 'no task has that name, so nobody waits for it');
    if (event.kind === 'suspend' && event.name !== task) {
      const asOld = 'waits for that, as in rt-app 1.0; later versions wait for their own name';
      ignore(field, resumed.has(event.name) ? asOld : 'a task is resumed by its own name');
    }
    if (event.kind === 'memrun') checkShared(field, event, shared);
    if (event.kind === 'timer' && event.isAbsolute) absolute.add(timerName(task, event));
  }
  return tasks.map((task) => ({
    ...task,
    phases: task.phases.map((phase) => ({ ...phase, events: phase.events.map((event) => resolved(event, task.name, absolute, resumed)) })),
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

function resolved(event: RtAppEvent, task: string, absolute: ReadonlySet<string>, resumed: ReadonlySet<string>): RtAppEvent {
  if (event.kind === 'suspend') return resumed.has(event.name) || event.name === task ? event : { ...event, name: task };
  return event.kind === 'timer' && !event.isAbsolute && absolute.has(timerName(task, event)) ? { ...event, isAbsolute: true } : event;
}
