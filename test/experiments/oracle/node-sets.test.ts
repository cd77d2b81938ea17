import { describe, expect, test } from 'vitest';
import { distinctNodeSets } from '../../../experiments/oracle/node-sets.ts';
import { guestClasses, nodeSymmetries } from '../../../experiments/oracle/symmetry.ts';
import { lopsided } from '../../../machines/lopsided.ts';
import { uniform } from '../../../machines/uniform.ts';
import { buildMachine } from '../../../sim/machine.ts';
import type { GuestSpec } from '../../../sim/scenario.ts';
import { guest, workload } from '../../sim/scenario-fixture.ts';

const machine = buildMachine(lopsided);
const eight = buildMachine(uniform);
const guests = (...vcpus: number[]): GuestSpec[] => vcpus.map((count, i) => guest(workload('compute'), { name: `g${i}`, vcpus: count }));

describe('nodes', () => {
  test('of unequal machines have no other name', () => {
    expect(nodeSymmetries(machine)).toEqual([[0, 1, 2]]);
  });

  test('of four equal sockets of two can change places by socket and within each', () => {
    expect(nodeSymmetries(eight)).toHaveLength(4 * 3 * 2 * 1 * 2 ** 4);
  });
});

test('guests are alike but for their names', () => {
  expect(guestClasses(guests(1, 2, 1))).toEqual([[0, 2], [1]]);
});

describe('placements that differ', () => {
  test('are all nodes for each guest where neither guests nor nodes are alike', () => {
    expect(distinctNodeSets(machine, guests(1), 99)).toEqual([[[0]], [[1]], [[2]]]);
    expect(distinctNodeSets(machine, guests(2), 99)).toHaveLength(6); // one node or two of three; three are more than its vCPUs
    expect(distinctNodeSets(machine, guests(1, 2), 99)).toHaveLength(3 * 6);
  });

  test('count equal guests once, whichever is where', () => {
    expect(distinctNodeSets(machine, guests(1, 1), 99)).toEqual([[[0], [0]], [[0], [1]], [[0], [2]], [[1], [1]], [[1], [2]], [[2], [2]]]); // prettier-ignore
  });

  test('count equal nodes once: two guests share a node, a socket, or nothing', () => {
    expect(distinctNodeSets(eight, guests(1, 1), 99)).toEqual([[[0], [0]], [[0], [1]], [[0], [2]]]); // prettier-ignore
  });

  test('are not told when they are more than asked for', () => {
    expect(distinctNodeSets(machine, guests(1, 1), 5)).toBeNull();
    expect(distinctNodeSets(eight, guests(1, 2, 3, 4, 5, 6, 7), 1_000_000)).toBeNull();
  });
});
