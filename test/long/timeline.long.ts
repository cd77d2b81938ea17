import { expect, test } from 'vitest';
import { run } from '../../sim/engine.ts';
import { randomScenario } from '../sim/random-scenario-fixture.ts';

const SEED = Number(process.env.NUMALAB_SEED ?? 20_000);
const RUNS = 400;

test(`a run is the same to the byte, whether it is looked at or not (${RUNS} random scenarios)`, () => {
  const policies = new Set<string>();
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    const drawn = { ...randomScenario(seed), checks: 'cheap' as const };
    const looked = run({ ...drawn, timelinePoints: 1 + (seed % 300) });
    expect(JSON.stringify({ ...looked, timeline: null }), `seed ${seed}`).toBe(JSON.stringify(run(drawn)));
    policies.add(drawn.policy.name);
  }
  process.stdout.write(`seeds ${SEED} to ${SEED + RUNS - 1}: ${policies.size} policies\n`);
});
