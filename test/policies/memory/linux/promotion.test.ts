import { expect, test } from 'vitest';
import { Promotion } from '../../../../policies/memory/linux/promotion.ts';
import { RecentUsers } from '../../../../policies/memory/linux/recent-users.ts';
import type { HintFault, Kernel } from '../../../../sim/policy-api.ts';
import { type CpuId, GiB, type GuestId, MiB, ms, type NodeId, seconds, type VcpuId } from '../../../../sim/units.ts';

const BLOCK = MiB(2);
const NODE_GIB = [32, 8];

/** Just what promotion looks at: the time and how much of nodes 0 and 1 is free, which is little. */
function host(freeBytes = [GiB(1), GiB(0.5)]): { at(ns: number): Kernel; freeBytes: number[] } {
  const k = {
    nowNs: 0,
    blockBytes: BLOCK,
    nodeFreeBytes: (node: NodeId) => freeBytes[node]!,
    nodeMemoryBytes: (node: NodeId) => GiB(NODE_GIB[node]!),
    guestBlockCount: () => 5,
  };
  return { freeBytes, at: (ns) => Object.assign(k, { nowNs: ns }) as unknown as Kernel };
}

function faultOf(markedNs: number, cpuNode = 0, block = 3): HintFault {
  const ids = { guest: 0 as GuestId, vcpu: 0 as VcpuId, cpu: 0 as CpuId };
  return { ...ids, block, node: 2 as NodeId, cpuNode: cpuNode as NodeId, isWrite: false, markedNs };
}

const [node0, node1] = [0, 1] as NodeId[];
const options = { hotThresholdNs: ms(800), bytesPerSecond: GiB(50), adjusts: false, adjustPeriodNs: seconds(60) };

test('what is touched sooner after its mark than the threshold goes up, and what is touched at it does not', () => {
  const promotion = new Promotion(2, options);
  const { at } = host();
  expect(promotion.allows(at(seconds(5) + ms(800) - 1), faultOf(seconds(5)), node0!)).toBe(true);
  expect(promotion.allows(at(seconds(5) + ms(800)), faultOf(seconds(5)), node0!)).toBe(false);
});

test('to a node with more free than 1 GiB and a sixteenth all goes up', () => {
  const promotion = new Promotion(2, options);
  const { at, freeBytes } = host([GiB(2), GiB(1)]); // a sixteenth of 32 GiB, and of 8 less than 1 GiB
  const goUp = (): boolean[] => [node0!, node1!].map((node) => promotion.allows(at(seconds(9)), faultOf(seconds(1)), node));
  expect(goUp()).toEqual([false, false]);
  freeBytes[1]! += 1;
  expect(goUp()).toEqual([false, true]);
  freeBytes[0]! += 1;
  expect(goUp()).toEqual([true, true]);
});

test('of what is hot no more goes to one node in a second than the rate allows, whatever goes to others', () => {
  const promotion = new Promotion(2, { ...options, bytesPerSecond: 3 * BLOCK });
  const { at } = host();
  const hot = (ns: number, node: NodeId): boolean => promotion.allows(at(ns), faultOf(ns), node);
  // The first second began at 0; the third candidate of it makes three blocks, which is the limit.
  expect([1, 2, 3, 4].map((i) => hot(ms(100) * i, node0!))).toEqual([true, true, false, false]);
  expect(hot(ms(500), node1!)).toBe(true);
  expect(hot(seconds(1), node0!)).toBe(false); // a second, and no more
  // The first of the next second is not counted against it: one, and then up to three less one.
  expect([1, 2, 3, 4].map((i) => hot(seconds(1) + i, node0!))).toEqual([true, true, true, false]);
  // What is not hot is no candidate.
  expect(promotion.allows(at(seconds(3)), faultOf(0), node0!)).toBe(false);
  expect([1, 2, 3, 4].map((i) => hot(seconds(3) + i, node0!))).toEqual([true, true, true, false]);
});

test('every period the threshold moves by an eighth of where it began, so that candidates come as fast as they may go', () => {
  const promotion = new Promotion(2, { ...options, bytesPerSecond: 10 * BLOCK, adjusts: true, adjustPeriodNs: seconds(20) });
  const { at } = host();
  let ns = 0;
  /** So many candidates in a period of 20 s and a little; 10 blocks a second are 200. The first is of the period before. */
  const period = (candidates: number): number => {
    ns += seconds(20) + 1;
    for (let i = 0; i < candidates; i++) promotion.allows(at(ns + i), faultOf(ns + i), node0!);
    return promotion.thresholdNs[0]! / ms(1);
  };
  // Each period is judged when the first candidate of the next comes: that one is still to be counted.
  expect(period(221)).toBe(900); // none so far: up by 2 * 800 / 16 = 100
  expect(period(220)).toBe(800); // 221 are more than 200 and a tenth
  expect(period(180)).toBe(800); // 220 are not
  expect(period(179)).toBe(800); // nor are 180 less than 200 less a tenth
  expect(period(1)).toBe(900); // 179 are
  expect(promotion.thresholdNs[1]).toBe(ms(800));
});

test('the threshold stays above nothing and below twice where it began, and begins anew when there is room again', () => {
  const promotion = new Promotion(2, { ...options, bytesPerSecond: 1, adjusts: true, adjustPeriodNs: seconds(20) });
  const { at, freeBytes } = host();
  const after = (periods: number, from: number): number => {
    for (let i = 1; i <= periods; i++) promotion.allows(at(from + i * seconds(21)), faultOf(from + i * seconds(21)), node0!);
    return promotion.thresholdNs[0]!;
  };
  expect(after(1, 0)).toBe(ms(900)); // nothing came before the first
  expect(after(30, seconds(21))).toBe(ms(100)); // one block each is more than 20 bytes: 900, 800 .. 100, and no further
  freeBytes[0] = GiB(3);
  expect(after(1, seconds(700))).toBe(ms(800));

  const idle = new Promotion(2, { ...options, adjusts: true, adjustPeriodNs: seconds(20) });
  freeBytes[0] = 0;
  for (let i = 1; i <= 30; i++) idle.allows(at(i * seconds(21)), faultOf(0), node0!);
  expect(idle.thresholdNs[0]).toBe(ms(1600));
});

test('a threshold that does not adjust stays', () => {
  const promotion = new Promotion(2, options);
  const { at } = host();
  for (let i = 1; i < 9; i++) promotion.allows(at(i * seconds(61)), faultOf(i * seconds(61)), node0!);
  expect([...promotion.thresholdNs]).toEqual([ms(800), ms(800)]);
});

test('without hot selection a block goes up unless CPUs of another node touched it last', () => {
  const users = new RecentUsers();
  const k = host().at(0);
  const touches = ([0, 1, 1, 0, 0] as const).map((cpuNode) => users.allows(k, faultOf(0, cpuNode)));
  expect(touches).toEqual([true, false, true, false, true]);
  expect(users.allows(k, faultOf(0, 1, 4))).toBe(true); // another block
});
