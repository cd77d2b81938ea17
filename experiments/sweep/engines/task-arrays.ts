/** What one task of an engine runs one after the other: indices of the manifest. */
export type Task = readonly number[];

/** The indices in their order, `runsPerTask` to a task; the last may have fewer. */
export function tasksOf(indices: readonly number[], runsPerTask: number): Task[] {
  return slices(indices, runsPerTask);
}

/** Tasks in job arrays of at most `maxArraySize`, which is one more than the greatest task number that Slurm takes. */
export function arraysOf(tasks: readonly Task[], maxArraySize: number): Task[][] {
  return slices(tasks, maxArraySize);
}

/** One line a task, as sweep exec takes indices; a job finds its own by number. */
export function tasksText(tasks: readonly Task[]): string {
  return tasks.map((task) => `${task.join(',')}\n`).join('');
}

export function readTasks(text: string): Task[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(',').map(Number));
}

function slices<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
