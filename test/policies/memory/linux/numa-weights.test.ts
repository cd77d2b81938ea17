import { describe, expect, test } from 'vitest';
import { opteron6164 } from '../../../../machines/opteron-6164-4s.ts';
import { NumaGroup, NumaTask } from '../../../../policies/memory/linux/numa-faults.ts';
import { NumaWeights } from '../../../../policies/memory/linux/numa-weights.ts';
import { NONE, type NodeId, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, fakeKernel } from '../../fake-kernel.ts';
import { slowWeight } from './numa-weights.slow.ts';

const kernelOf = (slit: readonly (readonly number[])[], nodeCpus = slit.map(() => 2)): Fake =>
  fakeKernel({ nodeCpus, slit, guests: [{ vcpus: 1 }] });

/** A vCPU with so many faults on each node's memory, alone or as the one member of a group. */
function taskOf(faults: readonly number[], isGrouped: boolean): NumaTask {
  const task = new NumaTask(0 as VcpuId, faults.length, 0);
  faults.forEach((count, node) => task.faults.note(node as NodeId, 0 as NodeId, true, count));
  task.faults.decay(1, 0, null);
  if (isGrouped) {
    task.group = new NumaGroup(0, faults.length);
    task.group.faults.merge(task.faults, 1);
  }
  return task;
}

const OPTERON = opteron6164.slit.value as readonly (readonly number[])[];
const BACKPLANE = [
  [10, 20, 40, 40],
  [20, 10, 40, 40],
  [40, 40, 10, 20],
  [40, 40, 20, 10],
];
const DIRECT = [
  [10, 21],
  [21, 10],
];

describe('topology', () => {
  test.each([
    ['glueless mesh', OPTERON],
    ['backplane', BACKPLANE],
    ['direct', DIRECT],
    ['direct', [[10]]],
  ])('%s', (topology, slit) => {
    expect(new NumaWeights(kernelOf(slit)).topology).toBe(topology);
  });

  test('counts only nodes with CPUs', () => {
    expect(new NumaWeights(kernelOf(BACKPLANE, [2, 2, 2, 0])).topology).toBe('backplane');
    expect(new NumaWeights(kernelOf(BACKPLANE, [2, 2, 0, 0])).topology).toBe('direct');
  });
});

describe('on the Opteron, a mesh whose farthest nodes are at 22', () => {
  // A neighbour at 16 counts (22 - 16) / (22 - 10), half. Score, own faults and half of the neighbours' (in brackets who they are):
  // 0: 80 + (1) 35 + (6) 30 = 145          1: 70 + (0) 40 + (3) 45 = 155         2: (0) 40 + (3) 45 + (6) 30 = 115
  // 3: 90 + (1) 35 = 125                   4: (0) 40 + (1) 35 + (3) 45 + (6) 30 = 150
  // 5: (3) 45                              6: 60 + (0) 40 = 100                  7: (1) 35 + (6) 30 = 65
  const faults = [80, 70, 0, 90, 0, 0, 60, 0];
  const weights = new NumaWeights(kernelOf(OPTERON));

  test('weights are by what is near', () => {
    const task = taskOf(faults, true);
    const ofTask = OPTERON.map((_, node) => weights.ofTask(task, node as NodeId, 22));
    // of 300: 145 / 0.3 = 483.3, 516.7, 383.3, 416.7, 500, 150, 333.3, 216.7
    expect(ofTask).toEqual([483, 516, 383, 416, 500, 150, 333, 216]);
    expect(OPTERON.map((_, node) => weights.ofGroup(task, node as NodeId, 22))).toEqual(ofTask);
  });

  test('a group prefers the best score, a vCPU of its own the most faults', () => {
    const k = kernelOf(OPTERON);
    expect(weights.preferredNode(k, taskOf(faults, true))).toBe(1);
    expect(weights.preferredNode(k, taskOf(faults, false))).toBe(3);
  });
});

test('behind a backplane a group prefers the side with most, and the best node there', () => {
  const k = kernelOf(BACKPLANE);
  const weights = new NumaWeights(k);
  const faults = [45, 50, 60, 1]; // sides of 95 and 61
  expect(weights.preferredNode(k, taskOf(faults, true))).toBe(1);
  expect(weights.preferredNode(k, taskOf(faults, false))).toBe(2);
  // Of 156, what is nearer than the limit counts: 45 alone, or 45 + 50
  expect([20, 40].map((limit) => weights.ofTask(taskOf(faults, false), 0 as NodeId, limit))).toEqual([288, 608]);
});

test('memory without CPUs is preferred from the nearest node that has some', () => {
  const k = kernelOf(BACKPLANE, [2, 2, 2, 0]);
  expect(new NumaWeights(k).preferredNode(k, taskOf([3, 0, 0, 9], false))).toBe(2);
});

test('without faults nothing is preferred or worth anything', () => {
  const k = kernelOf(DIRECT);
  const weights = new NumaWeights(k);
  expect(weights.preferredNode(k, taskOf([0, 0], true))).toBe(NONE);
  expect([weights.ofTask(undefined, 0 as NodeId, 21), weights.ofTask(taskOf([0, 0], false), 0 as NodeId, 21)]).toEqual([0, 0]);
  expect(weights.ofGroup(taskOf([4, 5], false), 1 as NodeId, 21)).toBe(0);
});

test('weights are those of a slow twin, whatever the distances', () => {
  const seed = 20_261;
  let state = seed;
  const draw = (below: number): number => (state = (state * 48_271) % 0x7fffffff) % below;
  for (let round = 0; round < 300; round++) {
    const nodes = 1 + draw(6);
    const slit = Array.from({ length: nodes }, () => Array<number>(nodes).fill(10));
    for (let a = 0; a < nodes; a++) for (let b = 0; b < a; b++) slit[a]![b] = slit[b]![a] = 11 + draw(3) * (3 + draw(5));
    const weights = new NumaWeights(kernelOf(slit));
    const faults = slit.map(() => draw(4) * draw(1000));
    const task = taskOf(faults, true);
    for (let node = 0; node < nodes; node++) {
      const limit = slit[node]![draw(nodes)]!;
      const expected = slowWeight(slit, weights.topology, faults, node, limit);
      expect(weights.ofTask(task, node as NodeId, limit), `seed ${seed}, round ${round}`).toBe(expected);
      expect(weights.ofGroup(task, node as NodeId, limit), `seed ${seed}, round ${round}`).toBe(expected);
    }
  }
});
