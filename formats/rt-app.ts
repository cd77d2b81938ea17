import { type Json, JsonObject, parseLenientJson } from './lenient-json.ts';

/** An rt-app file: tasks that run and sleep by a script. Times are whole ns. */
export interface RtAppFile {
  /** How long it runs; null until all its tasks have ended. */
  readonly durationNs: number | null;
  readonly tasks: readonly RtAppTask[];
}

export interface RtAppTask {
  readonly name: string;
  readonly instances: number;
  readonly delayNs: number;
  /** How often the phases are gone through; -1 for ever. */
  readonly loop: number;
  readonly nice: number;
  /** CPUs it may use; null for all. */
  readonly cpus: readonly number[] | null;
  readonly phases: readonly RtAppPhase[];
}

export interface RtAppPhase {
  readonly loop: number;
  readonly events: readonly RtAppEvent[];
}

export type RtAppEvent =
  | { readonly kind: 'run'; readonly ns: number } //     CPU time at full speed
  | { readonly kind: 'runtime'; readonly ns: number } // until so much time has passed
  | { readonly kind: 'sleep'; readonly ns: number }
  | { readonly kind: 'timer'; readonly ns: number; readonly ref: string; readonly isOwn: boolean; readonly isAbsolute: boolean };

const NS_PER_US = 1000;
const MOST_US = 86_400e6;
/** In this order a name is compared with the beginnings of events (rt-app's rt-app_parse_config.c). */
const EVENTS = [
  'lock', 'unlock', 'wait', 'signal', 'broad', 'sync', 'sleep', 'runtime', 'run', 'timer', 'suspend', 'resume', 'memrun', 'mem', 'iorun',
  'yield', 'barrier', 'fork', 'sem_post', 'sem_wait',
] as const; // prettier-ignore
/** Of the whole file; those without effect on who runs where. */
const GLOBAL_WITHOUT_EFFECT = [
  'calibration', 'pi_enabled', 'lock_pages', 'logdir', 'log_basename', 'log_size', 'ftrace', 'gnuplot', 'io_device', 'mem_buffer_size',
  'cumulative_slack',
]; // prettier-ignore

/**
 * Reads an rt-app file as far as it is about CPUs: instances, delays, loops, phases, `run`, `runtime`, `sleep`, `timer`, `cpus`, and
 * `priority` of SCHED_OTHER. Anything else changes what the file means and is refused.
 * After: doc/tutorial.txt and src/rt-app_parse_config.c of scheduler-tools/rt-app @55cb0c0.
 * @throws RangeError `line N: tasks.TASK.KEY = value, want ...`
 */
export function readRtApp(text: string): RtAppFile {
  const root = parseLenientJson(text);
  if (!(root instanceof JsonObject)) throw new RangeError('want a mapping with tasks and global');
  let durationNs: number | null = null;
  let tasks: RtAppTask[] = [];
  for (const { name, value, line } of root.members) {
    const at = place(line, name);
    if (name === 'tasks') tasks = asObject(value, at).members.map((task) => taskOf(task.name, task.value, task.line));
    else if (name === 'global') durationNs = durationOf(asObject(value, at));
    else if (name !== 'resources') refuse(at, value, 'tasks, global or resources'); // resources: legacy, ignored by rt-app too
  }
  if (tasks.length === 0) throw new RangeError('tasks: missing, want at least one');
  return { durationNs, tasks };
}

function durationOf(global: JsonObject): number | null {
  let durationNs: number | null = null;
  for (const { name, value, line } of global.members) {
    const at = place(line, 'global', name);
    if (name === 'duration') {
      const seconds = asWhole(value, at, -1, 86_400);
      durationNs = seconds > 0 ? seconds * 1e9 : null;
    } else if (name === 'default_policy') asPolicy(value, at);
    else if (!GLOBAL_WITHOUT_EFFECT.includes(name)) unknown(at);
  }
  return durationNs;
}

/** Keys of a task without `phases` are those of its one phase, and then `loop` is how often that is gone through, once. */
function taskOf(name: string, value: Json, line: number): RtAppTask {
  const members = asObject(value, place(line, 'tasks', name)).members;
  const hasPhases = members.some((member) => member.name === 'phases');
  const task = { name, instances: 1, delayNs: 0, loop: hasPhases ? -1 : 1, nice: 0, cpus: null as number[] | null };
  const phases: RtAppPhase[] = [];
  const only = { loop: -1, events: [] as RtAppEvent[] };
  for (const { name: key, value: given, line: keyLine } of members) {
    const at = place(keyLine, 'tasks', name, key);
    if (key === 'instance') task.instances = asWhole(given, at, 1, 4096);
    else if (key === 'delay') task.delayNs = asUs(given, at);
    else if (key === 'loop') (hasPhases ? task : only).loop = asLoop(given, at);
    else if (key === 'cpus') task.cpus = asCpus(given, at);
    else if (key === 'priority') task.nice = asWhole(given, at, -20, 19);
    else if (key === 'policy') asPolicy(given, at);
    else if (key === 'phases')
      phases.push(...asObject(given, at).members.map((phase) => phaseOf(phase.value, phase.line, ['tasks', name, key, phase.name]))); // prettier-ignore
    else only.events.push(eventOf(key, given, at));
  }
  if (hasPhases && only.events.length > 0) throw new RangeError(`${place(line, 'tasks', name)}: events beside phases, want them in phases`);
  if (!hasPhases) phases.push(only);
  if (phases.some(({ events }) => events.length === 0)) throw new RangeError(`${place(line, 'tasks', name)}: a phase without events`);
  return { ...task, phases };
}

function phaseOf(value: Json, line: number, path: readonly string[]): RtAppPhase {
  let loop = 1;
  const events: RtAppEvent[] = [];
  for (const { name, value: given, line: keyLine } of asObject(value, place(line, ...path)).members) {
    const at = place(keyLine, ...path, name);
    if (name === 'loop') loop = asLoop(given, at);
    else events.push(eventOf(name, given, at));
  }
  return { loop, events };
}

function eventOf(key: string, value: Json, at: string): RtAppEvent {
  const kind = EVENTS.find((candidate) => key.startsWith(candidate));
  if (kind === 'run' || kind === 'runtime' || kind === 'sleep') return { kind, ns: asUs(value, at) };
  if (kind !== 'timer') return unknown(at);
  const timer = { kind, ns: 0, ref: '', isOwn: false, isAbsolute: false };
  for (const { name, value: given } of asObject(value, at).members) {
    if (name === 'period') timer.ns = asUs(given, `${at}.period`);
    else if (name === 'ref') timer.ref = asText(given, `${at}.ref`);
    else if (name === 'mode') timer.isAbsolute = asMode(given, `${at}.mode`);
    else unknown(`${at}.${name}`);
  }
  if (timer.ns === 0) throw new RangeError(`${at}.period: want µs above 0`);
  return { ...timer, isOwn: timer.ref.startsWith('unique') };
}

function place(line: number, ...path: readonly string[]): string {
  return `line ${line}: ${path.join('.')}`;
}

function refuse(at: string, value: Json, want: string): never {
  throw new RangeError(`${at} = ${value instanceof JsonObject ? 'a mapping' : JSON.stringify(value)}, want ${want}`);
}

function unknown(at: string): never {
  throw new RangeError(`${at}: not simulated yet`);
}

function asObject(value: Json, at: string): JsonObject {
  return value instanceof JsonObject ? value : refuse(at, value, 'a mapping');
}

function asText(value: Json, at: string): string {
  return typeof value === 'string' && value !== '' ? value : refuse(at, value, 'a text');
}

function asWhole(value: Json, at: string, min: number, max: number): number {
  const isSound = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
  return isSound ? value : refuse(at, value, `a whole number from ${min} to ${max}`);
}

function asUs(value: Json, at: string): number {
  return asWhole(value, at, 0, MOST_US) * NS_PER_US;
}

function asLoop(value: Json, at: string): number {
  const loop = asWhole(value, at, -1, 1e9);
  return loop === 0 ? refuse(at, value, '-1 for ever, or 1 and more') : loop;
}

function asCpus(value: Json, at: string): number[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) refuse(at, value, 'a list of CPUs');
  return list.map((cpu) => asWhole(cpu, at, 0, 65_535));
}

function asPolicy(value: Json, at: string): void {
  if (value !== 'SCHED_OTHER') refuse(at, value, 'SCHED_OTHER, the others are not simulated yet');
}

function asMode(value: Json, at: string): boolean {
  if (value !== 'relative' && value !== 'absolute') refuse(at, value, 'relative or absolute');
  return value === 'absolute';
}
