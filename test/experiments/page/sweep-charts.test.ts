import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../../experiments/run-result.ts';
import { sweepCharts } from '../../../experiments/page/sweep-charts.ts';
import type { Row } from '../../../experiments/page/sweep-rows.ts';

function rowOf(words: Record<string, string>, policy: string, value: number): Row {
  const total = {
    throughput: { value, unit: 'GB/s' },
    elapsedNs: 5e6,
    lifetimeNs: 10,
    remoteRatio: 0.25,
    causes: { compute: 4, distance: 6 },
  };
  return { words, result: { policy, seed: words.seed ?? '1', setting: { durationNs: 5e6 }, total } as unknown as RunResult };
}

describe('a sweep whose words are counted out', () => {
  const rows = ['pin', 'apart'].flatMap((policy, p) =>
    ['2', '10', '3'].flatMap((guests, g) => ['1', '2'].map((seed, s) => rowOf({ policy, guests, seed }, policy, 10 * (p + 1) + 3 * g + s))),
  );

  test('has lines over the word with the most numbers, in their order, means over seeds', () => {
    const { charts, scatters } = sweepCharts('plan', ['policy', 'guests', 'seed'], rows);
    expect(scatters).toEqual([]);
    expect(charts).toHaveLength(1);
    expect(charts[0]!.xNames).toEqual({ 0: '2', 1: '3', 2: '10' });
    expect(charts[0]!.points.map(({ series, x, mean }) => [series, x, mean.mean])).toEqual([
      ['pin', 0, 10.5], // of 10 and 11
      ['pin', 1, 16.5], // '3' was third: 10 + 3 * 2 and 1 more
      ['pin', 2, 13.5],
      ['apart', 0, 20.5],
      ['apart', 1, 26.5],
      ['apart', 2, 23.5],
    ]);
  });
});

describe('a sweep whose words were drawn', () => {
  const rows = [
    rowOf({ 'costs.hook': '30ns', memory: '2GiB', 'policy.margin': '0.05', guests: '4' }, './a:b/mine.ts:margin=0.05', 7),
    rowOf({ 'costs.hook': '1us', memory: '512MiB', 'policy.margin': '0.3', guests: '2' }, './a:b/mine.ts:margin=0.3', 5),
  ];
  const { charts, scatters } = sweepCharts('plan', ['costs.hook', 'memory', 'policy.margin', 'guests'], rows);

  test('has each run against each word that is a quantity, in units of its kind', () => {
    expect(charts).toEqual([]);
    expect(scatters).toHaveLength(1);
    expect(scatters[0]!.words).toEqual([
      { word: 'costs.hook', kind: 'time' },
      { word: 'memory', kind: 'bytes' },
      { word: 'policy.margin', kind: 'number' },
      { word: 'guests', kind: 'number' },
    ]);
    expect(scatters[0]!.runs.map(({ at, value }) => [...at, value])).toEqual([
      [30, 2 * 1024 ** 3, 0.05, 4, 7],
      [1000, 512 * 1024 ** 2, 0.3, 2, 5],
    ]);
  });

  test('takes a policy for one whatever of its options was drawn, and a colon of a path for none', () => {
    expect(scatters[0]!.runs.map(({ policy }) => policy)).toEqual(['./a:b/mine.ts', './a:b/mine.ts']);
    expect(scatters[0]!.byPolicy.map(({ mean, causes }) => [mean.mean, causes])).toEqual([[6, { compute: 0.4, distance: 0.6 }]]);
  });
});

test('more lines than anybody can follow are no chart: 13 kinds of a word that is no number, over guests', () => {
  const rows = Array.from({ length: 13 }, (_, kind) => ['1', '2'].map((guests) => rowOf({ kind: `k${kind}`, guests }, 'pin', kind))).flat(); // prettier-ignore
  const { charts, scatters } = sweepCharts('plan', ['kind', 'guests'], rows);
  expect(charts).toEqual([]);
  expect(scatters[0]!.words.map(({ word }) => word)).toEqual(['guests']);
});
