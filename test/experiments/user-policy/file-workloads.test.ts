import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../../../experiments/input-error.ts';
import { loggedScenario } from '../../../experiments/rt-app/logged-scenario.ts';
import { readScenario } from '../../../experiments/scenario-input.ts';
import { evaluate } from '../../../experiments/user-policy/evaluate.ts';
import { GuardedRunner } from '../../../experiments/user-policy/guarded-runner.ts';
import { loadPolicy } from '../../../experiments/user-policy/load.ts';
import { LIMITS } from '../../../experiments/user-policy/seat.ts';
import { policyTemplate } from '../../../experiments/user-policy/template.ts';
import type { UserPolicy } from '../../../experiments/user-policy/user-policy.ts';
import { lopsided } from '../../../machines/lopsided.ts';
import { machines } from '../../../machines/index.ts';
import * as library from '../../../policies/library.ts';
import { policies } from '../../../policies/index.ts';
import { run } from '../../../sim/engine.ts';
import type { PolicyEntry } from '../../../sim/policy-api.ts';
import type { Scenario } from '../../../sim/scenario.ts';
import { workloads } from '../../../workloads/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'numalab-file-workloads-'));
const thread = new GuardedRunner();
const isolated = new GuardedRunner({ isIsolated: true });
let mine: UserPolicy;
/** The same policy, in this thread, with nothing between it and the engine. */
let trusted: PolicyEntry;

beforeAll(async () => {
  writeFileSync(join(folder, 'mine.ts'), policyTemplate('mine'));
  mine = await loadPolicy('./mine.ts', thread, folder);
  trusted = evaluate(mine.bundle.code, library, (code, parameters) => compileFunction(code, parameters) as never);
});
afterAll(async () => {
  await Promise.all([thread.close(), isolated.close()]);
  rmSync(folder, { recursive: true });
});

function scenarioOf(workload: string, text: string, flags: Record<string, string> = {}): Scenario {
  const source = { flags: { workload, machine: 'lopsided', policy: './mine.ts', ...flags }, read: () => ({ name: 'some/file', text }) };
  return readScenario(source, { machines: [...machines, lopsided], policies: [...policies, mine], workloads });
}

/** All that a thread compares by what it is, and not by what is in it, crosses threads here: lists of CPUs and of nodes. */
const rtApp = (runUs: number): string =>
  JSON.stringify({
    tasks: {
      web: { instance: 3, loop: 20, cpus: [0, 2, 3], phases: { near: { loop: 2, cpus: [2, 3], run: runUs, nodes_membind: [0] }, far: { cpus: [3, 2], memrun: { type: 'read', size: 300_000, count: 900_000 }, timer: { ref: 'unique', period: 2_100 } } } },
      a: { loop: 30, lock: 'm', run: 130, unlock: 'm', sem_post: 's', barrier: 'both', fork: 'kid' },
      b: { loop: 30, priority: 7, sem_wait: 's', lock: 'm', run: 170, unlock: 'm', barrier: 'both', sleep: 210 },
      kid: { instance: 0, loop: 1, run: 50, resume: 'idler' },
      idler: { loop: -1, suspend: 'idler', runtime: 90 },
    },
    global: { duration: 1 },
  }); // prettier-ignore
const switches = (sleepUs: number): string =>
  [0, 300, 300 + sleepUs, 900 + sleepUs, 1700 + sleepUs]
    .map((us, i) => {
      const [from, to, state] = i % 2 === 0 ? ['idle', 'web', 'R'] : ['web', 'idle', 'S'];
      const [prev, next] = [from, to].map((comm) => (comm === 'idle' ? ['swapper/0', 0] : ['web', 41]));
      return `${prev![0]} ${prev![1]} [000] 7.${String(us).padStart(6, '0')}: sched:sched_switch: prev_comm=${prev![0]} prev_pid=${prev![1]} prev_prio=120 prev_state=${state} ==> next_comm=${next![0]} next_pid=${next![1]} next_prio=120\n`;
    })
    .join('');
const counted = (misses: number): string =>
  `  40000000      instructions\n  70000000      cycles\n  900000      LLC-loads\n  ${misses}      LLC-load-misses\n\n   1.5 seconds time elapsed\n`;

describe.each([
  ['rt-app:some/file', rtApp(310), rtApp(370)],
  ['trace:some/file,loop=3', switches(500), switches(700)],
  ['perf-stat:some/file,threads=3,working-set=1MiB', counted(30_000), counted(50_000)],
])('%s under a policy of the user', (workload, text, other) => {
  test.each([
    ['thread', thread],
    ['process', isolated],
  ])('in a %s of its own runs as it would without a wall', async (_, runner) => {
    const scenario = scenarioOf(workload, text);
    const expected = run({ ...scenario, policy: trusted });
    const recording = await runner.run(scenario, true);
    expect(recording.status).toBe('ok');
    expect(recording.hash).toBe(expected.hash);
    expect(recording.guests).toEqual(expected.guests);
    const changed = await runner.run(scenarioOf(workload, other));
    expect(changed.hash).not.toBe(expected.hash); // the file matters
    expect(changed.hash).toBe(run({ ...scenarioOf(workload, other), policy: trusted }).hash);
  });

  test('is checked, and nothing is run', async () => {
    await expect(thread.check(scenarioOf(workload, text))).resolves.toBeUndefined();
  });
});

test.each([
  ['thread', thread],
  ['process', isolated],
])('the logs of an rt-app file come out of a %s of its own as they would without a wall', async (_, runner) => {
  const scenario = scenarioOf('rt-app:some/file', rtApp(310));
  const { scenario: logged, rows } = loggedScenario({ ...scenario, policy: trusted })!;
  const expected = run(logged);
  const { recording, logs } = await runner.log(scenario);
  expect(recording.hash).toBe(expected.hash);
  expect(logs!.logs.map(({ name }) => name)).toContain('rt-app-web-2.log');
  expect(logs).toEqual(rows.told());
});

test('what has no meaning ends the run as it does without a wall', async () => {
  const scenario = scenarioOf('rt-app:some/file', JSON.stringify({ tasks: { a: { loop: 1, run: 70, unlock: 'm' } } }));
  const expected = run({ ...scenario, policy: trusted });
  const recording = await thread.run(scenario);
  expect([recording.status, recording.message]).toEqual(['workload-error', expected.message]);
  expect(recording.message).toMatch(/unlocks m, which it does not hold/);
});

test('a program that could not be made again behind the wall is refused', async () => {
  const scenario = scenarioOf('rt-app:some/file', rtApp(310));
  const logged = loggedScenario(scenario)!.scenario;
  await expect(thread.run(logged)).rejects.toThrow(
    new InputError('workload = rt-app:file: does not go with a policy of your own, want one of workload list, or a file'),
  );
});

test('200,000 events fit beside a policy into 64 MiB: 160 bytes each as it comes over, and hardly more as a step', async () => {
  const tight = new GuardedRunner({ limits: { ...LIMITS, heapMb: 64 } });
  const text = `{"tasks": {"a": {"loop": 1, ${Array.from({ length: 200_000 }, (_, i) => `"run${i}": 3`).join()}}}}`;
  try {
    const { status, message } = await tight.run(scenarioOf('rt-app:some/file', text, { 'host-noise': '0' }));
    expect([status, message]).toEqual(['ok', null]);
  } finally {
    await tight.close();
  }
});

test('a file that does not fit beside a policy is told to be that, and the policy is not blamed', async () => {
  const small = new GuardedRunner({ limits: { ...LIMITS, heapMb: 24 } });
  const events = Array.from({ length: 200_000 }, (_, i) => `"run${i}": 3`).join();
  try {
    const { status, exit } = await small.run(scenarioOf('rt-app:some/file', `{"tasks": {"a": {"loop": 1, ${events}}}}`));
    expect([status, exit!.kind, exit!.hook]).toEqual(['policy-error', 'out-of-memory', 'none']);
    expect(exit!.message).toBe(
      'more than 24 MiB of heap before the policy began: its workload is from a file too large for a policy of your own',
    );
  } finally {
    await small.close();
  }
});

test('a policy that takes all memory as soon as it begins is told to be that, and its file is not blamed', async () => {
  const greedy = policyTemplate('mine').replace(
    '  make(options) {',
    '  make(options) {\n    for (const all: object[] = []; ; ) all.push([0.5]);',
  );
  writeFileSync(join(folder, 'greedy.ts'), greedy);
  const small = new GuardedRunner({ limits: { ...LIMITS, heapMb: 24 } });
  try {
    const policy = await loadPolicy('./greedy.ts', small, folder);
    const { exit } = await small.run({ ...scenarioOf('rt-app:some/file', rtApp(310)), policy });
    expect([exit!.kind, exit!.hook, exit!.message]).toEqual(['out-of-memory', 'make', 'more than 24 MiB of heap']);
  } finally {
    await small.close();
  }
});
