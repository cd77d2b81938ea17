import { test } from 'vitest';
import { run } from '../../sim/engine.ts';
import { MiB, KiB, us, ms } from '../../sim/units.ts';
import { guest, policy, scenario, workload } from './scenario-fixture.ts';
test('x', () => {
  for (let seed = 0; seed < 12; seed++) {
    const s = scenario({ policy: policy('unpinned-migrating'), seed: String(seed), hostNoise: 2, blockBytes: KiB(64), checks: 'all', policyOptions: { rate: 4000 },
      guests: [0, 1, 2].map((i) => guest(workload('kernbench'), { name: 'g' + i, vcpus: 2, memoryBytes: MiB(256), bootShare: 0.5, set: { jobs: 20, j: 6, link: ms(5) } })) });
    let r; try { r = run(s); } catch (e) { console.log('SEED', seed, 'THROW', String(e)); continue; }
    console.log('SEED', seed, r.status, r.message, r.instants, r.total.pageMoves);
  }
});
