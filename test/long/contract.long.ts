import { afterAll, expect, test } from 'vitest';
import { contractOf } from '../../experiments/contract/contract.ts';
import { policies } from '../../policies/index.ts';
import { drawnLoads, drawnWeights, handMadeMasks, unplaced } from '../experiments/drawn-contract-fixture.ts';

/** NUMALAB_SEED=... draws other masks, loads and weights. */
const SEED = process.env.NUMALAB_SEED ?? '1000';
const DRAWS = 12;

/** Whose base is themselves unplaced: the schedulers of today's Xen are in no policy without a placement, and are not those of 4.0. */
const PLACED_BY_XL = ['xl-credit', 'xl-credit2'];

const rows: string[][] = [];

test.each(policies.map((entry) => [entry.name, entry] as const))(
  `%s keeps the contract and what it claims, with drawn masks, loads and weights too (seed ${SEED})`,
  async (name, entry) => {
    const checks = [
      ...(await contractOf(entry)),
      handMadeMasks(entry, SEED, DRAWS),
      drawnLoads(entry, SEED, DRAWS),
      drawnWeights(entry, SEED, DRAWS),
      ...(PLACED_BY_XL.includes(name) ? [unplaced(entry)] : []),
    ];
    rows.push(...checks.map((check) => [name, check.name, check.outcome, check.detail]));
    expect(checks.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
  },
);

afterAll(() => {
  const table = [['policy', 'check', 'result', 'figure'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  process.stdout.write(table.map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}\n`).join(''));
});
