import { describe, expect, test } from 'vitest';
import { excessWidth, parsePrecision } from '../../../experiments/compare/precision.ts';
import type { Contender } from '../../../experiments/compare/replicate.ts';
import { runStudy, type StudyPlan, type Watcher, wellEnded } from '../../../experiments/compare/study.ts';
import { runResult } from '../../../experiments/run-result.ts';
import type { RunOrder } from '../../../experiments/runs/run-order.ts';
import type { RunPool } from '../../../experiments/runs/run-pool.ts';
import { readScenario } from '../../../experiments/scenario-input.ts';
import { recordingOf } from '../recording-fixture.ts';
import { registries } from '../scenario-fixtures.ts';

const scenario = readScenario({ flags: { duration: '2s', seed: '11' } }, registries);
const contenders = ['a', 'b', 'c'].map((policy): Contender => ({ policy, oracle: false, order: { words: { policy }, policies: [], files: {}, timelinePoints: 0 } })); // prettier-ignore
const study = { contenders, scenarios: contenders.map(() => scenario) };
const plan: StudyPlan = { seeds: 200, until: null, warmUp: 'none', hasSensitivity: false, hasExamples: false };
const silent: Watcher = { begin: () => {}, step: () => {}, note: () => {}, end: () => {} };

/** a does 1000 always; b swings by `swing` up and down, so that its mean difference stays 0 and its interval shrinks; c does 3 more. */
function poolOf(swing: number, ran: RunOrder[] = [], fails: (order: RunOrder) => boolean = () => false): RunPool {
  return {
    run: (order) => {
      ran.push(order);
      const seed = Number(order.words.seed);
      const gain = { a: 0, b: seed % 2 === 0 ? swing : -swing, c: 3 }[order.words.policy as 'a'];
      const result = runResult({ ...scenario, seed: `${seed}` }, recordingOf(scenario, 1000 + gain), 'v');
      return Promise.resolve(fails(order) ? { ...result, status: 'time-limit' } : result);
    },
    close: () => Promise.resolve(),
  };
}

describe('--until', () => {
  test.each([
    ['half-width=2%', { halfWidth: 0.02, isShare: true }],
    ['half-width=0.5', { halfWidth: 0.5, isShare: false }],
  ])('reads %s', (text, wanted) => expect(parsePrecision(text)).toEqual({ text, ...wanted }));

  test.each(['half-width', 'half-width=0%', 'half-width=-1', '2%', 'width=2%', 'half-width=1e3', 'p=0.05'])('refuses %s', (text) => {
    expect(() => parsePrecision(text)).toThrow(/^--until = /);
  });

  const until = (text: string, swing: number, seeds = 200) => runStudy(study, { ...plan, seeds, until: parsePrecision(text) }, poolOf(swing), 1, silent); // prettier-ignore

  test('runs ten seeds first, then five at a time, until the widest interval of the family is narrow enough', async () => {
    // Of n swings of 100 the deviation is 100 sqrt(n / (n - 1)); the family of two is tested at 97.5 % first. n = 25: (12 up, 13 down)
    // t(0.9875, 24) * 100 / sqrt 24 = 2.391 * 20.4 = 48.8; n = 30: 2.364 * 100 / sqrt 29 = 43.9 (the bootstrap has it until 29, alike within some percent).
    const { runs, reached } = await until('half-width=4.5%', 100);
    expect(reached).toEqual({ wanted: 'half-width=4.5%', isReached: true, seeds: 30, mostSeeds: 200 });
    expect(runs.map(({ outcomes }) => outcomes.length)).toEqual([30, 30, 30]);
    expect(runs[1]!.outcomes.map(({ seed }) => seed)).toEqual(Array.from({ length: 30 }, (_, i) => `${11 + i}`));
  });

  test('takes a width in the unit of the metric too: 45 of 1000 is 4.5 %', async () => {
    expect((await until('half-width=45', 100)).reached).toMatchObject({ isReached: true, seeds: 30 });
  });

  test('stops at ten where all is certain, however small the difference', async () => {
    expect((await until('half-width=0.001%', 0)).reached).toMatchObject({ isReached: true, seeds: 10 });
  });

  test('says that the cap came first', async () => {
    expect((await until('half-width=1%', 100, 23)).reached).toEqual({
      wanted: 'half-width=1%',
      isReached: false,
      seeds: 23,
      mostSeeds: 23,
    });
    expect((await until('half-width=1%', 100, 4)).reached).toMatchObject({ isReached: false, seeds: 4 });
  });

  test('is not known to stop because a difference is shown: what is shown does not change the width', async () => {
    const { runs } = await runStudy(study, { ...plan, seeds: 10 }, poolOf(5), 1, silent);
    const moved = runs.map((one) => ({
      ...one,
      outcomes: one.outcomes.map((outcome) => ({ ...outcome, parts: outcome.parts.map((part) => ({ ...part, value: part.value + (one.policy === 'b' ? 900 : 0) })) })),
    })); // prettier-ignore
    const metrics = runs[0]!.outcomes[0]!.parts.map(({ metric }) => metric);
    const width = (of: typeof runs): number => excessWidth(of, metrics, 'none', parsePrecision('half-width=1%'));
    expect(width(moved)).toBeCloseTo(width(runs), 9);
  });

  test('goes on without a policy that fails, and stops at once when nothing is left to compare', async () => {
    const ran: RunOrder[] = [];
    const wanted = parsePrecision('half-width=4.5%');
    const one = await runStudy(study, { ...plan, until: wanted }, poolOf(100, ran, ({ words }) => words.policy === 'c' && words.seed === '13'), 1, silent); // prettier-ignore
    expect(one.runs.map(({ outcomes }) => outcomes.length)).toEqual([one.reached!.seeds, one.reached!.seeds, 9]);
    expect(wellEnded(one.runs)).toMatchObject({ canCompare: true, failures: [{ policy: 'c', seed: '13' }] });
    const none = await runStudy(
      study,
      { ...plan, until: wanted },
      poolOf(100, [], ({ words }) => words.policy === 'a'),
      1,
      silent,
    );
    expect(none.reached).toMatchObject({ isReached: false, seeds: 10 });
    expect(wellEnded(none.runs).canCompare).toBe(false);
  });
});

test('without it as many seeds are run as were said, and the watcher is told of each run', async () => {
  const told: string[] = [];
  const watcher: Watcher = { begin: (what, total, isMost) => told.push(`${what} ${total} ${isMost}`), step: () => told.push('step'), note: () => {}, end: () => told.push('end') }; // prettier-ignore
  const { runs, reached, sensitivity } = await runStudy(study, { ...plan, seeds: 4, hasExamples: true }, poolOf(7), 2, watcher);
  expect([reached, sensitivity]).toEqual([null, null]);
  expect(told).toEqual(['run 12 false', ...new Array<string>(12).fill('step'), 'end']);
  expect(runs.map(({ example }) => example!.seed)).toEqual(['11', '11', '11']);
});
