import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { eventually, execProcesses, numalab } from '../processes.ts';
import { type Cluster, startCluster, whyNoCluster } from '../slurm/cluster.ts';

/** Twelve runs, each of less than a second. */
const PLAN = `machine: opteron-6164-4s
workload: kernbench:jobs=60,j=4
vcpus: 4
grid:
  policy: [kvm-unpinned, apart]
  guests: [3, 7]
  seed: [1, 2, 3]
`;

const obstacle = whyNoCluster();
if (obstacle !== null) process.stdout.write(`Slurm is not tested: ${obstacle}\n`);

describe.skipIf(obstacle !== null)('a sweep of twelve runs over a Slurm of two nodes that takes arrays of five', () => {
  let root: string;
  let plan: string;
  let sweep: string;
  let slurm: Cluster;
  let jobs: readonly string[];
  const measured: string[] = [];
  const status = async () => JSON.parse((await slurm.numalab(['sweep', 'status', sweep, '--json'])).out) as Record<string, unknown>;
  const runOnSlurm = (...flags: readonly string[]) => slurm.numalab(['sweep', 'run', plan, '--out', sweep, '--engine', 'slurm', ...flags]);
  const tasksInQueue = async () => (await slurm.slurm('squeue', ['--noheader', '--array'])).out.split('\n').length - 1;
  /** [index] of all that logs say, those of requeued tasks included. */
  const logLines = (): string[] => {
    const logs = join(sweep, 'slurm', 'logs');
    return readdirSync(logs).flatMap((name) => readFileSync(join(logs, name), 'utf8').split('\n'));
  };
  const taskAt = (node: string, notOf?: string) =>
    execProcesses(sweep).find(({ words, environment }) => environment.SLURMD_NODENAME === node && words.at(-1) !== notOf);

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'numalab-slurm-'));
    plan = join(root, 'plan.yaml');
    sweep = join(root, `it's 100%A "$(touch injected)"`);
    writeFileSync(plan, PLAN);
    slurm = await startCluster({ MAX_ARRAY_SIZE: '5', SLURMD_TIMEOUT_S: '5' });
  });
  afterAll(async () => {
    await slurm?.stop();
    rmSync(root, { recursive: true, force: true });
    for (const line of measured) process.stdout.write(`${line}\n`);
  });

  test('it is submitted in three arrays and returns at once, with what to do next', async () => {
    const { code, err } = await runOnSlurm('--slurm=--partition=main --time=10 --hold');
    const [, ids] = /submitted: 12 runs in 12 tasks of 3 jobs: (\d+ \d+ \d+)\n/.exec(err) ?? [];
    jobs = ids?.split(' ') ?? [];
    expect(err).toContain('numalab sweep status');
    expect(code).toBe(0);
    expect(await status()).toMatchObject({ runs: 12, slurm: { running: 0, queued: 12, reasons: { JobHeldUser: 12 }, lost: [], jobs } });
  });

  test('the same again submits nothing of what is in the queue', async () => {
    const { code, err } = await runOnSlurm();
    expect(err).toContain('nothing to submit');
    expect(code).toBe(0);
    expect(await tasksInQueue()).toBe(12);
    expect(await status()).toMatchObject({ slurm: { queued: 12, lost: [], jobs } });
    for (const job of jobs) expect((await slurm.slurm('scontrol', ['release', job])).code).toBe(0);
  });

  test('a killed run is run again by its task, and what ran on a node that crashed on the other node', async () => {
    const killed = await eventually('a run on n1', () => taskAt('n1'));
    process.kill(killed.pid, 'SIGKILL');
    const killedMs = performance.now();
    const { SLURM_ARRAY_JOB_ID: job, SLURM_ARRAY_TASK_ID: task } = killed.environment as Record<string, string>;
    expect(killed.environment.SLURM_RESTART_COUNT).toBeUndefined();

    const victim = await eventually('another run on n2', () => taskAt('n2', killed.words.at(-1)));
    process.kill(victim.pid, 'SIGSTOP'); // it cannot end before its node does
    await slurm.crash('n2');
    const crashedMs = performance.now();

    const wait = runOnSlurm('--wait');
    const isAgain = (indices: string) => () => execProcesses(sweep).find(({ words }) => words.at(-1) === indices);
    const again = await eventually('the killed run again', isAgain(killed.words.at(-1)!));
    measured.push(`a killed run began again after ${((performance.now() - killedMs) / 1000).toFixed(1)} s`);
    expect(again.environment).toMatchObject({ SLURM_ARRAY_JOB_ID: job, SLURM_ARRAY_TASK_ID: task, SLURM_RESTART_COUNT: '1' });
    const elsewhere = await eventually('the run of the crashed node', isAgain(victim.words.at(-1)!));
    measured.push(
      `the run of a crashed node began again after ${((performance.now() - crashedMs) / 1000).toFixed(1)} s (SlurmdTimeout 5 s)`,
    );
    expect(elsewhere.environment).toMatchObject({ SLURMD_NODENAME: 'n1', SLURM_RESTART_COUNT: '1' });

    const { code, out } = await wait;
    expect(out).toContain('12 runs: 12 done');
    expect(code).toBe(0);
    await slurm.startNode('n2');
  });

  test('nothing is lost and nothing twice: each run was kept once, and its bytes are those of a sweep of this process', async () => {
    const kept = logLines().filter((line) => /^run \d+: /.test(line));
    expect(kept.sort()).toEqual(Array.from({ length: 12 }, (_, index) => `run ${index}: ok`).sort());
    const here = join(root, 'here');
    expect((await numalab(['sweep', 'run', plan, '--out', here])).code).toBe(0);
    expect(bytesOf(sweep)).toEqual(bytesOf(here));
    expect(existsSync('injected') || existsSync(join(root, 'injected')) || existsSync(join(sweep, 'injected'))).toBe(false);
    expect(await status()).toMatchObject({ done: 12, different: 0, slurm: { running: 0, queued: 0, lost: [] } });
  });

  test('what is lost or damaged is told, and alone is submitted again; a result that cannot be kept is tried again', async () => {
    const whole = bytesOf(sweep);
    const folder = SweepFolder.open(sweep);
    rmSync(folder.resultFile(4));
    const damaged = readFileSync(folder.resultFile(9));
    damaged[damaged.length >> 1]! ^= 1;
    writeFileSync(folder.resultFile(9), damaged);
    expect(await status()).toMatchObject({ done: 10, missing: 1, damaged: 1, slurm: { queued: 0, lost: [4, 9], jobs: [] } });
    const { out } = await slurm.numalab(['sweep', 'status', sweep]);
    expect(out).toContain('lost: 2 runs, in no queue and without a sound result');

    expect((await runOnSlurm('--chunk', '2')).err).toContain('submitted: 2 runs in 1 task of 1 job: ');
    const { pid } = await eventually('the task of both', () => execProcesses(sweep)[0]);
    await eventually('the result of run 4', () => existsSync(folder.resultFile(4)));
    process.kill(pid, 'SIGSTOP'); // in the middle of run 9
    const runs = join(sweep, 'runs');
    renameSync(runs, `${runs}-away`);
    writeFileSync(runs, 'a file where the folder of the results should be');
    process.kill(pid, 'SIGCONT');
    await eventually('exit 75', () => logLines().find((line) => line.includes('is to run again: runs 4,9: exit 75')));
    rmSync(runs);
    renameSync(`${runs}-away`, runs);

    expect((await runOnSlurm('--wait')).code).toBe(0);
    expect(bytesOf(sweep)).toEqual(new Map([...whole, [`${folder.manifest.runs[9]!.id}.json.damaged`, damaged.toString()]]));
  });
});

function bytesOf(sweep: string): Map<string, string> {
  const runs = join(sweep, 'runs');
  return new Map(readdirSync(runs).map((name) => [name, readFileSync(join(runs, name), 'utf8')]));
}
