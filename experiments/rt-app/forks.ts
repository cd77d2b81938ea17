import type { RtAppFile } from '../../formats/rt-app/file.ts';

/** rt-app ends with an error at the next fork of a task (FORKS_LIMIT, src/rt-app.c). */
export const MOST_FORKS = 1024;
/** Of a file, its forks included. */
export const MOST_THREADS = 4096;

/** [task] how many threads of it the file can fork at most: no thread is used twice. Endless forks end at rt-app's own limit. */
export function forkCounts({ tasks }: RtAppFile): number[] {
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
