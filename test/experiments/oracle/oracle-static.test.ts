import { describe, expect, test } from 'vitest';
import { oracleStatic, withOracleStatic } from '../../../experiments/oracle/oracle-static.ts';
import { runResult } from '../../../experiments/run-result.ts';
import { run } from '../../../sim/engine.ts';
import type { Scenario } from '../../../sim/scenario.ts';
import { contest, policies, runLab, small } from './small-scenario-fixture.ts';

describe('oracle-static', () => {
  const seed = '20101103';
  test.each([0, 1, 2])(`is not beaten by a static policy in small scenario %i (seed ${seed})`, (i) => {
    const { words, oracle, rivals } = contest(seed, i);
    for (const [policy, worth] of Object.entries(rivals)) expect(worth, `${words} ${policy}`).toBeLessThanOrEqual(oracle);
  });

  test('finds the same placement each time', () => {
    const words = { workload: 'lmbench-rd:size=16MiB', guests: '4', policy: 'oracle-static:runs=10' }; // fewer than the 15 there are
    expect(runLab(small(words)).hash).toBe(runLab(small(words)).hash);
  });

  test('finds what is worth more than any policy set by hand: the node that is nearest to none of the others’ traffic', () => {
    // Two guests on three nodes: numactl in turn takes nodes 0 and 1, packing takes node 0 twice; the fastest core reads 3.9 GB/s on
    // node 2 and 3.6 on node 0, so the best is nodes 0 and 2
    const words = { workload: 'lmbench-rd:size=16MiB', guests: '2', 'host-noise': '0' };
    const found = runLab(small({ ...words, policy: 'oracle-static' }));
    expect(found.guests.map(({ blocksByNode }) => blocksByNode.findIndex((blocks) => blocks > 0)).sort()).toEqual([0, 2]);
    expect(found.total.throughput.value).toBeGreaterThan(runLab(small({ ...words, policy: 'kvm-numactl' })).total.throughput.value);
  });

  test('is marked in what a run tells, and never runs without a search', () => {
    const asked = small({ workload: 'compute', policy: 'oracle-static:runs=7' });
    const result = runResult(asked, runLab(asked), 'test');
    expect([result.policy, result.oracle, result.status]).toEqual(['oracle-static:runs=7', true, 'ok']);
    expect(() => run(asked)).toThrow('want a search before the run');
    expect(policies.filter(({ oracle }) => oracle).map(({ name }) => name)).toEqual([oracleStatic.name]);
  });

  test('leaves other policies to themselves', () => {
    const plain = small({ workload: 'compute', policy: 'pin' });
    const asked: Scenario[] = [];
    withOracleStatic((one) => (asked.push(one), run(one)))(plain);
    expect(asked).toEqual([plain]);
  });
});
