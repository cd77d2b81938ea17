import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { absentPrograms, ended, eventually, execProcesses, numalab, startedNumalab } from '../processes.ts';
import { startSshServer } from '../ssh-server.ts';

/** Eight runs, each of less than a second. */
const PLAN = `machine: opteron-6164-4s
workload: kernbench:jobs=60,j=4
vcpus: 4
grid:
  policy: [kvm-unpinned, apart]
  guests: [3, 7]
  seed: [1, 2]
`;

const absent = absentPrograms(['parallel']);
const isGnu = absent.length === 0 && (await ended('parallel', ['--version'])).out.startsWith('GNU parallel');
if (!isGnu) process.stdout.write('GNU parallel is not tested: it is not installed (Debian: parallel)\n');

describe.skipIf(!isGnu)('a sweep of eight runs under GNU parallel', () => {
  let root: string;
  let plan: string;
  let expected: Map<string, string>;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'numalab-parallel-'));
    plan = join(root, 'plan.yaml');
    writeFileSync(plan, PLAN);
    const here = join(root, 'here');
    expect((await numalab(['sweep', 'run', plan, '--out', here])).code).toBe(0);
    expected = bytesOf(here);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('has the bytes of a sweep of this process, though one of its tasks was killed and its folder has a hostile name', async () => {
    const sweep = join(root, `it's 100% {} {1} {=die=} "$(touch ${join(root, 'injected')})"`);
    const run = numalab(['sweep', 'run', plan, '--out', sweep, '--engine', 'parallel', '--workers', '2']);
    const killed = await eventually('a run', () => execProcesses(sweep)[0]);
    process.kill(killed.pid, 'SIGKILL');
    const { code, out } = await run;
    expect(out).toContain('8 runs: 8 done');
    expect(code).toBe(0);
    expect(bytesOf(sweep)).toEqual(expected);
    expect(existsSync(join(root, 'injected'))).toBe(false);
    expect(
      readFileSync(join(sweep, 'parallel', 'joblog'), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(1 + 8);
    expect(readFileSync(join(sweep, 'parallel', 'messages.txt'), 'utf8')).toBe('');
  });

  test('is stopped by SIGTERM, and goes on with what is missing, three runs a task', async () => {
    const sweep = join(root, 'stopped');
    const stopped = startedNumalab(['sweep', 'run', plan, '--out', sweep, '--engine', 'parallel', '--workers', '1']);
    const runs = join(sweep, 'runs');
    await eventually('a result', () => existsSync(runs) && readdirSync(runs).some((name) => name.endsWith('.json')));
    process.kill(stopped.pid, 'SIGTERM');
    const { code, err } = await stopped.ended;
    expect(err).toContain('stopped; what was finished is kept');
    expect(code).toBe(143);
    expect(execProcesses(sweep)).toEqual([]);
    const kept = bytesOf(sweep).size;
    expect(kept).toBeLessThan(8);

    expect((await numalab(['sweep', 'run', sweep, '--engine', 'parallel', '--chunk', '3'])).code).toBe(0);
    const list = readFileSync(join(sweep, 'parallel', 'joblist'), 'utf8')
      .trim()
      .split('\n');
    expect(list).toHaveLength(Math.ceil((8 - kept) / 3));
    expect(bytesOf(sweep)).toEqual(expected);
  });

  test('runs over ssh, on two hosts that are both this machine', async ({ skip }) => {
    const server = await startSshServer(join(root, 'ssh'));
    if (typeof server === 'string') {
      process.stdout.write(`GNU parallel over ssh is not tested: ${server}\n`);
      skip();
      return;
    }
    try {
      const sweep = join(root, 'over ssh');
      const run = numalab(['sweep', 'run', plan, '--out', sweep, '--engine', 'parallel', '--hosts', '1/lab1,1/lab2'], server.environment);
      const killed = await eventually('a run', () => execProcesses(sweep)[0]);
      expect(killed.environment.SSH_CONNECTION).toContain('127.0.0.1');
      process.kill(killed.pid, 'SIGKILL');
      expect((await run).code).toBe(0);
      expect(bytesOf(sweep)).toEqual(expected);
      const log = readFileSync(join(sweep, 'parallel', 'joblog'), 'utf8')
        .trim()
        .split('\n');
      expect(new Set(log.slice(1).map((line) => line.split('\t')[1]))).toEqual(new Set(['lab1', 'lab2']));
    } finally {
      server.stop();
    }
  });
});

function bytesOf(sweep: string): Map<string, string> {
  const runs = join(sweep, 'runs');
  return new Map(readdirSync(runs).map((name) => [name, readFileSync(join(runs, name), 'utf8')]));
}
