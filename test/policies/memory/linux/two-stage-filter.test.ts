import { expect, test } from 'vitest';
import { NumaGroup, NumaTask } from '../../../../policies/memory/linux/numa-faults.ts';
import { shouldMove } from '../../../../policies/memory/linux/two-stage-filter.ts';
import { NONE, type NodeId, type VcpuId } from '../../../../sim/units.ts';

const SETTLED = 5; // sequences, more than 4
const EARLY = 4;
const [FROM, TO, OTHER] = [0, 1, 2] as NodeId[] as [NodeId, NodeId, NodeId];
const ME = 7 as VcpuId;
const ANOTHER = 8 as VcpuId;

function task(sequence: number, preferred: NodeId, group: NumaGroup | null = null): NumaTask {
  return Object.assign(new NumaTask(ME, 3, 0), { sequence, preferred, group });
}

/** A group with faults by memory and by CPU, on FROM and on TO; by CPU all of them run all the time. */
function group(memory: [number, number], cpu: [number, number]): NumaGroup {
  const made = new NumaGroup(0, 3);
  // Faults by CPU are a share of the new ones, of 65536: note so many with a total of as many less one, so that the share is exact
  for (const [i, node] of [FROM, TO].entries()) made.faults.note(node, OTHER, false, memory[i]!);
  for (const [i, node] of [FROM, TO].entries()) made.faults.note(OTHER, node, false, cpu[i]!);
  made.faults.decay(1, 65_535, null);
  return made;
}

test('the fixture has the counts that it is given', () => {
  const { faults } = group([50, 30], [11, 33]);
  expect([faults.memory(FROM), faults.memory(TO), faults.cpu(FROM), faults.cpu(TO)]).toEqual([50, 30, 11, 33]);
});

test.each([
  // last vCPU, its node, moves: early (sequence 4), settled, settled but without a preferred node
  ['never touched', NONE, NONE, true, true, true],
  ['mine, from here', ME, TO, true, true, true],
  ['mine, from another node', ME, OTHER, true, false, true],
  ['mine, from where it lies', ME, FROM, true, false, true],
  ["another's, from here", ANOTHER, TO, true, true, true],
  ["another's, from elsewhere", ANOTHER, OTHER, false, false, false],
] as const)('without a group: %s', (_, lastVcpu, lastNode, early, settled, lost) => {
  const ask = (of: NumaTask): boolean => shouldMove(of, lastVcpu, lastNode, FROM, TO);
  expect([ask(task(EARLY, TO)), ask(task(SETTLED, TO)), ask(task(SETTLED, NONE))]).toEqual([early, settled, lost]);
});

test.each([
  // 34 > 3 * 11 : whatever the memory is
  [[1, 900], [11, 34], true],
  // 33 is not; 33 * 50 * 3 = 4950 > 11 * 30 * 4 = 1320
  [[50, 30], [11, 33], true],
  // 33 * 40 * 3 = 3960 > 11 * 90 * 4 = 3960: not
  [[40, 90], [11, 33], false],
  [[41, 90], [11, 33], true], //  4059 > 3960
  [[100, 40], [20, 11], true], // 11 * 100 * 3 = 3300 > 20 * 40 * 4 = 3200
  [[100, 42], [20, 11], false], // 3300 > 3360: not
] as const)('a group with memory %j and CPU %j', (memory, cpu, moves) => {
  const settled = task(SETTLED, TO, group([...memory], [...cpu]));
  expect(shouldMove(settled, ANOTHER, TO, FROM, TO)).toBe(moves);
  expect(shouldMove(settled, NONE, NONE, FROM, TO)).toBe(moves);
  expect(shouldMove(settled, ME, TO, FROM, TO)).toBe(true); // private
  expect(shouldMove(settled, ANOTHER, OTHER, FROM, TO)).toBe(false);
});
