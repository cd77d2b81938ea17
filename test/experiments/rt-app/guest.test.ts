import { describe, expect, test } from 'vitest';
import { InputError } from '../../../experiments/input-error.ts';
import { readScenario } from '../../../experiments/scenario-input.ts';
import { machines } from '../../../machines/index.ts';
import { policies } from '../../../policies/index.ts';
import { run } from '../../../sim/engine.ts';
import type { Scenario } from '../../../sim/scenario.ts';
import { workloads } from '../../../workloads/index.ts';
import { setupOf } from '../../workloads/fake-guest.ts';

const registries = { machines, policies, workloads };
const FILE = {
  tasks: {
    Hog: { instance: 2, run: 10_000, cpus: [1] },
    low: { run: 10_000, priority: 5, cpus: [1, 0] },
    tick: { delay: 300, run: 1000, timer: { ref: 'unique', period: 10_000 } },
  },
  global: { duration: 2 },
};
const read = (): { name: string; text: string } => ({ name: 'some/mix.json', text: JSON.stringify(FILE) });
const scenarioOf = (flags: Record<string, string> = {}): Scenario =>
  readScenario(
    { flags: { machine: 'vm-2cpu', policy: 'kvm-eevdf', 'host-noise': '0', workload: 'rt-app:mix.json', ...flags }, read },
    registries,
  );

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('accepted');
}

describe('an rt-app file as a workload', () => {
  test('is one process, named after the file, with a vCPU for each thread, for as long as the file says', () => {
    const { guests, durationNs } = scenarioOf();
    expect(guests.map(({ name, kind, vcpus, memoryBytes, bootShare }) => [name, kind, vcpus, memoryBytes, bootShare])).toEqual([
      ['mix', 'bare', 4, 64 * 1024 ** 2, 0],
    ]);
    expect(durationNs).toBe(2_000_000_000);
    expect(scenarioOf({ duration: '1s' }).durationNs).toBe(1_000_000_000);
  });

  test("has threads by rt-app's names, with the weight of their nice values and their CPUs", () => {
    const { workload, options } = scenarioOf().guests[0]!;
    const { threads } = workload.build(options, setupOf({ vcpus: 4 }));
    expect(threads!.map(({ name, weight, cpus }) => [name, (weight * 1024) / 100, cpus])).toEqual([
      ['Hog-0', 1024, [1]],
      ['Hog-1', 1024, [1]],
      ['low-2', 335, [0, 1]],
      ['tick-3', 1024, null],
    ]);
  });

  test('runs: who is held on a CPU stays there, who sleeps by a timer keeps its grid', () => {
    const { status, guests } = run({ ...scenarioOf(), checks: 'all' });
    expect(status).toBe('ok');
    const { threads } = guests[0]!;
    const [a, b, low, tick] = threads!.map(({ runNs }) => runNs / 2e9);
    expect(threads!.slice(0, 2).map(({ migrations }) => migrations)).toEqual([0, 0]);
    expect(tick).toBeCloseTo(0.1, 2); // 1 of 10 ms
    expect(low).toBeGreaterThan(0.8); // it has CPU 0 almost alone
    expect(a! + b!).toBeGreaterThan(0.9); // and they have CPU 1
    expect(a! + b! + low! + tick!).toBeCloseTo(2, 1);
    for (const { lifetimeNs, runNs, waitNs, blockedNs, sleepNs } of threads!) {
      expect([lifetimeNs, runNs + waitNs + blockedNs + sleepNs]).toEqual([2e9, 2e9]);
    }
  });

  test('gives the same twice, timers and all', () => {
    const scenario = scenarioOf();
    expect(run(scenario).hash).toBe(run(scenario).hash);
  });

  test('says its own guests, and what cannot be is refused with file, line, task and key', () => {
    expect(refusal(() => scenarioOf({ guests: '3' }))).toBe('workload = rt-app:mix.json: its tasks are the guests, want no other guests');
    expect(refusal(() => scenarioOf({ kind: 'kvm' }))).toMatch(/^--kind = kvm, but every guest of the file says its own kind/);
    const refusedText = (text: string): string =>
      refusal(() =>
        readScenario({ flags: { machine: 'vm-2cpu', workload: 'rt-app:b.json' }, read: () => ({ name: 'b.json', text }) }, registries),
      );
    expect(refusedText('{"tasks": {"a": {"run": 1, "fork": "b"}}}')).toMatch(
      /^b\.json: line 1, column 36: tasks\.a\.fork = "b", want the name of a task$/,
    );
    expect(refusedText('{"tasks": {"a": {"run": 1, "cpus": [2]}}}')).toBe(
      'b.json: line 1, column 36: tasks.a.cpus = 2, want 0 to 1, those of the machine',
    );
    expect(refusedText('{"tasks": {"a": {"run": 1, "phases": {"p": {"run": 1, "nodes_membind": [0, 1]}}}}}')).toBe(
      'b.json: line 1, column 72: tasks.a.phases.p.nodes_membind = 1, want 0 to 0, those of the machine',
    );
    expect(
      refusedText('{"tasks": {"a": {"instance": 4000, "run": 1}, "b": {"fork": "k", "loop": -1}, "k": {"instance": 0, "run": 1}}}'),
    ).toMatch(/more than 4096 threads, forks included, want fewer$/);
  });

  test('has memory for its regions and buffers, in whole blocks', () => {
    const memory = (tasks: object, words = {}): number => {
      const text = JSON.stringify({ tasks });
      return readScenario({ flags: { machine: 'vm-2cpu', workload: 'rt-app:m.json', ...words }, read: (name) => ({ name, text }) }, registries).guests[0]!.memoryBytes; // prettier-ignore
    };
    const memrun = { type: 'read', size: 45_000_001, count: 1 };
    // 22 blocks of 2 MiB each for 45 MB, of 2 threads, and 2 for the buffer of 3 MB of the third
    expect(memory({ a: { instance: 2, memrun }, b: { mem: 3_000_000 } })).toBe(46 * 2 * 1024 ** 2);
    expect(memory({ a: { instance: 2, memrun: { ...memrun, ref: 'x' } } })).toBe(64 * 1024 ** 2); // the least
    expect(memory({ a: { run: 1 } }, { block: '64MiB' })).toBe(16 * 64 * 1024 ** 2);
  });
});

describe('what of a file is not simulated', () => {
  const text = JSON.stringify({
    tasks: { rt: { policy: 'SCHED_FIFO', priority: 42, run: 10, loop: 1 }, a: { run: 20, loop: 1, util_max: 100 } },
  });
  const read = (): { name: string; text: string } => ({ name: 'rt.json', text });
  const words = { machine: 'vm-2cpu', workload: 'rt-app:rt.json' };

  test('is refused, each with its place', () => {
    expect(refusal(() => readScenario({ flags: words, read }, registries))).toMatch(
      /^rt\.json: not simulated: line 1, column \d+: tasks\.rt\.policy.*; line 1, column \d+: tasks\.a\.util_max.*; want a file without them, or lenient: true \(--lenient\) to leave them out$/,
    );
  });

  test('is left out where the user is lenient, as a flag and as a word; priorities of real time are no nice values', () => {
    const lenient = readScenario({ flags: { ...words, lenient: 'true' }, read }, registries);
    const file = { name: 's.yaml', text: 'machine: vm-2cpu\nworkload: "rt-app:rt.json"\nlenient: true' };
    const told = readScenario({ flags: {}, file, read }, registries);
    for (const { guests } of [lenient, told]) {
      const { threads } = guests[0]!.workload.build({}, setupOf({ vcpus: 2 }));
      expect(threads!.map(({ weight }) => weight)).toEqual([100, 100]);
    }
    expect(refusal(() => readScenario({ flags: { ...words, lenient: 'maybe' }, read }, registries))).toMatch(/not simulated/);
    expect(refusal(() => readScenario({ flags: { lenient: 'maybe' } }, registries))).toMatch(
      /^--lenient = maybe, want one of true, false$/,
    );
  });
});

describe('the words of a guest', () => {
  const guestsOf = (guests: string): Scenario =>
    readScenario({ flags: {}, file: { name: 's.yaml', text: `machine: vm-2cpu\nkind: bare\nguests: ${guests}` } }, registries);

  test('nice is a weight, cpus a list as taskset has it', () => {
    const [a, b] = guestsOf('[{nice: -20}, {nice: 19, cpus: "1,0-1"}]').guests;
    expect([a!.weight * 1024, b!.weight * 1024, a!.cpus, b!.cpus]).toEqual([8_876_100, 1500, null, [0, 1]]);
  });

  test.each([
    ['[{nice: 20}]', 's.yaml:3:17: guests[0].nice = 20, want a whole number from -20 to 19'],
    ['[{nice: 0, weight: 100}]', 's.yaml:3:28: guests[0].weight = 100 beside nice, want one of the two'],
    ['[{cpus: 3-1}]', 's.yaml:3:17: guests[0].cpus = 3-1, want CPUs such as 0-3,8'],
    ['[{cpus: "0,2"}]', 's.yaml:3:9: guests: vm1 may use CPU 2, want 0 to 1, those of vm-2cpu'],
  ])('%s is refused', (guests, message) => {
    expect(refusal(() => guestsOf(guests))).toBe(message);
  });
});
