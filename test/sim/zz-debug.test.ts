import { test } from 'vitest';
import { opteron6172 } from '../../machines/opteron-6172-4s.ts';
import { run } from '../../sim/engine.ts';
import { buildMachine } from '../../sim/machine.ts';
import { GiB, MiB, ms, seconds } from '../../sim/units.ts';
import { FREE_COSTS, guest, pinned, scenario, workload } from './scenario-fixture.ts';
test('x', () => {
  const machine = buildMachine(opteron6172);
  for (const d of [0.5, 0.9, 0.95, 1, 1.1, 1.2, 1.5, 2, 5]) {
    const r = run(scenario({ machine, policy: pinned([0, 1, 2, 3, 4, 5], () => 3), guests: [guest(workload('lmbench-rd'), { kind: 'bare', vcpus: 6, memoryBytes: GiB(3), set: { size: MiB(256), passes: 0 } })], durationNs: seconds(d), blockBytes: MiB(2), costs: FREE_COSTS, checks: 'all' }));
    console.log('D', d, r.status, r.guests[0]!.throughput, JSON.stringify(r.guests[0]!.accessesByHop), r.guests[0]!.elapsedNs, r.instants, JSON.stringify(r.guests[0]!.causes));
  }
});
