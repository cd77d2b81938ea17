import { expect, test } from 'vitest';
import { ProgramError } from '../../../../experiments/failures.ts';
import { placesOf } from '../../../../experiments/sweep/engines/slurm-jobs.ts';
import { type QueuedTask, readSqueue } from '../../../../experiments/sweep/engines/slurm-queue.ts';
import { queueStatus } from '../../../../experiments/sweep/engines/slurm-status.ts';

/** As squeue of Slurm 22.05 wrote it, and what its manual says can also stand there. */
const SQUEUE_TEXT = `numalab-0123456789ab|17|2|PENDING|Resources
numalab-0123456789ab|17|3|PENDING|(null)
numalab-0123456789ab|17|0|RUNNING|None
numalab-0123456789ab|17|1|COMPLETING|None
numalab-ba9876543210|21|0|REQUEUE_HOLD|launch failed requeued held
numalab-ba9876543210|21|1|TIMEOUT|TimeLimit
numalab-ba9876543210|21|2|SUSPENDED|None
`;

test('a task of squeue waits, or runs, or is no longer there', () => {
  expect(readSqueue(SQUEUE_TEXT).map(({ id, place, reason }) => [id, place, reason])).toEqual([
    ['17_2', 'queued', 'Resources'],
    ['17_3', 'queued', '(null)'],
    ['17_0', 'running', 'None'],
    ['17_1', 'running', 'None'],
    ['21_0', 'queued', 'launch failed requeued held'],
    ['21_2', 'running', 'None'],
  ]);
  expect(readSqueue('')).toEqual([]);
});

test.each(['slurm_load_jobs error: Unable to contact slurm controller', 'numalab-0123456789ab|17|0-3|PENDING|None', 'a|1|2|3'])(
  'squeue that says %j is not guessed at',
  (line) => {
    expect(() => readSqueue(`${line}\n`)).toThrow(ProgramError);
  },
);

test('a run is where its task is, by the array that was submitted for it', () => {
  const tasks = new Map([
    ['numalab-0123456789ab', [[4, 5], [6], [9, 11], [12]]],
    ['numalab-ba9876543210', [[20], [21], [12, 22]]],
  ]);
  const places = placesOf(readSqueue(SQUEUE_TEXT), tasks);
  expect([...places].map(([index, { id, place }]) => [index, id, place])).toEqual([
    [9, '17_2', 'queued'],
    [11, '17_2', 'queued'],
    [12, '21_2', 'running'], // in the queue twice: the one that runs counts
    [4, '17_0', 'running'],
    [5, '17_0', 'running'],
    [6, '17_1', 'running'],
    [20, '21_0', 'queued'],
    [22, '21_2', 'running'],
  ]);
});

test('results that are there win over the queue; what is in neither is lost if it ever was submitted', () => {
  const queued = (id: string, place: QueuedTask['place'], reason: string): QueuedTask => ({ name: 'n', id, task: 0, place, reason });
  const queue = new Map([
    [0, queued('17_0', 'running', 'None')],
    [1, queued('17_0', 'running', 'None')],
    [3, queued('17_3', 'queued', 'Resources')],
    [4, queued('9_0', 'queued', 'JobHeldUser')],
    [5, queued('21_1', 'queued', 'Resources')],
  ]);
  const ok = { state: 'done', ending: 'ok' } as const;
  const [missing, damaged] = [{ state: 'missing' }, { state: 'damaged' }] as const;
  const survey = [ok, missing, missing, missing, damaged, missing, damaged, missing];
  expect(queueStatus(survey, queue, new Set([0, 1, 2, 3, 4, 5, 6]))).toEqual({
    running: 1,
    queued: 3,
    lost: [2, 6],
    reasons: { Resources: 2, JobHeldUser: 1 },
    jobs: ['9', '17', '21'],
  });
});
