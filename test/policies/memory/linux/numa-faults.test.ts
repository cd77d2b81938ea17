import { describe, expect, test } from 'vitest';
import { FaultCounts, NumaGroup } from '../../../../policies/memory/linux/numa-faults.ts';
import type { Kernel } from '../../../../sim/policy-api.ts';
import type { NodeId } from '../../../../sim/units.ts';

const [A, B, C] = [0, 1, 2] as NodeId[] as [NodeId, NodeId, NodeId];

describe('fault counts', () => {
  test('are buffered, and halved when a sequence is over', () => {
    const counts = new FaultCounts(3);
    counts.note(A, B, true, 512);
    counts.note(A, B, false, 7);
    counts.note(C, B, true, 3);
    expect([counts.memory(A), counts.total, counts.newFaults(true), counts.newFaults(false)]).toEqual([0, 0, 515, 7]);
    counts.decay(1, 0, null);
    expect([A, B, C].map((node) => counts.memory(node))).toEqual([519, 0, 3]);
    expect([counts.total, counts.privateTotal, counts.newFaults(true)]).toEqual([522, 515, 0]);
    counts.note(C, A, true, 10);
    counts.decay(1, 0, null);
    // 512 - 256, 7 - 3, 3 - 1 + 10
    expect([A, B, C].map((node) => counts.memory(node))).toEqual([260, 0, 12]);
    expect([counts.total, counts.privateTotal]).toEqual([272, 268]);
  });

  test('by CPU are weighed by run time, not by their number', () => {
    const counts = new FaultCounts(3);
    counts.note(A, B, true, 300);
    counts.note(A, C, true, 99);
    // Ran a quarter of the time: 16384 of 65536; of 399 faults, 399 + 1 in the rule: 16384 * 300 / 400 and * 99 / 400 = 4055.04
    counts.decay(0.25, 399, null);
    expect([A, B, C].map((node) => counts.cpu(node))).toEqual([0, 12_288, 4055]);
    counts.note(A, C, false, 1);
    // C: 4055 - 2027 private, and 65536 * 1 / 2 shared
    counts.decay(1, 1, null);
    expect([A, B, C].map((node) => counts.cpu(node))).toEqual([0, 6144, 2028 + 32_768]);
  });

  test('of a group go up and down with those of its members, and leave with them', () => {
    const group = new FaultCounts(3);
    const [one, two] = [new FaultCounts(3), new FaultCounts(3)];
    one.note(A, B, true, 100);
    two.note(B, A, false, 31);
    one.decay(1, 100, group);
    two.decay(1, 31, group);
    one.note(C, B, true, 5);
    one.decay(1, 5, group);
    expect([A, B, C].map((node) => group.memory(node))).toEqual([50, 31, 5]);
    expect([group.total, group.privateTotal]).toEqual([86, 55]);
    group.merge(one, -1);
    expect([A, B, C].map((node) => group.memory(node))).toEqual([0, 31, 0]);
    expect([A, B, C].map((node) => group.cpu(node))).toEqual([two.cpu(A), 0, 0]);
    expect(group.total).toBe(31);
  });
});

describe('a group', () => {
  const cpusOf = (...cpus: number[]): Kernel =>
    ({ nodeCount: cpus.length, nodeCpuCount: (node: NodeId) => cpus[node] }) as unknown as Kernel;

  test('runs on the nodes with more than a third of the faults of the busiest', () => {
    const group = new NumaGroup(0, 3);
    group.faults.note(A, A, true, 34);
    group.faults.note(A, B, true, 99);
    group.faults.note(A, C, true, 33);
    group.faults.decay(1, 65_535, null);
    group.countActiveNodes(cpusOf(2, 2, 2));
    expect([group.activeNodes, group.isActive(A), group.isActive(C)]).toEqual([2, true, false]); // 3 * 33 is not more than 99
    group.countActiveNodes(cpusOf(2, 0, 2)); // 34 is the most
    expect(group.activeNodes).toBe(2);
    expect(group.isActive(C)).toBe(true);
  });

  test('goes over to a larger one, at equal size to the older', () => {
    const [old, young] = [new NumaGroup(3, 1), new NumaGroup(4, 1)];
    expect([young.yieldsTo(old), old.yieldsTo(young)]).toEqual([true, false]);
    young.members = 2;
    expect([young.yieldsTo(old), old.yieldsTo(young)]).toEqual([false, true]);
  });
});
