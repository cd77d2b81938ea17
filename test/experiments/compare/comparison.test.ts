import { describe, expect, test } from 'vitest';
import { comparePolicies, type PolicyRuns } from '../../../experiments/compare/comparison.ts';
import { metricsOf } from '../../../experiments/compare/metric.ts';
import { outcomeOf } from '../../../experiments/compare/outcome.ts';
import { readScenario } from '../../../experiments/scenario-input.ts';
import type { Recording } from '../../../sim/recording.ts';
import { recordingOf } from '../recording-fixture.ts';
import { registries } from '../scenario-fixtures.ts';

const scenario = readScenario({ flags: {} }, registries);
const seeds = ['1', '2', '3', '4'];
const metric = metricsOf(scenario, recordingOf(scenario, 1))[0]!;
const runs = (policy: string, recordings: readonly Recording[], of = scenario): PolicyRuns => ({
  policy,
  oracle: false,
  outcomes: recordings.map((recording, i) => outcomeOf(of, seeds[i]!, recording, 'mser')),
});
const runsOf = (policy: string, works: number[], causes?: Parameters<typeof recordingOf>[2]): PolicyRuns =>
  runs(policy, works.map((work) => recordingOf(scenario, work, causes))); // prettier-ignore

describe('three policies over four seeds', () => {
  const { policies } = comparePolicies(
    [
      runsOf('a', [10, 20, 30, 40], { compute: 600, distance: 400 }),
      runsOf('b', [11, 21.5, 31, 41.5], { compute: 600, distance: 100, waitHost: 50 }),
      runsOf('c', [16, 14, 34, 36]),
    ],
    metric,
  );

  test('a small steady gain is shown although seeds differ much more: it is paired', () => {
    expect(policies[1]!.difference!.mean).toBeCloseTo(1.25, 12); // 1, 1.5, 1, 1.5
    expect(policies.map(({ policy, verdict }) => [policy, verdict])).toEqual([
      ['a', 'baseline'],
      ['b', 'better'],
      ['c', 'no difference shown'],
    ]);
  });

  test('why: task time by cause for the same work, against all that the first needs for it', () => {
    // Work of a: (10+20+30+40) * 2 s = 200, of b 210. Per unit a needs 4 * 1000 / 200 = 20 ns, compute 12, distance 8;
    // b compute 2400 / 210, distance 400 / 210, waitHost 200 / 210.
    expect(policies[1]!.causes.map(({ cause }) => cause)).toEqual(['distance', 'waitHost', 'compute']);
    const changes = policies[1]!.causes.map(({ change }) => change);
    [(400 / 210 - 8) / 20, 200 / 210 / 20, (2400 / 210 - 12) / 20].forEach((change, i) => expect(changes[i]).toBeCloseTo(change, 12));
  });
});

test('where no work was done there is none to spend time on', () => {
  const { policies } = comparePolicies([runsOf('a', [0, 0, 0, 0]), runsOf('b', [0, 0, 0, 0], { compute: 70, distance: 930 })], metric);
  expect(policies[1]).toMatchObject({ verdict: 'no difference shown', causes: [] });
});

test('work that ends is judged by time, and less is better', () => {
  const ending = readScenario({ flags: { workload: 'compile' } }, registries);
  const elapsed = metricsOf(ending, recordingOf(ending, 1))[0]!;
  const slower = (recording: Recording, ns: number): Recording => ({ ...recording, total: { ...recording.total, elapsedNs: ns } });
  const lasting = (policy: string, ns: number[]): PolicyRuns => runs(policy, ns.map((one) => slower(recordingOf(ending, 1), one)), ending); // prettier-ignore
  const { policies } = comparePolicies([lasting('a', [10e9, 20e9, 30e9]), lasting('b', [11e9, 21.1e9, 31e9])], elapsed);
  expect([elapsed.name, policies[1]!.verdict]).toEqual(['elapsed', 'worse']);
});

test('guests that count in different units are compared apart, each with its own reasons', () => {
  const mixed = {
    ...scenario,
    guests: [
      { ...scenario.guests[0]!, name: 'a' },
      { ...scenario.guests[0]!, name: 'b' },
    ],
  };
  const inUnits = (works: [number, number]): Recording => {
    const recording = recordingOf(mixed, 1);
    const [a, b] = recording.guests as [(typeof recording.guests)[0], (typeof recording.guests)[0]];
    const gave = (guest: typeof a, value: number, unit: string): typeof a => ({ ...guest, throughput: { value, unit } });
    return { ...recording, guests: [gave(a, works[0], 'GB/s'), gave(b, works[1], 'jobs/s')] };
  };
  const first = runs('p', [inUnits([10, 100]), inUnits([11, 101]), inUnits([12, 102])], mixed);
  const second = runs('q', [inUnits([13, 90]), inUnits([14.1, 91]), inUnits([15, 92.2])], mixed);
  const metrics = first.outcomes[0]!.parts.map((part) => part.metric);
  expect(metrics.map(({ unit }) => unit)).toEqual(['GB/s', 'jobs/s']);
  const verdicts = metrics.map((one) => comparePolicies([first, second], one).policies[1]!);
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(['better', 'worse']);
  expect(verdicts[0]!.difference!.mean).toBeCloseTo((3 + 3.1 + 3) / 3, 12);
});

test('a difference that is sure but smaller than a ten-thousandth shows nothing', () => {
  const { policies } = comparePolicies(
    [runsOf('a', [1e6, 1.1e6, 1.2e6, 1.3e6]), runsOf('b', [1e6 + 50, 1.1e6 + 51, 1.2e6 + 50, 1.3e6 + 51])],
    metric,
  );
  expect(policies[1]!.difference!.low).toBeGreaterThan(0);
  expect(policies[1]!.verdict).toBe('no difference shown');
});
