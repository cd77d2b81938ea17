import { describe, expect, test } from 'vitest';
import { checkItem } from '../../../experiments/validation/item-file.ts';
import type { ValidationItem } from '../../../experiments/validation/item.ts';
import { validationItems } from '../../../experiments/validation/items/index.ts';
import { runCount, scenariosOf, simulate, validateItem } from '../../../experiments/validation/validate.ts';
import { machines } from '../../../machines/index.ts';
import { policies } from '../../../policies/index.ts';
import { run } from '../../../sim/engine.ts';
import type { Recording } from '../../../sim/recording.ts';
import type { Scenario } from '../../../sim/scenario.ts';
import { workloads } from '../../../workloads/index.ts';
import { recordingOf } from '../recording-fixture.ts';

const registries = { machines, policies, workloads };

/** A simulator whose throughput is 10 for the first policy and the seed more for others; it remembers what it was asked. */
function fake(): { run: (scenario: Scenario) => Recording; asked: Scenario[] } & typeof registries {
  const asked: Scenario[] = [];
  return {
    ...registries,
    asked,
    run(scenario) {
      asked.push(scenario);
      return recordingOf(scenario, 10 + (scenario.policy.name === 'pin' ? Number(scenario.seed) : 0));
    },
  };
}

const item: ValidationItem = {
  id: 'X1',
  machine: 'the machine',
  workload: 'the work',
  metric: 'pinned over not',
  value: [1.2, 1.25],
  accept: '±10%',
  class: 'B',
  source: 'a paper',
  fittedValues: [1],
  scenario: {
    seeds: 3,
    words: { workload: 'lmbench-rd', duration: '10ms' },
    runs: { base: { policy: 'kvm-unpinned' }, pinned: [{ policy: 'pin' }, { policy: 'pin:order=spread' }] },
    values: ['pinned.throughput / base.throughput', '2.5'],
    beside: { 'unpinned too': { replace: '"pin"', with: '"random"' } },
  },
};

describe('an item of two values, three seeds and runs in two places', () => {
  const simulator = fake();
  let runs = 0;
  const { status, values } = validateItem({ ...item, scenario: { ...item.scenario!, beside: undefined } }, simulator, () => runs++);

  test('is simulated for each seed and place', () => {
    expect(runs).toBe(9);
    expect(simulator.asked.map(({ seed, policy }) => `${policy.name} ${seed}`).slice(0, 4)).toEqual([
      'kvm-unpinned 1',
      'pin 1',
      'pin 1',
      'kvm-unpinned 2',
    ]);
  });

  test('has the mean over the seeds, its interval, error and band', () => {
    const [first] = values; // 1.1, 1.2, 1.3: mean 1.2, standard error 0.1 / sqrt 3, t of two degrees 4.303
    expect(first!.simulated).toBeCloseTo(1.2, 12);
    expect(first!.interval!.low).toBeCloseTo(1.2 - (4.302653 * 0.1) / Math.sqrt(3), 5);
    expect(first!.error).toBeCloseTo(0, 12);
    expect(first!.isInside).toBe(true);
    expect(first!.band.low).toBeCloseTo(1.08, 12);
  });

  test('fails when one value is outside, and says that nothing was random where all seeds agree', () => {
    expect(status).toBe('fail'); // 2.5 for 1.25
    expect(values[1]!.error).toBeCloseTo(1, 12);
    expect(values[1]!.interval).toBeNull();
    expect(values.map(({ isFitted }) => isFitted)).toEqual([false, true]);
  });
});

test('what a replaced word does stands beside the value, and its runs are counted', () => {
  const [value] = validateItem(item, fake()).values;
  expect(value!.beside['unpinned too']).toBeCloseTo(1.1, 12); // the first place gives 10 like the base, the second 12 on average
  expect(runCount(item)).toBe(18);
});

test('an item without a scenario is skipped', () => {
  const { scenario: _, ...rest } = item;
  expect(validateItem({ ...rest, skipped: 'no such policy yet' }, fake())).toMatchObject({ status: 'skipped', values: [] });
});

test('a run that does not end well ends the validation with its name', () => {
  const simulator = { ...registries, run: (scenario: Scenario): Recording => ({ ...recordingOf(scenario, 1), status: 'time-limit', message: 'too long' }) }; // prettier-ignore
  expect(() => validateItem(item, simulator)).toThrow('X1: run base: time-limit, too long');
});

test('a variation changes every run', () => {
  const simulator = fake();
  simulate(item, simulator, { variation: (scenario) => ({ ...scenario, hostNoise: 0.25 }) });
  expect(new Set(simulator.asked.map(({ hostNoise }) => hostNoise))).toEqual(new Set([0.25]));
});

describe('the built-in set', () => {
  test.each(validationItems.map((one) => [one.id, one] as const))('%s is sound: bands, expressions, words of every run', (_, one) => {
    expect(() => checkItem(one)).not.toThrow();
    if (one.scenario) expect(scenariosOf(one, registries).size).toBe(Object.keys(one.scenario.runs).length);
    if (one.class === 'B' && one.scenario) expect(one.fitted).toBeDefined();
  });

  test('has every published item once, and skips none', () => {
    const ids = validationItems.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (let i = 1; i <= 21; i++) expect(ids).toContain(`P${String(i).padStart(2, '0')}`);
    expect(validationItems.filter((one) => one.skipped)).toEqual([]);
  });

  test('a wrong model is noticed: where remote memory costs what local does, the twin’s latencies and bandwidths fail', () => {
    const flat = machines.map((spec) => ({
      ...spec,
      latencyNs: { ...spec.latencyNs, value: spec.latencyNs.value.map((row, node) => row.map(() => row[node]!)) },
    }));
    const byName = (id: string): ValidationItem => validationItems.find((one) => one.id === id)!;
    expect(validateItem(byName('P01'), { ...registries, run }).status).toBe('pass');
    expect(validateItem(byName('P01'), { ...registries, machines: flat, run }).status).toBe('fail');
  });
});
