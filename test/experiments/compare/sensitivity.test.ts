import { expect, test } from 'vitest';
import { replicate, type Contender, type Replicating } from '../../../experiments/compare/replicate.ts';
import { sensitivityOf, swingOf } from '../../../experiments/compare/sensitivity.ts';
import { type RunResult, runResult } from '../../../experiments/run-result.ts';
import type { RunOrder } from '../../../experiments/runs/run-order.ts';
import { readScenario } from '../../../experiments/scenario-input.ts';
import { recordingOf } from '../recording-fixture.ts';
import { registries } from '../scenario-fixtures.ts';

const scenario = readScenario({ flags: { duration: '2s', boot: '0', dom0: '0' } }, registries);
const contenders = ['base', 'favourite', 'rival'].map((policy): Contender => ({ policy, oracle: false, order: { words: { policy }, policies: [], files: {}, timelinePoints: 0 } })); // prettier-ignore
const seeds = ['1', '2', '3', '4', '5', '6', '7'];

/**
 * The first policy does 100, 101, ... by seed. The favourite does 10 more, and with each fifth of the controllers 15 more or less; the
 * rival 2 more or less by seed, which shows nothing, and an exit's cost moves it by chance alone.
 */
function answer({ words, variation }: RunOrder): RunResult {
  const seed = Number(words.seed);
  const fifths = variation ? (variation.factor - 1) / 0.2 : 0;
  const by = (figure: string): number => (variation?.figure === figure ? fifths : 0);
  const ripple = seed % 2 === 0 ? 0.4 : -0.4;
  const gain = {
    base: 0,
    favourite: 10 + ripple + 15 * by('machine controllerGBps') + (seed % 3) * 0.1,
    rival: by('cost exitNs') > 0 ? 2 + ripple / 4 + ((seed % 3) - 1) * 0.4 : (seed % 2 === 0 ? 9 : -5) + (seed % 3) * 0.1,
  }[words.policy as 'base'];
  const result = runResult({ ...scenario, seed: `${seed}` }, recordingOf(scenario, 99 + seed + gain), 'v');
  return by('machine latencyNs') < 0 && words.policy === 'rival' ? { ...result, status: 'time-limit' } : result;
}

test('says which figures move which difference, which turn a verdict, and whether that may be chance', async () => {
  const orders: RunOrder[] = [];
  const pool = { run: (order: RunOrder) => (orders.push(order), Promise.resolve(answer(order))), close: () => Promise.resolve() };
  const replicating: Replicating = { pool, lanes: 2, warmUp: 'none' };
  const runs = await replicate(contenders, seeds, replicating);
  orders.length = 0;
  const metrics = runs[0]!.outcomes[0]!.parts.map(({ metric }) => metric);
  const [found] = await sensitivityOf({ contenders, scenarios: [scenario], runs, metrics }, replicating);
  const { base, figures } = found!;

  expect(found!.seeds).toEqual(seeds.slice(0, 5)); // fewer are enough, and said
  expect(orders).toHaveLength(figures.length * 2 * 3 * 5);
  expect(base.map(({ policy, verdict, moved }) => [policy, verdict, moved])).toEqual([
    ['favourite', 'better', null],
    ['rival', 'no difference shown', null],
  ]);
  // Ripple of seeds 1 to 5: -0.4 0.4 -0.4 0.4 -0.4, and 0.1 0.2 0 0.1 0.2, of a mean of 102.
  expect(base[0]!.difference).toBeCloseTo((10 - 0.08 + 0.12) / 102, 12);

  const of = (name: string) => figures.find(({ figure }) => figure === name)!;
  const controllers = of('machine controllerGBps');
  expect(controllers.less![0]!.difference).toBeCloseTo((10.04 - 15) / 102, 12);
  expect(controllers.more![0]!.difference).toBeCloseTo((10.04 + 15) / 102, 12);
  expect(controllers.turns).toEqual([{ policy: 'favourite', at: 'less', verdict: 'worse', isMoved: true }]);
  expect(of('cost exitNs').turns).toEqual([{ policy: 'rival', at: 'more', verdict: 'better', isMoved: false }]);
  expect(of('cost ipiNs').turns).toEqual([]);
  expect(swingOf(base, of('cost ipiNs'))).toBe(0);

  expect(of('machine latencyNs')).toMatchObject({ less: null, turns: [] }); // a run failed: nothing is said of that side
  expect(figures.slice(0, 2).map(({ figure }) => figure)).toEqual(['machine latencyNs', 'machine controllerGBps']);
});
