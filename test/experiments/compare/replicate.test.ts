import { describe, expect, test } from 'vitest';
import { appended, type Contender, replicate, seedsFrom } from '../../../experiments/compare/replicate.ts';
import { InputError } from '../../../experiments/input-error.ts';
import { type RunResult, runResult } from '../../../experiments/run-result.ts';
import type { RunOrder } from '../../../experiments/runs/run-order.ts';
import type { RunPool } from '../../../experiments/runs/run-pool.ts';
import { readScenario } from '../../../experiments/scenario-input.ts';
import { recordingOf } from '../recording-fixture.ts';
import { registries } from '../scenario-fixtures.ts';

const scenario = readScenario({ flags: { duration: '2s' } }, registries);
const contender = (policy: string): Contender => ({
  policy,
  oracle: false,
  order: { words: { policy }, policies: [], files: {}, timelinePoints: 7 },
});

const resultOf = ({ words }: RunOrder): RunResult => {
  const seed = words.seed as string;
  return {
    ...runResult({ ...scenario, seed }, recordingOf(scenario, Number(seed) + (words.policy === 'b' ? 100 : 0)), 'v'),
    policy: words.policy as string,
  };
};
const failing = (result: RunResult): RunResult => ({
  ...result,
  status: 'policy-error',
  message: 'gave up',
  exit: { kind: 'throw', message: 'gave up', hook: 'enqueue', atNs: 3, vcpu: null, events: [] },
});

/** Runs take their time by `turns(order)` and are run as many at a time as are asked for. */
function poolOf(
  answer: (order: RunOrder) => RunResult,
  turns: (order: RunOrder) => number = () => 1,
): RunPool & { ran: RunOrder[]; most: number } {
  const pool = {
    ran: [] as RunOrder[],
    most: 0,
    under: 0,
    async run(order: RunOrder): Promise<RunResult> {
      pool.ran.push(order);
      pool.most = Math.max(pool.most, ++pool.under);
      for (let turn = turns(order); turn > 0; turn--) await Promise.resolve();
      pool.under--;
      return answer(order);
    },
    close: () => Promise.resolve(),
  };
  return pool;
}

const words = ({ words: { policy, seed } }: RunOrder): string => `${policy as string} ${seed as string}`;

test('runs every policy with every seed, seed by seed, and keeps the first of each whole', async () => {
  const pool = poolOf(resultOf);
  const [a, b] = await replicate([contender('a'), contender('b')], ['5', '6', '7'], { pool, lanes: 1, warmUp: 'none', examplePoints: 9 });
  expect(pool.ran.map(words)).toEqual(['a 5', 'b 5', 'a 6', 'b 6', 'a 7', 'b 7']);
  expect(pool.ran.map(({ timelinePoints }) => timelinePoints)).toEqual([9, 9, 7, 7, 7, 7]);
  expect(b!.outcomes.map(({ seed, parts }) => [seed, parts[0]!.value])).toEqual([['5', 105], ['6', 106], ['7', 107]]); // prettier-ignore
  expect([a!.example!.seed, b!.example!.policy, a!.failures]).toEqual(['5', 'b', []]);
});

describe('whatever ends first', () => {
  const slowFirst = (order: RunOrder): number => 40 - 3 * Number(order.words.seed) + (order.words.policy === 'a' ? 9 : 0);
  const ask = (lanes: number, answer = resultOf) => replicate([contender('a'), contender('b')], seedsFrom('1', 8), { pool: poolOf(answer, slowFirst), lanes, warmUp: 'none' }); // prettier-ignore

  test('the outcome is the same with 1, 2 and 5 at a time', async () => {
    const one = await ask(1);
    expect(await ask(2)).toEqual(one);
    expect(await ask(5)).toEqual(one);
  });

  test('so is what a policy at fault leaves: its first fault alone', async () => {
    const answer = (order: RunOrder): RunResult =>
      order.words.policy === 'b' && Number(order.words.seed) >= 4 ? failing(resultOf(order)) : resultOf(order);
    const one = await ask(1, answer);
    expect(one[1]!.failures.map(({ seed }) => seed)).toEqual(['4']);
    expect(one[1]!.outcomes.map(({ seed }) => seed)).toEqual(['1', '2', '3']);
    expect(await ask(2, answer)).toEqual(one);
    expect(await ask(16, answer)).toEqual(one);
  });

  test('and of several errors the first in order, once all under way has ended', async () => {
    const answer = (order: RunOrder): RunResult => {
      if (order.words.policy === 'b' && Number(order.words.seed) >= 3) throw new InputError(`seed ${order.words.seed as string}`);
      return resultOf(order);
    };
    for (const lanes of [1, 3, 16]) await expect(ask(lanes, answer), `${lanes} lanes`).rejects.toThrow('seed 3');
  });
});

test('a policy at fault is not run again; runs that fail otherwise are', async () => {
  const pool = poolOf((order) => (order.words.policy === 'a' ? failing(resultOf(order)) : { ...resultOf(order), status: 'time-limit' }));
  const [a, b] = await replicate([contender('a'), contender('b')], ['1', '2', '3'], { pool, lanes: 1, warmUp: 'none' });
  expect(pool.ran.map(words)).toEqual(['a 1', 'b 1', 'b 2', 'b 3']);
  expect([a!.failures.length, b!.failures.length]).toEqual([1, 3]);
});

test('as many run at a time as there are lanes', async () => {
  const pool = poolOf(resultOf);
  await replicate([contender('a'), contender('b')], seedsFrom('1', 10), { pool, lanes: 4, warmUp: 'none' });
  expect(pool.most).toBe(4);
});

test('more seeds go behind those there were; a policy that is left out stays as it was', async () => {
  const run = (policies: string[], seeds: string[]) => replicate(policies.map(contender), seeds, { pool: poolOf(resultOf), lanes: 1, warmUp: 'none' }); // prettier-ignore
  const both = appended(await run(['a', 'b'], ['1', '2']), await run(['b'], ['3']));
  expect(both.map(({ outcomes }) => outcomes.map(({ seed }) => seed))).toEqual([['1', '2'], ['1', '2', '3']]); // prettier-ignore
  expect(both[1]!.example!.seed).toBe('1');
});

test('seeds beyond what a number holds are counted exactly', () => {
  expect(seedsFrom('9007199254740992', 3)).toEqual(['9007199254740992', '9007199254740993', '9007199254740994']);
});
