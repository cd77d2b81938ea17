import { describe, expect, test } from 'vitest';
import { comparePolicies, metricOf } from '../../experiments/comparison.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import type { Recording } from '../../sim/recording.ts';
import { recordingOf } from './recording-fixture.ts';
import { registries } from './scenario-fixtures.ts';

const scenario = readScenario({ flags: {} }, registries);
const seeds = ['1', '2', '3', '4'];
const metric = metricOf(scenario, recordingOf(scenario, 1));
const runsOf = (
  policy: string,
  works: number[],
  causes?: Parameters<typeof recordingOf>[2],
): { policy: string; oracle: boolean; recordings: Recording[] } => ({
  policy,
  oracle: false,
  recordings: works.map((work) => recordingOf(scenario, work, causes)),
});

describe('three policies over four seeds', () => {
  const { policies } = comparePolicies(
    [
      runsOf('a', [10, 20, 30, 40], { compute: 600, distance: 400 }),
      runsOf('b', [11, 21.5, 31, 41.5], { compute: 600, distance: 100, waitHost: 50 }),
      runsOf('c', [16, 14, 34, 36]),
    ],
    seeds,
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

test('work that ends is judged by time, and less is better', () => {
  const ending = readScenario({ flags: { workload: 'compile' } }, registries);
  const elapsed = metricOf(ending, recordingOf(ending, 1));
  const slower = (recording: Recording, ns: number): Recording => ({ ...recording, total: { ...recording.total, elapsedNs: ns } });
  const a = { ...runsOf('a', []), recordings: [10e9, 20e9, 30e9].map((ns) => slower(recordingOf(ending, 1), ns)) };
  const b = { ...runsOf('b', []), recordings: [11e9, 21.1e9, 31e9].map((ns) => slower(recordingOf(ending, 1), ns)) };
  const { policies } = comparePolicies([a, b], ['5', '6', '7'], elapsed);
  expect([elapsed.name, policies[1]!.verdict]).toEqual(['elapsed', 'worse']);
});
