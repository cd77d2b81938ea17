import { expect, test } from 'vitest';
import { KiB } from '../../sim/units.ts';
import { RANDOM, DONE, type WorkloadEntry } from '../../sim/workload-api.ts';
import { FREE_COSTS, guest, pinned, program, ran } from './scenario-fixture.ts';

/** One task that reads 2 MiB at random so often, a line at a time, and ends. */
function reads(accesses: number): WorkloadEntry {
  let step = 0;
  return program(
    (_task, phase, calls) => {
      if (step === 0) calls.allocate(0, KiB(2048));
      if (step++ === 1) {
        phase.kind = DONE;
        return;
      }
      phase.instructions = accesses;
      phase.accessesPerInstruction = 1;
      phase.region = 0;
      phase.pattern = RANDOM;
      phase.workingSetBytes = KiB(2048);
    },
    { regions: 1 },
  );
}

test('a task that ends gives its part of the cache back: the other hits again from then on', () => {
  const LONG = 100_000;
  const SHORT = 40_000;
  const beside = (accesses: number): number[] =>
    ran({
      policy: pinned([0, 1], () => 0),
      guests: [guest(reads(LONG), { name: 'long' }), guest(reads(accesses), { name: 'other' })],
      costs: { ...FREE_COSTS, coldCache: false },
    }).guests.map(({ elapsedNs }) => elapsedNs);
  // 3 MiB for two that want 2 MiB each: a quarter of both misses, all the time if both run as long as each other
  const sharedNs = beside(LONG)[0]! / LONG;
  const hitNs = 40 / 1.6;
  expect(sharedNs).toBeGreaterThan(0.75 * hitNs + 0.25 * 80); // 80 ns and a little queueing
  const [longNs, shortNs] = beside(SHORT);
  expect(shortNs! / SHORT).toBeCloseTo(sharedNs, 2);
  // as far as the other was there at the shared pace, then alone in a cache that holds all of it
  const after = LONG - shortNs! / sharedNs;
  expect(longNs! / (shortNs! + after * hitNs)).toBeCloseTo(1, 4);
});
