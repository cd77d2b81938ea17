import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InputError } from '../../../../experiments/input-error.ts';
import type { RunResult } from '../../../../experiments/run-result.ts';
import type { SweepWork } from '../../../../experiments/sweep/engine.ts';
import { ProgramError } from '../../../../experiments/failures.ts';
import { slurmEngine, startOnSlurm } from '../../../../experiments/sweep/engines/slurm.ts';
import { submittedArrays, tasksOfArray } from '../../../../experiments/sweep/engines/slurm-jobs.ts';
import type { Manifest } from '../../../../experiments/sweep/manifest.ts';
import { SweepFolder } from '../../../../experiments/sweep/sweep-folder.ts';

/**
 * Stand-ins for Slurm's programs, for what the real one does not do on demand: refuse, lose an answer, not answer. Jobs are files in
 * queue/; sbatch writes one by the name of its job and answers the count, after having noted what was written down before it.
 */
const PROGRAMS = {
  scontrol: `echo "MaxArraySize            = $(cat "$FAKE/most")"`,
  squeue: `[ ! -e "$FAKE/silent" ] || { echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1; }
cat "$FAKE"/queue/* 2>/dev/null || true`,
  sbatch: `for word; do case $word in --job-name=*) name=\${word#--job-name=} ;; --array=0-*) last=\${word#--array=0-} ;; esac; done
printf '%s\\n' "$@" >"$FAKE/sbatch.words"
cp "$(dirname "$(tail -n 2 "$FAKE/sbatch.words" | head -n 1)")/jobs.json" "$FAKE/jobs-before.json"
count=$(ls "$FAKE/queue" | wc -l)
[ "$count" -lt "$(cat "$FAKE/room")" ] || { echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2; exit 1; }
for task in $(seq 0 "$last"); do echo "$name|$((count + 1))|$task|PENDING|Priority"; done >"$FAKE/queue/$name"
[ ! -e "$FAKE/forgetful" ] || { echo "sbatch: error: Socket timed out" >&2; exit 1; }
echo $((count + 1))`,
};

let root: string;
let path: string | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'numalab-slurm-'));
  mkdirSync(join(root, 'queue'));
  for (const [name, text] of Object.entries(PROGRAMS)) {
    writeFileSync(join(root, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(root, name), 0o755);
  }
  set('most', '4');
  set('room', '99');
  path = process.env.PATH;
  process.env.PATH = `${root}:${path}`;
  process.env.FAKE = root;
});
afterEach(() => {
  process.env.PATH = path;
  delete process.env.FAKE;
  rmSync(root, { recursive: true, force: true });
});

function set(name: string, text: string): void {
  writeFileSync(join(root, name), text);
}

/** A folder of `count` runs of which none is done. */
function sweepOf(count: number): SweepFolder {
  const runs = Array.from({ length: count }, (_, index) => ({ id: index.toString(16).padStart(64, '0'), words: {} }));
  return SweepFolder.create(join(root, 'sweep'), { runs } as unknown as Manifest, new Map());
}

const resultOf = (index: number): RunResult => ({ schemaVersion: 1, status: 'ok', index }) as unknown as RunResult;

function workOn(folder: SweepFolder, flags: Record<string, string> = {}, switches: string[] = []) {
  const said: string[] = [];
  const failed: number[] = [];
  const missing = folder.manifest.runs.flatMap((_, index) => (folder.stateOf(index) === 'done' ? [] : [index]));
  const work = { folder, missing, flags, switches: new Set(switches), isIsolated: false, stop: new AbortController().signal };
  const tell = { say: (line: string) => said.push(line), failed: (index: number) => failed.push(index), done: () => {}, log: () => {} };
  return { said, failed, work: { ...work, ...tell, version: '1.2.3' } as unknown as SweepWork };
}

const indicesIn = (folder: SweepFolder): number[][][] =>
  submittedArrays(folder.path).map(({ name }) => tasksOfArray(folder.path, name).map((task) => [...task]));

test('eleven runs at two a task, where arrays have at most four, are six tasks in two arrays, each written down before it is submitted', async () => {
  const folder = sweepOf(11);
  const { work, said } = workOn(folder, { chunk: '2', workers: '3', slurm: '--time=10' });
  expect(await slurmEngine.start(work)).toBe('elsewhere');
  expect(said[0]).toBe('submitted: 11 runs in 6 tasks of 2 jobs: 1 2');
  expect(indicesIn(folder)).toEqual([
    [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ],
    [[8, 9], [10]],
  ]);
  const words = readFileSync(join(root, 'sbatch.words'), 'utf8').split('\n');
  expect(words).toContain('--array=0-1%3');
  expect(words).toContain('--time=10');
  const before = JSON.parse(readFileSync(join(root, 'jobs-before.json'), 'utf8')) as { arrays: { jobId: string | null }[] };
  expect(before.arrays.map(({ jobId }) => jobId)).toEqual(['1', null]);
});

test('what is in the queue is not submitted again, also when the answer of sbatch was lost', async () => {
  const folder = sweepOf(3);
  set('forgetful', '');
  await expect(slurmEngine.start(workOn(folder).work)).rejects.toThrow(new ProgramError('sbatch: sbatch: error: Socket timed out'));
  rmSync(join(root, 'forgetful'));
  const again = workOn(folder);
  expect(await slurmEngine.start(again.work)).toBe('elsewhere');
  expect(again.said.slice(0, 2)).toEqual(['in the queue already: 3 of the runs to do', 'nothing to submit']);
  expect(readdirSync(join(root, 'queue'))).toHaveLength(1);
});

test('a run that has a result by now, and one that is in the queue, are left out of what is submitted', async () => {
  const folder = sweepOf(5);
  set('room', '1');
  set('most', '2');
  const first = slurmEngine.start(workOn(folder).work); // takes runs 0 and 1, then no more
  await expect(first).rejects.toThrow(/QOSMaxSubmitJobPerUserLimit; the rest is not submitted: give the same command again/);
  set('room', '99');
  const { work } = workOn(folder);
  folder.put(3, resultOf(3));
  expect(await slurmEngine.start(work)).toBe('elsewhere');
  expect(indicesIn(folder).slice(2)).toEqual([[[2], [4]]]); // after what was taken, and what was refused
});

test('without an answer from squeue nothing is submitted', async () => {
  const folder = sweepOf(3);
  await slurmEngine.start(workOn(folder).work);
  set('silent', '');
  await expect(slurmEngine.start(workOn(folder).work)).rejects.toThrow(
    new ProgramError('squeue: slurm_load_jobs error: Unable to contact slurm controller'),
  );
  expect(readdirSync(join(root, 'queue'))).toHaveLength(1);
});

test('a list of jobs that is damaged is not taken for an empty one', async () => {
  const folder = sweepOf(3);
  await slurmEngine.start(workOn(folder).work);
  writeFileSync(join(folder.path, 'slurm', 'jobs.json'), '{"arrays": [');
  await expect(slurmEngine.start(workOn(folder).work)).rejects.toThrow(InputError);
});

test('--wait tells of each result as it comes, submits the rest when there is room again, and tells of what was lost', async () => {
  const folder = sweepOf(6);
  set('room', '1');
  const { work, failed } = workOn(folder, {}, ['wait']);
  const told: number[] = [];
  // The queue: of an array in it, every run but 5 gets a result; then the array is gone.
  const serve = setInterval(() => {
    for (const name of readdirSync(join(root, 'queue'))) {
      for (const index of tasksOfArray(folder.path, name).flat()) {
        if (index !== 5) folder.put(index, resultOf(index));
      }
      rmSync(join(root, 'queue', name));
    }
  }, 150);
  try {
    expect(await startOnSlurm({ ...work, done: (index) => told.push(index) }, { firstMs: 50, longestMs: 100, lateMs: [20, 20] })).toBe(
      'tried',
    );
  } finally {
    clearInterval(serve);
  }
  expect(told).toEqual([0, 1, 2, 3, 4]);
  expect(failed).toEqual([5]);
}, 60_000);

test('--wait that is stopped leaves the jobs where they are', async () => {
  const folder = sweepOf(2);
  const { work, said } = workOn(folder, {}, ['wait']);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  expect(await slurmEngine.start({ ...work, stop: stop.signal })).toBe('stopped');
  expect(said).toContain('what was submitted stays in the queue');
  expect(readdirSync(join(root, 'queue'))).toHaveLength(1);
});

test('a folder whose name Slurm would read in its own way is refused before anything is written', async () => {
  const folder = SweepFolder.create(join(root, 'a\\b'), { runs: [{ id: '0'.repeat(64), words: {} }] } as unknown as Manifest, new Map());
  await expect(slurmEngine.start(workOn(folder).work)).rejects.toThrow(/has a backslash or control character/);
  expect(existsSync(join(folder.path, 'slurm'))).toBe(false);
});
