import { expect, test } from 'vitest';
import { GiB, MiB } from '../../sim/units.ts';
import { FREE_COSTS, guest, ran, workload } from './scenario-fixture.ts';

interface Build {
  readonly elapsedNs: number;
  readonly sleepNs: number;
  readonly lifetimeNs: number;
  readonly backedBytes: number;
  readonly simulatedNs: number;
}

/** One build alone on its node, with one job at once. */
function build(memoryBytes: number, media: string, bootShare = 0.25): Build {
  const { guests, simulatedNs } = ran({
    guests: [guest(workload('kernbench'), { memoryBytes, bootShare, set: { jobs: 60, link: 1, media } })],
    blockBytes: MiB(2),
    costs: FREE_COSTS,
    checks: 'cheap',
  });
  const { elapsedNs, causes, blocksByNode, lifetimeNs } = guests[0]!;
  const backedBytes = blocksByNode.reduce((sum, blocks) => sum + blocks, 0) * MiB(2);
  return { elapsedNs, sleepNs: causes.sleep, lifetimeNs, backedBytes, simulatedNs };
}

test('a build in a small guest waits for the disk; from 2 GiB on it does not, and more memory changes nothing', () => {
  const [half, one, two, four] = [MiB(512), GiB(1), GiB(2), GiB(4)].map((bytes) => build(bytes, 'disk'));
  expect([two!.sleepNs, four!.sleepNs]).toEqual([0, 0]);
  expect(one!.sleepNs).toBeGreaterThan(0);
  // with one job at once nothing is computed meanwhile; and 600 phases of other blocks are rounded by up to 1 ns each
  for (const { elapsedNs, sleepNs } of [four!, one!, half!]) {
    expect(Math.abs(elapsedNs - two!.elapsedNs - sleepNs)).toBeLessThan(600);
  }
  expect(half!.elapsedNs).toBeGreaterThan(1.03 * two!.elapsedNs);
  expect(half!.sleepNs).toBeGreaterThan(one!.sleepNs);
});

test('a tree in tmpfs pushes the tools out of a guest of 1 GiB and not out of one of 2', () => {
  expect(build(GiB(2), 'tmpfs').sleepNs).toBe(0);
  expect(build(GiB(1), 'tmpfs').sleepNs).toBeGreaterThan(build(GiB(1), 'disk').sleepNs); // 26 % of the jobs wait against 5
});

test('the tree and the tools take their memory from the host; neither they nor the time to put them there are the build', () => {
  const { backedBytes, elapsedNs, lifetimeNs, simulatedNs } = build(GiB(2), 'tmpfs', 0);
  expect(backedBytes).toBe(MiB(1000) + MiB(6)); // and the one job's 1,081 pages
  // at 4 GB/s and less it takes a quarter of a second to write them; neither the elapsed time nor that of the one task has it
  expect(simulatedNs - elapsedNs).toBeGreaterThan(MiB(1000) / 4);
  expect(lifetimeNs).toBe(elapsedNs);
});
