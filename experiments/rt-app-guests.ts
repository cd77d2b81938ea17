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
          nice: String(task.nice),
          ...(task.cpus ? { cpus: task.cpus.join(',') } : {}),
        })),
      },
      programs: programsOf(threads, `rt-app:${baseName(name)}`, timers),
    };
  },
};

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
    const step = (event: RtAppEvent): ScriptStep =>
      event.kind === 'timer'
        ? { kind: 'timer', ns: event.ns, timer: names.indexOf(timerName(name, event)), isAbsolute: event.isAbsolute }
        : { kind: event.kind === 'runtime' ? 'wall' : event.kind, ns: event.ns };
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
