import { parseLenientJson } from './lenient-json.ts';
import { eventKind, eventOf } from './events.ts';
import type { RtAppFile, RtAppPhase, RtAppTask } from './file.ts';
import { type Globals, globalsOf } from './global.ts';
import { asUs, asWhole, cannotSimulate, fail, type Field, ignore, ignoreRest, Members, MOST_INT, placedNotes, type RtAppNotes } from './members.ts'; // prettier-ignore
import { checkReferences, type PlacedEvent } from './references.ts';
import { type InForce, NOT_FAIR, settingsOf } from './settings.ts';

export type { RtAppEvent, RtAppFile, RtAppHostUse, RtAppPhase, RtAppSettings, RtAppTask } from './file.ts';

const MOST_THREADS = 4096;

/**
 * Reads an rt-app file, with everything that rt-app knows; what it refuses is refused, and so is what it would take for something that
 * was hardly meant (a time below zero, a number beyond its 31 bits, one setting given twice). Events may have the same name twice, as
 * workgen allows; so may phases and tasks.
 * After: doc/tutorial.txt, doc/workgen and src/rt-app_parse_config.c of scheduler-tools/rt-app @55cb0c0.
 * @throws FormatError with line and column, `tasks.TASK.KEY = value, want ...`
 */
export function readRtApp(text: string): RtAppFile {
  const { root, source, restAt } = parseLenientJson(text);
  const notes: RtAppNotes = { source, unsimulated: [], ignored: [], hostUses: [] };
  const members = new Members({ name: '', path: '', at: root.at, value: root, notes });
  if (restAt !== null) notes.ignored.push({ at: restAt, said: "what follows the file's last bracket: rt-app does not read it" });
  members.take('resources'); // of old files; rt-app makes what is named by itself
  const globals = globalsOf(members.take('global'));
  const tasksField = members.take('tasks');
  if (tasksField === null) return source.fail(root.at, 'tasks: missing, want at least one');
  ignoreRest(members);
  const { tasks, events } = tasksOf(tasksField, globals);
  const checked = checkReferences(tasks, events);
  noteGlobals(globals, checked);
  const { durationNs, memBufferBytes, isSlackCumulative, logBaseName, calibrationNs } = globals;
  const unsimulated = placedNotes(source, notes.unsimulated);
  const ignored = placedNotes(source, notes.ignored);
  const { hostUses } = notes;
  return { durationNs, memBufferBytes, isSlackCumulative, logBaseName, calibrationNs, tasks: checked, hostUses, unsimulated, ignored };
}

function tasksOf(field: Field, globals: Globals): { tasks: RtAppTask[]; events: PlacedEvent[] } {
  const fields = new Members(field).rest();
  if (fields.length === 0) fail(field, 'none, want at least one');
  if (fields.length > MOST_THREADS) fail(field, `${fields.length} of them, want at most ${MOST_THREADS}, those without an instance too`);
  const names = uniqueNames(fields);
  const events: PlacedEvent[] = [];
  const tasks: RtAppTask[] = [];
  const taskgroups = new Set<string>();
  let threads = 0;
  for (const [i, taskField] of fields.entries()) {
    const task = taskOf(taskField, names[i]!, { policy: globals.policy, taskgroup: null, taskgroups }, events);
    tasks.push(task);
    threads += task.instances;
    if (threads > MOST_THREADS) fail(taskField, `${threads} threads with those before it, want at most ${MOST_THREADS}`);
  }
  const { policy, policyField } = globals;
  const isRelied = policy !== 'SCHED_OTHER' && fields.some((task) => new Members(task).look('policy') === null);
  if (policyField && isRelied) cannotSimulate(policyField, NOT_FAIR);
  return { tasks, events };
}

/** workgen puts the next free number behind a name that was there before. */
function uniqueNames(fields: readonly Field[]): string[] {
  const names = new Set<string>();
  let number = 1;
  for (const field of fields) {
    if (field.name === '') fail(field, 'no name, want one');
    let { name } = field;
    if (names.has(name)) {
      while (names.has(`${field.name}${number}`)) number++;
      name = `${field.name}${number}`;
    }
    names.add(name);
  }
  return [...names];
}

/** Without `phases`, its members are those of its one phase, and its `loop` says how often that is gone through. */
function taskOf(field: Field, name: string, inForce: InForce, events: PlacedEvent[]): RtAppTask {
  const members = new Members(field);
  const settings = settingsOf(members, inForce, 'task');
  const instance = members.take('instance');
  const delay = members.take('delay');
  const loop = members.take('loop');
  const task = {
    name,
    instances: instance ? asWhole(instance, 0, MOST_THREADS) : 1,
    delayNs: delay ? asUs(delay) : 0,
    settings,
  };
  const phases = members.take('phases');
  if (phases === null) {
    const only = { name, loop: loop ? asPhaseLoop(loop) : 1, settings: NOTHING_SAID, events: eventsOf(members, name, events) };
    return { ...task, loop: loop ? 1 : -1, phases: [only] };
  }
  for (const left of members.rest()) ignore(left, eventKind(left.name) ? 'rt-app does not do it beside phases' : undefined);
  const found = new Members(phases).rest();
  if (found.length === 0) fail(phases, 'none, want at least one');
  return { ...task, loop: loop ? asTaskLoop(loop) : -1, phases: found.map((phase) => phaseOf(phase, name, inForce, events)) };
}

const NOTHING_SAID = { policy: null, priority: null, cpus: null, membindNodes: null, sliceNs: null };

function phaseOf(field: Field, task: string, inForce: InForce, events: PlacedEvent[]): RtAppPhase {
  const members = new Members(field);
  const settings = settingsOf(members, inForce, 'phase');
  const loop = members.take('loop');
  return { name: field.name, loop: loop ? asPhaseLoop(loop) : 1, settings, events: eventsOf(members, task, events) };
}

function eventsOf(members: Members, task: string, all: PlacedEvent[]): RtAppPhase['events'] {
  const own: PlacedEvent[] = [];
  let unknown: Field | null = null;
  for (const field of members.rest()) {
    const kind = eventKind(field.name);
    if (kind === null) {
      ignore(field);
      unknown ??= field;
    } else own.push({ field, task, event: eventOf(field, kind, task) });
  }
  if (own.length === 0 && unknown) fail(unknown, `no event of rt-app, and no other in ${members.field.path}: want at least one`);
  if (own.length === 0) fail(members.field, 'no events, want at least one');
  for (const event of own) all.push(event); // not spread: there may be more of them than a call can have
  return own.map(({ event }) => event);
}

/** rt-app counts up until it meets the number: of a phase that is at 1 the first time, of a task at 0. */
function asPhaseLoop(field: Field): number {
  const loop = asWhole(field, -MOST_INT - 1, MOST_INT);
  return loop > 0 ? loop : -1;
}

function asTaskLoop(field: Field): number {
  return Math.max(-1, asWhole(field, -MOST_INT - 1, MOST_INT));
}

const LOCKING = ['lock', 'wait', 'sync', 'barrier', 'suspend', 'resume'];

/** They matter only to files that have such events. */
function noteGlobals({ inheritanceField, deviceField }: Globals, tasks: readonly RtAppTask[]): void {
  const kinds = new Set<string>(tasks.flatMap(({ phases }) => phases.flatMap(({ events }) => events.map(({ kind }) => kind))));
  if (inheritanceField && LOCKING.some((kind) => kinds.has(kind))) cannotSimulate(inheritanceField, 'locks do not pass on priorities');
  if (deviceField && kinds.has('iorun')) cannotSimulate(deviceField, 'only /dev/null is simulated');
}
