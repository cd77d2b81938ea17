import { describe, expect, test } from 'vitest';
import { InputError } from '../../../experiments/input-error.ts';
import { readScenario } from '../../../experiments/scenario-input.ts';
import { machines } from '../../../machines/index.ts';
import { policies } from '../../../policies/index.ts';
import { run } from '../../../sim/engine.ts';
import type { Scenario } from '../../../sim/scenario.ts';
import { workloads } from '../../../workloads/index.ts';

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
  test('is one bare guest a thread, with the weight of its nice value and its CPUs, for as long as the file says', () => {
    const { guests, durationNs } = scenarioOf();
    expect(guests.map(({ name, kind, vcpus, weight, cpus }) => [name, kind, vcpus, (weight * 1024) / 100, cpus])).toEqual([
      ['hog-0', 'bare', 1, 1024, [1]],
      ['hog-1', 'bare', 1, 1024, [1]],
      ['low', 'bare', 1, 335, [0, 1]],
      ['tick', 'bare', 1, 1024, null],
    ]);
    expect(durationNs).toBe(2_000_000_000);
    expect(scenarioOf({ duration: '1s' }).durationNs).toBe(1_000_000_000);
  });

  test('runs: who is held on a CPU stays there, who sleeps by a timer keeps its grid', () => {
    const { status, guests } = run({ ...scenarioOf(), checks: 'all' });
    expect(status).toBe('ok');
    const [a, b, low, tick] = guests.map(({ causes }) => causes.compute / 2e9);
    expect([guests[0]!.migrations.cpu, guests[1]!.migrations.cpu]).toEqual([0, 0]);
    expect(tick).toBeCloseTo(0.1, 2); // 1 of 10 ms
    expect(low).toBeGreaterThan(0.8); // it has CPU 0 almost alone
    expect(a! + b!).toBeGreaterThan(0.9); // and they have CPU 1
    expect(a! + b! + low! + tick!).toBeCloseTo(2, 1);
  });

  test('gives the same twice, timers and all', () => {
    const scenario = scenarioOf();
    expect(run(scenario).hash).toBe(run(scenario).hash);
  });

  test('says its own guests, and what cannot be is refused with file, line, task and key', () => {
    expect(refusal(() => scenarioOf({ guests: '3' }))).toBe('workload = rt-app:mix.json: its tasks are the guests, want no other guests');
    expect(refusal(() => scenarioOf({ kind: 'kvm' }))).toMatch(/^--kind = kvm, but every guest of the file says its own kind/);
    const broken = { read: () => ({ name: 'b.json', text: '{"tasks": {"a": {"run": 1, "fork": "b"}}}' }) };
    expect(refusal(() => readScenario({ flags: { workload: 'rt-app:b.json' }, ...broken }, registries))).toBe(
      'b.json: line 1, column 36: tasks.a.fork = "b", want the name of a task',
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
