import fc from 'fast-check';
import { expect, test } from 'vitest';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import { KiB, MiB, ms } from '../../sim/units.ts';
import { runConserved } from './conserved-fixture.ts';
import { drawnWorkloads, scenarioDraws } from './random-scenario-fixture.ts';
import { guest, policy, scenario, workload } from './scenario-fixture.ts';

const RUNS = 100;
const SEED = 1; // test/long/properties.long.ts draws others

test(`time, causes, blocks and bytes are conserved in ${RUNS} random scenarios of seed ${SEED}`, () => {
  const statuses = new Set<string>();
  const drawn = { policies: new Set<string>(), workloads: new Set<string>() };
  fc.assert(
    fc.property(scenarioDraws, (draw) => {
      statuses.add(runConserved(draw).status);
      drawn.policies.add(draw.policy);
      for (const { workload: name } of draw.guests) drawn.workloads.add(name);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  expect(drawn.policies.size, 'nearly every policy was drawn').toBeGreaterThan(policies.length * 0.9);
  expect(drawn.workloads.size, 'every kind of work was drawn').toBe(drawnWorkloads.length);
  expect(statuses.has('ok')).toBe(true);
});

test('a block that is moved while its guest switches tasks stays in its region', () => {
  // more tasks than vCPUs, and memory that follows the vCPUs: a copy may end under another task than it began
  for (const seed of ['8', '9', '10']) {
    const guests = [0, 1, 2].map((i) =>
      guest(workload('kernbench'), {
        name: `g${i}`,
        vcpus: 2,
        memoryBytes: MiB(256),
        bootShare: 0.5,
        set: { jobs: 20, j: 6, link: ms(5) },
      }),
    );
    const migrating = { policy: policy('unpinned-migrating'), policyOptions: { rate: 4000 }, hostNoise: 2, blockBytes: KiB(64) };
    const recording = run(scenario({ ...migrating, guests, seed }));
    expect(recording.status, `seed ${seed}`).toBe('ok');
    expect(recording.total.pageMoves, `seed ${seed}`).toBeGreaterThan(20);
  }
});
