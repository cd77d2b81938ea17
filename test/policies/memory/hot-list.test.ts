import { describe, expect, test } from 'vitest';
import { HotList } from '../../../policies/memory/hot-list.ts';
import { hotLists, HotLists } from '../../../policies/memory/hot-lists.ts';
import { namedStream } from '../../../sim/random.ts';
import { type CpuId, type GuestId, ms, NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import { fakeKernel, type FakeSpec } from '../fake-kernel.ts';
import { type Sampled, sampled } from './sampled.ts';

const seed = '20101105';
const G = 0 as GuestId;

function entriesOf(list: HotList): string[] {
  const entries: string[] = [];
  for (let slot = list.first; slot !== NONE; slot = list.after[slot]!) {
    entries.push(`${list.blocks.guest[slot]}.${list.blocks.block[slot]}:${list.scores[slot]}`);
  }
  return entries;
}

describe('a hot list', () => {
  test('has the highest score first, of equal ones the latest', () => {
    const list = new HotList();
    for (const block of [4, 7, 9, 7, 4, 4, 2, 9]) list.touch(G, block);
    // 4:1, 7:1, 9:1; then 7:2, 4:2, 4:3; 2:1; 9:2 goes above 7, which has no more
    expect(entriesOf(list)).toEqual(['0.4:3', '0.9:2', '0.7:2', '0.2:1']);
    list.forget(G, 9);
    list.forget(G, 8);
    expect(entriesOf(list)).toEqual(['0.4:3', '0.7:2', '0.2:1']);
    list.forget(G, 4);
    list.forget(G, 2);
    list.touch(G, 3);
    expect(entriesOf(list)).toEqual(['0.7:2', '0.3:1']);
  });

  test('keeps 511 blocks, and lets the one that has been cold for longest go for a new one', () => {
    const list = new HotList();
    for (let block = 0; block < 511; block++) list.touch(G, block);
    list.touch(G, 0);
    list.touch(G, 511);
    const entries = entriesOf(list);
    expect([entries.length, entries[0], entries[1], entries.at(-1)]).toEqual([511, '0.0:2', '0.511:1', '0.2:1']);
  });

  test('counts to 1024', () => {
    const list = new HotList();
    for (let i = 0; i < 1023; i++) list.touch(G, 5);
    expect(list.scoreOf(G, 5)).toBe(1023);
    for (let i = 0; i < 2; i++) list.touch(G, 5);
    expect(list.scoreOf(G, 5)).toBe(1024);
    expect(list.scoreOf(1 as GuestId, 5)).toBe(0);
  });

  test(`is as a sorted array, whatever is sampled (seed ${seed})`, () => {
    const random = namedStream(seed, 'hot-list', 0, 'list');
    const list = new HotList();
    let twin: { name: string; score: number; at: number }[] = [];
    for (let at = 0; at < 6000; at++) {
      const [guest, block] = [Math.floor(random() * 3), Math.floor(300 * random() ** 2)]; // up to 900 blocks, some much hotter
      const name = `${guest}.${block}`;
      list.touch(guest as GuestId, block);
      const found = twin.find((entry) => entry.name === name);
      if (!found && twin.length === 511) twin.pop();
      if (found) Object.assign(found, { score: found.score + 1, at });
      else twin.push({ name, score: 1, at });
      twin = twin.sort((a, b) => b.score - a.score || b.at - a.at);
    }
    expect(twin.length).toBe(511);
    expect(entriesOf(list)).toEqual(twin.map((entry) => `${entry.name}:${entry.score}`));
  });
});

// CPUs 0 and 1 are of node 0, 2 of node 1, 3 to 5 of node 2.
const SPEC: FakeSpec = { nodeCpus: [2, 1, 3], blockGiB: 1 / 1024, guests: [{ vcpus: 6, memoryGiB: 2 }] };
const lab = (): Sampled => sampled(hotLists({ periodLines: 1, periodNs: ms(1), cooldownNs: ms(10) }), SPEC);

describe('a round', () => {
  test('decides, and the next one moves what was decided, the largest share first', () => {
    const it = lab();
    it.lie(1, 1, 0);
    it.sample(0, 0, 3); // block 0: 3 of 5 on node 0, by two CPUs
    it.sample(0, 3, 2);
    it.sample(1, 4, 2); // block 1: 2 and 2 of 5 on node 2, by two CPUs
    it.sample(1, 5, 2);
    it.sample(1, 1, 1);
    it.sample(2, 2, 1); // block 2: all on node 1
    expect(it.plan()).toEqual([]);
    expect(it.plan()).toEqual(['0.2:0>1', '0.1:1>2', '0.0:1>0']);
    expect(it.plan()).toEqual([]);
  });

  test('moves what has 60 % of its score on a node, in whole percent, and nothing below', () => {
    const it = lab();
    it.lie(0, 0, 0);
    it.sample(0, 2, 599); // 599 of 1000
    it.sample(0, 3, 401);
    it.sample(1, 2, 6); // 6 of 10
    it.sample(1, 4, 2);
    it.sample(1, 5, 2);
    it.sample(2, 2, 3); // a third each
    it.sample(2, 3, 3);
    it.sample(2, 0, 3);
    it.plan();
    expect(it.plan()).toEqual(['0.1:0>1']);
  });

  test('begins with empty lists', () => {
    const it = lab();
    it.lie(0);
    it.sample(0, 2, 5);
    it.plan();
    it.lie(1); // it was moved by someone else
    it.sample(0, 3, 4);
    expect(it.plan()).toEqual([]); // to node 1 it was decided, where it is: and it leaves the lists
    expect(it.plan()).toEqual([]);
    it.sample(0, 3, 1);
    it.plan();
    expect(it.plan()).toEqual(['0.0:1>2']); // one sample will do, the 4 are forgotten
  });

  test('looks at no more than 64 blocks, the hottest on any list', () => {
    const it = lab();
    it.lie(...Array<number>(80).fill(0));
    for (let block = 0; block < 80; block++) it.sample(block, block % 2 === 0 ? 2 : 3, block + 1);
    it.plan();
    const moved = it.plan().map((order) => Number(/\.(\d+):/.exec(order)![1]));
    expect(moved.sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i + 16));
  });

  test('gives a move up after it was refused in 16', () => {
    for (const [rounds, expected] of [
      [15, ['0.0:0>1']],
      [16, []],
    ] as const) {
      // prettier-ignore
      const it = lab();
      it.lie(0);
      it.sample(0, 2, 3);
      it.plan();
      it.k.memory.roomBytes = 0;
      for (let round = 0; round < rounds; round++) it.plan();
      it.k.memory.roomBytes = Infinity;
      expect(it.plan()).toEqual(expected);
    }
  });

  test('has as many tries for what takes the place of another in the queue', () => {
    const it = lab();
    it.lie(0, 0);
    it.k.memory.roomBytes = 0;
    it.sample(0, 2, 3);
    for (let round = 0; round < 17; round++) it.plan(); // decided in the first, given up in the 17th
    it.sample(1, 2, 3);
    for (let round = 0; round < 3; round++) it.plan();
    it.k.memory.roomBytes = Infinity;
    expect(it.plan()).toEqual(['0.1:0>1']);
  });

  test('decides anew on a block only when the last decision is done with', () => {
    const it = lab();
    it.lie(0);
    it.sample(0, 2, 3);
    it.plan();
    it.k.memory.roomBytes = 0;
    it.sample(0, 3, 9);
    it.plan();
    it.k.memory.roomBytes = Infinity;
    expect(it.plan()).toEqual(['0.0:0>1']);
  });

  test('leaves the memory of a guest that has left alone', () => {
    const it = lab();
    it.lie(0);
    it.sample(0, 2, 3);
    it.plan();
    it.k.isHere = (): boolean => false;
    expect(it.plan()).toEqual([]);
  });
});

/** What a round should decide, by sorting all entries there are. */
function slowRound(samples: readonly (readonly [cpu: number, block: number])[], nodeOf: readonly number[]): string[] {
  const entries = nodeOf.flatMap((_, cpu) => {
    const mine = samples.flatMap(([of, block], at) => (of === cpu ? [{ block, at }] : []));
    return [...new Set(mine.map(({ block }) => block))].map((block) => {
      const hits = mine.filter((sample) => sample.block === block);
      return { cpu, block, score: hits.length, at: hits.at(-1)!.at };
    });
  });
  const hottest = [...new Set(entries.sort((a, b) => b.score - a.score || a.cpu - b.cpu || b.at - a.at).map(({ block }) => block))].slice(
    0,
    64,
  );
  const candidates = hottest.map((block) => {
    const scores = [0, 1, 2].map((node) => samples.filter(([cpu, of]) => of === block && nodeOf[cpu] === node).length);
    const most = Math.max(...scores);
    const percent = Math.floor((100 * most) / scores.reduce((sum, score) => sum + score, 0));
    return { block, to: scores.indexOf(most), percent, most };
  });
  return candidates
    .map((candidate, i) => ({ ...candidate, i }))
    .filter(({ percent }) => percent >= 60)
    .sort((a, b) => b.percent - a.percent || b.most - a.most || a.i - b.i)
    .map(({ block, to }) => `0.${block}:${to}`);
}

test(`rounds decide as sorting all lists does (seed ${seed})`, () => {
  const random = namedStream(seed, 'hot-list', 0, 'round');
  const nodeOf = [0, 0, 1, 2, 2, 2];
  for (let round = 0; round < 60; round++) {
    const k = fakeKernel(SPEC);
    const lists = new HotLists();
    const blocks = 20 + Math.floor(random() * 200);
    const samples = Array.from({ length: 100 + Math.floor(random() * 1500) }, () => {
      const block = Math.floor(blocks * random() ** 2);
      return [random() < 0.6 ? block % 6 : Math.floor(random() * 6), block] as const;
    });
    for (let block = 0; block < blocks; block++) k.memory.nodes[0]![block] = 9 as NodeId; // on none of them
    for (const [cpu, block] of samples) {
      lists.touch({
        guest: G,
        vcpu: 0 as VcpuId,
        block,
        node: 9 as NodeId,
        cpu: cpu as CpuId,
        cpuNode: nodeOf[cpu] as NodeId,
        isWrite: false,
      });
    }
    lists.decide(k);
    lists.perform(k);
    expect(k.memory.orders.map((order) => order.replace('9>', ''))).toEqual(slowRound(samples, nodeOf));
  }
});
