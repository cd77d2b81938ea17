import { describe, expect, test } from 'vitest';
import { bind } from '../../../policies/memory/bind.ts';
import { firstTouch } from '../../../policies/memory/first-touch.ts';
import { follow } from '../../../policies/memory/follow.ts';
import { homeNode } from '../../../policies/memory/home-node.ts';
import { randomNode } from '../../../policies/memory/random-node.ts';
import { FLOATING, type Placement } from '../../../sim/policy-api.ts';
import { NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
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
  const fault = (memory: ReturnType<typeof follow>, k: ReturnType<typeof fakeKernel>, vcpu: number, block: number, cpu: number): number =>
    memory.onHintFault!(k, vcpu as VcpuId, block as NodeId, cpu as NodeId);

  test('moves a block when the same vCPU finds that node wrong a second time', () => {
    const k = fakeKernel(machine);
    const memory = follow(3e8);
    expect([fault(memory, k, 1, 2, 0), fault(memory, k, 1, 2, 0)]).toEqual([NONE, 0]);
    expect(memory.moveBytesPerSecond).toBe(3e8);
  });

  test('waits when the second time is another vCPU, another block node or another CPU node', () => {
    const k = fakeKernel(machine);
    const memory = follow(1);
    expect(fault(memory, k, 0, 2, 0)).toBe(NONE);
    expect([fault(memory, k, 1, 2, 0), fault(memory, k, 0, 1, 0), fault(memory, k, 0, 2, 1)]).toEqual([NONE, NONE, NONE]);
  });

  test('leaves local blocks alone', () => {
    const k = fakeKernel(machine);
    const memory = follow(1);
    expect([fault(memory, k, 0, 2, 2), fault(memory, k, 0, 2, 2)]).toEqual([NONE, NONE]);
  });
});
