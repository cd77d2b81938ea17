import { expect, test } from 'vitest';
import { run } from '../../sim/engine.ts';
import { hostileScenario } from './restless-fixture.ts';

/**
 * A policy that asks for anything the interface allows, out of every hook, against guests that come, go, free and allocate, on nodes that
 * are soon full: every check holds at every instant, and the same again gives the same.
 */
const FIRST = Number(process.env.HOSTILE_SEED ?? 1);
const SEEDS = Number(process.env.HOSTILE_COUNT ?? 200);

test(`${SEEDS} hostile runs from seed ${FIRST} on end well`, { timeout: 300_000 }, () => {
  const did = { pageMoves: 0, pageReturns: 0, pageReplicas: 0, failedMoves: 0, hintFaults: 0, samples: 0 };
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const once = run(hostileScenario(seed));
    expect(['ok', 'out-of-memory'], `seed ${seed}: ${once.message}`).toContain(once.status);
    for (const what of Object.keys(did) as (keyof typeof did)[]) did[what] += once.total[what];
    if (seed % 10 === 0) expect(run(hostileScenario(seed)).hash, `seed ${seed} again`).toBe(once.hash);
  }
  for (const [what, count] of Object.entries(did)) expect(count, what).toBeGreaterThan(SEEDS / 10);
});
