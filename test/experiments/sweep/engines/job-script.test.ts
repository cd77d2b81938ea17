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
 * Runs the script as Slurm would run one task, with a numalab that writes its arguments down and ends with `code` (by a signal for a
 * negative one), and a scontrol that writes its arguments down too.
 */
function runTask(task: number, { code = 0, restarts = 0, scontrol = 0 }) {
  const folder = join(root, HOSTILE);
  mkdirSync(join(folder, 'slurm'), { recursive: true });
  writeFileSync(join(folder, 'slurm', 'numalab-0.tasks'), '3,5\n8\n13,21,34\n');
  const numalab = join(root, "numa'lab");
  program(numalab, `printf '%s\\n' "$@" >>"$CALLS"\n${code < 0 ? `kill ${code} $$` : `exit ${code}`}`);
  program(join(root, 'scontrol'), `echo "scontrol $*" >>"$CALLS"\nexit ${scontrol}`);
  writeFileSync(join(root, 'job.sh'), jobScript(folder, [numalab, '--flag with space', folder, '--indices']));
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
  expect(existsSync(join(root, 'injected'))).toBe(false);
  return { status, stderr, calls: readFileSync(calls, 'utf8').replaceAll(folder, 'FOLDER') };
}

const call = (indices: string): string => `--flag with space\nFOLDER\n--indices\n${indices}\n`;

function program(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

test('task 2 runs the three indices of the third line, in a folder whose name is a trap', () => {
  expect(runTask(2, {})).toEqual({ status: 0, stderr: '', calls: call('13,21,34') });
});

test('a task that asks to be tried again puts itself, and no other, into the queue again', () => {
  const { status, calls, stderr } = runTask(0, { code: 75 });
  expect(calls).toBe(`${call('3,5')}scontrol requeue 17_0\n`);
  expect(stderr).toBe('numalab: task 17_0 on n2, 0 restarts, is to run again: runs 3,5: exit 75\n');
  expect(status).toBe(0);
});

test('a killed run is run again, up to three times; then the task ends with 75', () => {
  expect(runTask(1, { code: -9, restarts: 2 }).calls).toBe(`${call('8')}scontrol requeue 17_1\n`);
  const fourth = runTask(1, { code: -9, restarts: 3 });
  expect(fourth.calls).toBe(call('8'));
  expect(fourth.stderr).toContain('3 restarts, is to run again: runs 8: killed by signal 9');
  expect(fourth.status).toBe(75);
});

test('without an answer from Slurm the task ends with 75, which a cluster may know by RequeueExit', () => {
  expect(runTask(1, { code: 75, scontrol: 1 })).toMatchObject({ status: 75, calls: `${call('8')}scontrol requeue 17_1\n` });
});

test.each([1, 2, 3, 130, 143])('a task that ends with %i, having failed or been asked to stop, is not run again', (code) => {
  expect(runTask(2, { code })).toEqual({ status: code, stderr: '', calls: call('13,21,34') });
});

test('a folder that is not there yet on this node is a reason to try again', () => {
  const { status, calls, stderr } = runTask(3, {});
  expect(calls).toBe('scontrol requeue 17_3\n');
  expect(stderr).toContain('is to run again: slurm/numalab-0.tasks cannot be read');
  expect(status).toBe(0);
});

test('sbatch is told everything in its arguments, the log with its % doubled', () => {
  const wishes = { runsPerTask: 4, tasksAtOnce: 6, options: ['--partition=main'] };
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
