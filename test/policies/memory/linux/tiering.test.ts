import { expect, test } from 'vitest';
import { policyNamed } from '../../../../policies/index.ts';
import { defaultOptions } from '../../../../sim/options.ts';
import { FLOATING, type HintFault, type Policy } from '../../../../sim/policy-api.ts';
import { type CpuId, type GuestId, ms, NONE, type NodeId, seconds, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, fakeKernel } from '../../fake-kernel.ts';

function policy(options: Record<string, number | string> = {}): Policy {
  const entry = policyNamed('tiering')!;
  return entry.make({ ...defaultOptions(entry.options), ...options });
}

/** Fast nodes 0 (4 blocks, 2 CPUs) and 2 (9 blocks, 1 CPU), slow node 1; of 1 GiB each, so that watermarks are 1, 2 and 3 blocks. */
function host(freeGiB = [4, 20, 9]): Fake {
  return fakeKernel({
    nodeCpus: [2, 0, 1],
    slit: [[10, 17, 21], [17, 10, 28], [21, 28, 10]], // prettier-ignore
    memoryGiB: [4, 20, 9],
    freeGiB,
    guests: [{ vcpus: 1, memoryGiB: 13 }],
  });
}

/** A touch by vCPU 0 on node 0, so long after the mark. */
function touch(k: Fake, { memory }: Policy, block: number, afterNs: number, cpuNode = 0): void {
  const ids = { guest: 0 as GuestId, vcpu: 0 as VcpuId, cpu: 0 as CpuId };
  const node = k.memory.nodes[0]![block]!;
  const fault: HintFault = { ...ids, block, node, cpuNode: cpuNode as NodeId, isWrite: false, markedNs: k.nowNs - afterNs };
  memory.onHintFault!(k, fault);
}

test('first touch leaves each node its low watermark while another has more, the nearest first', () => {
  const k = host();
  const { memory } = policy();
  const nodes = k.back(0, 31, memory, FLOATING, 0);
  // 3 of node 0's 4; then node 1, at 17, all but one of its 20; then node 2, at 21, all but one; and then what is left on node 0
  expect(nodes).toEqual([...Array<number>(3).fill(0), ...Array<number>(19).fill(1), ...Array<number>(8).fill(2), 0]);
});

test('only blocks on slow nodes are marked, a second after the guest came and every second, piece by piece', () => {
  const k = host();
  const { cpu } = policy({ 'scan-size': 4 * k.blockBytes });
  k.memory.nodes[0] = [0, 1, 1, 2, 0, 0, 2, 0, 1, 1, 1, 1, 1] as NodeId[];
  k.start(cpu);
  cpu.guestInit!(k, 0 as GuestId);
  k.wake(0);
  const marked = (): number[] => [...k.memory.marked[0]!].sort((a, b) => a - b);
  k.pass(ms(1000));
  expect(marked()).toEqual([]);
  k.pass(ms(100));
  expect(marked()).toEqual([1, 2]); // of blocks 0 to 3
  k.pass(seconds(1));
  expect(marked()).toEqual([1, 2, 8, 9, 10, 11]); // 4 to 7 have nothing to mark, so that the next four are looked at as well
  k.pass(seconds(1));
  expect(marked()).toEqual([1, 2, 8, 9, 10, 11, 12]);
});

test('a block goes up to the node of the CPU that touched it, and from a fast node it does not', () => {
  const k = host();
  const tiering = policy({ 'hot-threshold': ms(300) });
  k.memory.nodes[0]!.fill(1 as NodeId);
  k.memory.nodes[0]![5] = 2 as NodeId;
  touch(k, tiering, 3, ms(299));
  touch(k, tiering, 5, ms(1));
  expect(k.memory.orders).toEqual(['0.3:1>0']);
  touch(k, tiering, 4, ms(999), 2); // node 2 has plenty
  expect(k.memory.orders).toEqual(['0.3:1>0', '0.4:1>2']);
});

test('a node that has no more than its high watermark takes nothing, and cold blocks leave it', () => {
  const k = host([2, 20, 9]);
  const tiering = policy();
  k.memory.nodes[0] = [0, 0, ...Array<number>(11).fill(1)] as NodeId[];
  const step = (count: number): void => {
    for (let i = 0; i < count; i++) tiering.memory.plan!.step(k);
  };
  step(40);
  touch(k, tiering, 7, 0);
  expect(k.memory.orders).toEqual([]);
  step(1);
  expect([...k.memory.marked[0]!].sort()).toEqual([0, 1]);
  touch(k, tiering, 1, 0);
  step(1);
  expect(k.memory.orders).toEqual(['0.0:0>1']); // one block is missing
  touch(k, tiering, 0, 0); // that it was marked says nothing of how hot it is
  expect(k.memory.orders).toHaveLength(1);

  const enough = host([3, 20, 9]); // and after it has taken one, its high watermark
  enough.memory.nodes[0]!.fill(1 as NodeId);
  touch(enough, tiering, 7, 0);
  expect(enough.memory.orders).toEqual(['0.7:1>0']);

  const idle = host([2, 20, 9]);
  const without = policy({ demotion: 'off' });
  idle.memory.nodes[0] = k.memory.nodes[0].map((_, block) => (block < 2 ? 0 : 1) as NodeId);
  touch(idle, without, 7, 0);
  for (let i = 0; i < 40; i++) without.memory.plan!.step(idle);
  expect([idle.memory.orders, idle.memory.marked[0]!.size]).toEqual([[], 0]);
});

test.each([
  [false, ['0.0:0>1']],
  [true, ['0.0:0>1', '0.0:1>0']],
])('the mark by which a block was found cold does not take it up again, that of a scan since does: %s', (isScanned, orders) => {
  const k = host([2, 20, 9]);
  const tiering = policy();
  k.memory.nodes[0] = [0, ...Array<number>(12).fill(1)] as NodeId[];
  k.start(tiering.cpu);
  tiering.cpu.guestInit!(k, 0 as GuestId);
  k.wake(0);
  touch(k, tiering, 7, 0);
  for (let i = 0; i < 2; i++) tiering.memory.plan!.step(k);
  expect(k.memory.orders).toEqual(['0.0:0>1']);
  k.nodeFreeBytes = () => 4 * k.blockBytes;
  if (isScanned) k.pass(ms(1100));
  touch(k, tiering, 0, 0);
  expect(k.memory.orders).toEqual(orders);
});

test('without hot selection what is touched goes up however long after its mark', () => {
  const k = host();
  const base = policy({ 'hot-selection': 'off' });
  k.memory.nodes[0]!.fill(1 as NodeId);
  touch(k, base, 3, seconds(50));
  touch(k, base, 4, seconds(50), 2);
  expect(k.memory.orders).toEqual(['0.3:1>0', '0.4:1>2']);
});

test('where no node is slow nothing is marked or moved, and memory lies where it is touched', () => {
  const k = fakeKernel({ nodeCpus: [2, 1], memoryGiB: [4, 9], guests: [{ vcpus: 1, memoryGiB: 6 }] });
  const { cpu, memory } = policy();
  expect(k.back(0, 6, memory, FLOATING, 0)).toEqual([0, 0, 0, 0, 1, 1]); // to the last block
  k.memory.nodes[0] = [0, 0, 0, 0, 1, 1] as NodeId[];
  k.blockNode = () => {
    throw new Error('nobody has to look where blocks are');
  };
  k.start(cpu);
  cpu.guestInit!(k, 0 as GuestId);
  k.wake(0);
  for (let i = 0; i < 300; i++) {
    k.pass(ms(10));
    memory.plan!.step(k);
  }
  expect([k.memory.marked[0]!.size, k.memory.orders]).toEqual([0, []]);
  expect(k.onCpus()[0]).not.toBe(NONE);
});
