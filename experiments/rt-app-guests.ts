import { readRtApp, type RtAppEvent, type RtAppFile, type RtAppTask } from '../formats/rt-app.ts';
import type { WorkloadEntry } from '../sim/workload-api.ts';
import { scripted, type Script, type ScriptStep, type Timers } from '../workloads/script.ts';
import type { FileWorkload } from './file-words.ts';

/** A thread of rt-app has no memory to speak of; this is the least a guest can have. */
const MEMORY = '64MiB';

/** Each thread of the file is a bare process with the thread's nice value and CPUs. */
export const rtApp: FileWorkload = {
  prefix: 'rt-app',
  expand(name, text) {
    const file = readRtApp(text);
    refuseUnknown(file);
    const threads = threadsOf(file);
    const timers = new Float64Array(new Set(threads.flatMap(({ timers: own }) => own)).size);
    return {
      words: {
        ...(file.durationNs === null ? {} : { duration: `${file.durationNs}ns` }),
        guests: threads.map(({ name: thread, task }) => ({
          name: thread,
          kind: 'bare',
          vcpus: '1',
          memory: MEMORY,
          boot: '0',
          nice: String(task.settings.priority),
          ...(task.settings.cpus ? { cpus: task.settings.cpus.join(',') } : {}),
        })),
      },
      programs: programsOf(threads, `rt-app:${baseName(name)}`, timers),
    };
  },
};

/** What the file may say and is not made into a program yet. */
function refuseUnknown({ tasks, unsimulated }: RtAppFile): void {
  if (unsimulated.length > 0) throw new RangeError(unsimulated[0]);
  for (const { name, settings, phases } of tasks) {
    if ([settings.membindNodes, settings.sliceNs].some((said) => said !== null)) throw new RangeError(`tasks.${name}: nodes_membind or dl-runtime, not simulated yet`); // prettier-ignore
    const isPhaseOwn = phases.some((phase) => Object.values(phase.settings).some((said) => said !== null));
    if (isPhaseOwn) throw new RangeError(`tasks.${name}: settings of a phase, not simulated yet`);
  }
}

interface Thread {
  readonly name: string;
  readonly task: RtAppTask;
  /** Its timers by the names that threads of the file share. */
  readonly timers: readonly string[];
}

/** Instances are named as rt-app names its threads: web-0, web-1, ... */
function threadsOf({ tasks }: RtAppFile): Thread[] {
  return tasks.flatMap((task) =>
    Array.from({ length: task.instances }, (_, i): Thread => {
      const name = guestName(task.instances === 1 ? task.name : `${task.name}-${i}`);
      const events = task.phases.flatMap((phase) => phase.events);
      return { name, task, timers: events.flatMap((event) => (event.kind === 'timer' ? [timerName(name, event)] : [])) };
    }),
  );
}

const timerName = (thread: string, { ref, isOwn }: RtAppEvent & { kind: 'timer' }): string => (isOwn ? `${thread}/${ref}` : ref);

function programsOf(threads: readonly Thread[], label: string, timers: Timers): WorkloadEntry[] {
  const names = [...new Set(threads.flatMap((thread) => thread.timers))];
  return threads.map(({ name, task }) => {
    const step = (event: RtAppEvent): ScriptStep => {
      if (event.kind === 'timer')
        return { kind: 'timer', ns: event.ns, timer: names.indexOf(timerName(name, event)), isAbsolute: event.isAbsolute };
      if (event.kind === 'run' || event.kind === 'sleep') return { kind: event.kind, ns: event.ns };
      if (event.kind === 'runtime') return { kind: 'wall', ns: event.ns };
      throw new RangeError(`line ${event.line}, column ${event.column}: ${event.key}: not simulated yet`);
    };
    const script: Script = {
      delayNs: task.delayNs,
      loop: task.loop,
      parts: task.phases.map(({ loop, events }) => ({ loop, steps: events.map(step) })),
    };
    return scripted(label, `task ${task.name} of an rt-app file`, script, timers);
  });
}

function baseName(path: string): string {
  return path.split('/').pop()!;
}

function guestName(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9._-]/g, '-').replace(/^[^a-z0-9]+/, ''); // prettier-ignore
}
