import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jobScript } from '../../../../experiments/sweep/engines/job-script.ts';
import { sbatchArguments } from '../../../../experiments/sweep/engines/slurm.ts';

/** A folder that any careless quoting would break, or run. */
const HOSTILE = `a b'c"d $(touch injected) \`touch injected\` %A {} ;&|*`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'numalab-job-script-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/**
 * Runs the script as Slurm would run one task, with a numalab that writes its arguments down and ends run i with `codes[i]` (a negative
 * one kills itself by that signal), and a scontrol that writes its arguments down too.
 */
function runTask(task: number, codes: Readonly<Record<number, number>>, restarts = 0, scontrolCode = 0) {
  const folder = join(root, HOSTILE);
  mkdirSync(join(folder, 'slurm'), { recursive: true });
  writeFileSync(join(folder, 'slurm', 'numalab-0.tasks'), '3 5\n8\n13 21 34\n');
  const numalab = join(root, "numa'lab");
  const lines = Object.entries(codes).map(([index, code]) => `[ "$6" != ${index} ] || ${code < 0 ? `kill ${code} $$` : `exit ${code}`}\n`);
  program(numalab, `printf '%s\\n' "$@" >>"$CALLS"\n${lines.join('')}`);
  program(join(root, 'scontrol'), `echo "scontrol $*" >>"$CALLS"\nexit ${scontrolCode}`);
  writeFileSync(join(root, 'job.sh'), jobScript(folder, [numalab, '--flag with space']));
  const calls = join(root, 'calls');
  writeFileSync(calls, '');
  const { status, stderr } = spawnSync('bash', [join(root, 'job.sh'), 'numalab-0'], {
    encoding: 'utf8',
    cwd: root,
    env: {
      PATH: `${root}:${process.env.PATH}`,
      CALLS: calls,
      SLURM_ARRAY_JOB_ID: '17',
      SLURM_ARRAY_TASK_ID: String(task),
      SLURMD_NODENAME: 'n2',
      ...(restarts === 0 ? {} : { SLURM_RESTART_COUNT: String(restarts) }),
    },
  });
  const call = (index: number): string => `--flag with space\nsweep\nexec\n${folder}\n--index\n${index}\n`;
  expect(existsSync(join(root, 'injected'))).toBe(false);
  return { status, stderr, calls: readFileSync(calls, 'utf8'), call };
}

function program(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

test('task 2 runs the three indices of the third line, in a folder whose name is a trap', () => {
  const { status, calls, call } = runTask(2, {});
  expect(calls).toBe(call(13) + call(21) + call(34));
  expect(status).toBe(0);
});

test('a run that asks to be tried again puts its own task, and no other, into the queue again after the others have run', () => {
  const { status, calls, call, stderr } = runTask(0, { 3: 75 });
  expect(calls).toBe(`${call(3)}${call(5)}scontrol requeue 17_0\n`);
  expect(stderr).toContain('task 17_0 on n2, 0 restarts: to run again: run 3 asks for it');
  expect(status).toBe(0);
});

test('a killed run is run again, up to three times; then the task ends with 75', () => {
  expect(runTask(1, { 8: -9 }, 2).calls).toContain('scontrol requeue 17_1');
  const fourth = runTask(1, { 8: -9 }, 3);
  expect(fourth.calls).toBe(fourth.call(8));
  expect(fourth.stderr).toContain('3 restarts: to run again: run 8 was killed by signal 9');
  expect(fourth.status).toBe(75);
});

test('without an answer from Slurm the task ends with 75, which a cluster may know by RequeueExit', () => {
  expect(runTask(1, { 8: 75 }, 0, 1).status).toBe(75);
});

test.each([
  ['fails', { 13: 2 }, 2],
  ['finds the disk full', { 21: 3 }, 3],
])('a run that %s is not run again, and the rest of its task is run', (_, codes, code) => {
  const { status, calls, call } = runTask(2, codes);
  expect(calls).toBe(call(13) + call(21) + call(34));
  expect(status).toBe(code);
});

test.each([130, 143])('a run that was asked to stop (%i) stops its task for good', (code) => {
  const { status, calls, call } = runTask(2, { 13: code });
  expect(calls).toBe(call(13));
  expect(status).toBe(code);
});

test('a folder that is not there yet on this node is a reason to try again', () => {
  const { status, calls, stderr } = runTask(3, {});
  expect(calls).toBe('scontrol requeue 17_3\n');
  expect(stderr).toContain('slurm/numalab-0.tasks cannot be read');
  expect(status).toBe(0);
});

test('sbatch is told everything in its arguments, the log with its % doubled', () => {
  const wishes = { numalab: ['node', 'main.js'], runsPerTask: 4, tasksAtOnce: 6, options: ['--partition=main'] };
  expect(sbatchArguments('/a %A/b', 'numalab-0', 12, wishes)).toEqual([
    '--parsable',
    '--requeue',
    '--open-mode=append',
    '--job-name=numalab-0',
    '--array=0-11%6',
    '--chdir=/a %A/b',
    '--output=/a %%A/b/slurm/logs/%A_%a.out',
    '--partition=main',
    '/a %A/b/slurm/job.sh',
    'numalab-0',
  ]);
});
