import { describe, expect, test } from 'vitest';
import { bind } from '../../../policies/memory/bind.ts';
import { firstTouch } from '../../../policies/memory/first-touch.ts';
import { follow } from '../../../policies/memory/follow.ts';
import { homeNode } from '../../../policies/memory/home-node.ts';
import { randomNode } from '../../../policies/memory/random-node.ts';
import { FLOATING, type Placement } from '../../../sim/policy-api.ts';
import { type CpuId, type GuestId, NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import { fakeKernel } from '../fake-kernel.ts';

const SLIT = [
  [10, 22, 16],
  [22, 10, 16],
  [16, 16, 10],
];
const machine = { nodeCpus: [2, 2, 2], slit: SLIT, memoryGiB: [3, 5, 4], guests: [{ vcpus: 2 }] };
const onNode1: Placement = { hardNodes: null, softNodes: null, memoryNodes: [1 as NodeId] };

describe('a guest of six blocks touched from node 0, which has room for three,', () => {
  test('continues on the nearest node under first touch', () => {
    expect(fakeKernel(machine).back(0, 6, firstTouch(), FLOATING, 0)).toEqual([0, 0, 0, 2, 2, 2]);
  });

  test('is out of memory after the five of node 1 when it is bound there', () => {
    expect(fakeKernel(machine).back(0, 6, bind(), onNode1, 0)).toEqual([1, 1, 1, 1, 1, NONE]);
  });

  test('goes on by node id when Xen built it on node 1', () => {
    expect(fakeKernel({ ...machine, slit: [[10, 16, 22], [16, 10, 22], [22, 22, 10]] }).back(0, 6, homeNode('next-id'), onNode1)).toEqual([1, 1, 1, 1, 1, 2]); // prettier-ignore
  });

  test('goes on by distance when its home is node 1', () => {
    expect(fakeKernel({ ...machine, slit: [[10, 16, 22], [16, 10, 22], [22, 22, 10]] }).back(0, 6, homeNode('distance'), onNode1)).toEqual([1, 1, 1, 1, 1, 0]); // prettier-ignore
  });

  test('lies where the draws say under random placement', () => {
    // floor(draw * 3)
    expect(fakeKernel({ ...machine, draws: [0.9, 0.1, 0.5] }).back(0, 4, randomNode(), FLOATING, 0)).toEqual([2, 0, 1, 2]);
  });
});

describe('memory that follows', () => {
  const SMALL = { ...machine, guests: [{ vcpus: 2, memoryGiB: 5 }] };
  /** A vCPU on a node of `cpuNode` comes to the block that is on `node`, of five that are on nodes 2, 1, 2, 0, 2. */
  const kernel = (): ReturnType<typeof fakeKernel> => {
    const k = fakeKernel(SMALL);
    [2, 1, 2, 0, 2].forEach((node, block) => (k.memory.nodes[0]![block] = node as NodeId));
    return k;
  };
  const fault = (memory: ReturnType<typeof follow>, k: ReturnType<typeof fakeKernel>, vcpu: number, block: number, cpuNode: number): void =>
    memory.onHintFault!(k, {
      vcpu: vcpu as VcpuId,
      guest: 0 as GuestId,
      block,
      node: k.memory.nodes[0]![block]!,
      cpu: (2 * cpuNode) as CpuId,
      cpuNode: cpuNode as NodeId,
      isWrite: false,
      markedNs: 0,
    });

  test('moves a block when the same vCPU finds that node wrong a second time', () => {
    const k = kernel();
    const memory = follow(3e8);
    fault(memory, k, 1, 0, 0);
    expect(k.memory.orders).toEqual([]);
    fault(memory, k, 1, 2, 0);
    expect(k.memory.orders).toEqual(['0.2:2>0']);
    expect(memory.moveBytesPerSecond).toBe(3e8);
  });

  test('waits when the second time is another vCPU, another block node or another CPU node', () => {
    const k = kernel();
    const memory = follow(1);
    fault(memory, k, 0, 0, 0);
    fault(memory, k, 1, 0, 0);
    fault(memory, k, 0, 1, 0);
    fault(memory, k, 0, 2, 1);
    expect(k.memory.orders).toEqual([]);
  });

  test('leaves local blocks alone', () => {
    const k = kernel();
    const memory = follow(1);
    fault(memory, k, 0, 0, 2);
    fault(memory, k, 0, 2, 2);
    expect(k.memory.orders).toEqual([]);
  });

  test('marks the next of every guest in turn, and begins anew at the end', () => {
    const k = fakeKernel({ ...SMALL, blockGiB: 0.125, guests: [{ vcpus: 1, memoryGiB: 0.625 }] }); // five blocks, two a turn
    k.memory.nodes[0]!.fill(1 as NodeId);
    const memory = follow(1);
    const turns = [0, 1, 2, 3].map(() => {
      k.memory.marked[0]!.clear();
      memory.plan!.step(k);
      return [...k.memory.marked[0]!];
    });
    expect(turns).toEqual([[0, 1], [2, 3], [4], [0, 1]]);
  });
});
