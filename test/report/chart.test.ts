import { describe, expect, test } from 'vitest';
import type { Finding } from '../../experiments/findings.ts';
import { pairedRatio } from '../../experiments/statistics/paired.ts';
import { findingsText } from '../../report/chart.ts';

const found = (better: readonly number[], worse: readonly number[]): Finding => {
  const of = (values: readonly number[]): { seed: string; value: number }[] => values.map((value, i) => ({ seed: String(i), value }));
  return { charts: ['streams'], x: 7, baseline: 'pin', candidate: 'apart', gain: pairedRatio(of(better), of(worse)), causes: [] };
};

describe('what charts show against each other', () => {
  test('of one seed has no interval', () => {
    expect(findingsText([found([3], [2])])).toMatch(/^7 +1\.50 +\? +no difference shown *$/m);
  });

  test('of two seeds has one', () => {
    // 2 and 2 times as good: nothing differs between the seeds
    expect(findingsText([found([4, 6], [2, 3])])).toMatch(/^7 +2\.00 +2\.00 \.\. 2\.00 +better *$/m);
  });
});
