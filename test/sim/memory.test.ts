import { describe, expect, test } from 'vitest';
import { SimulatorError } from '../../sim/assert.ts';
import { HostMemory, nodesByDistance } from '../../sim/memory.ts';
import { below, namedStream } from '../../sim/random.ts';
import { GiB, MiB } from '../../sim/units.ts';
import { lopsidedMachine } from './scenario-fixture.ts';

const BLOCK = MiB(256);
const make = (...guests: { bytes: number; regions: number }[]): HostMemory => new HostMemory(lopsidedMachine, BLOCK, guests);

function blocksOf(memory: HostMemory, region: number): number[] {
  const guest = memory.firstRegion.findLastIndex((first) => first <= region);
  const blocks: number[] = [];
  for (let block = memory.regionHead[region]!; block >= 0; block = memory.nextOf(guest, block)) blocks.push(block);
  return blocks;
}

test('the lopsided machine has 20, 12 and 28 blocks of 256 MiB, and a guest as many as its bytes begin', () => {
  const memory = make({ bytes: GiB(1), regions: 1 }, { bytes: BLOCK * 2.5, regions: 2 });
  expect([...memory.nodeFree]).toEqual([20, 12, 28]);
  expect([...memory.guestBlocks.count]).toEqual([4, 3]);
  expect([...memory.guestBlocks.first]).toEqual([0, 4]);
  expect([...memory.firstRegion]).toEqual([0, 1]);
});

test('nodes are near by SLIT of the row, ties by number', () => {
  // rows: 10 13 27 / 14 10 19 / 24 18 10
  expect([...nodesByDistance(lopsidedMachine)]).toEqual([0, 1, 2, 1, 0, 2, 2, 1, 0]);
});

describe('a guest hands out its blocks', () => {
  test('fresh ones in order, and of those freed the last one first', () => {
    const memory = make({ bytes: GiB(2), regions: 4 });
    memory.allocate(0, 0, BLOCK * 3);
    memory.allocate(0, 1, BLOCK * 2);
    expect(blocksOf(memory, 0)).toEqual([0, 1, 2]);
    expect(blocksOf(memory, 1)).toEqual([3, 4]);
    memory.release(0, 0);
    memory.allocate(0, 2, BLOCK * 4);
    expect(blocksOf(memory, 2)).toEqual([2, 1, 0, 5]);
  });

  test('to a region whole or not at all', () => {
    const memory = make({ bytes: GiB(1), regions: 2 });
    expect(memory.allocate(0, 0, BLOCK * 3)).toBe(true);
    expect(memory.allocate(0, 1, BLOCK * 2)).toBe(false);
    expect(blocksOf(memory, 1)).toEqual([]);
    expect(memory.allocate(0, 1, BLOCK)).toBe(true);
  });

  test('with the host node they have had since they were touched first', () => {
    const memory = make({ bytes: GiB(1), regions: 2 });
    memory.allocate(0, 0, BLOCK * 2);
    memory.back(0, 0, 0, 2, 'distance');
    memory.back(0, 0, 1, 0, 'distance');
    memory.release(0, 0);
    expect([...memory.nodeFree], 'the host is not told').toEqual([19, 12, 27]);
    memory.allocate(0, 1, BLOCK * 3);
    expect(blocksOf(memory, 1)).toEqual([1, 0, 2]);
    expect([...memory.regionNodeBlocks.subarray(3, 6)]).toEqual([1, 0, 1]);
    expect(memory.regionNodes[1]).toBe(2);
    expect(memory.isBacked(2)).toBe(false);
  });
});

describe('when the wanted node is full', () => {
  /** The node that the block after the last of node 1 gets. */
  function after(fallback: 'distance' | 'next-id' | 'none'): number {
    const memory = make({ bytes: GiB(15), regions: 0 });
    for (let block = 0; block < 12; block++) expect(memory.back(0, -1, block, 1, fallback)).toBe(1);
    return memory.back(0, -1, 12, 1, fallback);
  }
  test('the nearest by SLIT, the next by number, or nothing follows', () => {
    expect(after('distance')).toBe(0);
    expect(after('next-id')).toBe(2);
    expect(after('none')).toBe(-1);
  });

  test('a full machine has no more to give', () => {
    const memory = make({ bytes: GiB(16), regions: 0 });
    for (let block = 0; block < 60; block++) expect(memory.back(0, -1, block, 0, 'distance')).toBeGreaterThanOrEqual(0);
    expect([...memory.nodeFree]).toEqual([0, 0, 0]);
    expect(memory.back(0, -1, 60, 0, 'distance')).toBe(-1);
    expect(memory.back(0, -1, 60, 0, 'next-id')).toBe(-1);
  });
});

test('a moved block is counted where it is, and nowhere twice', () => {
  const memory = make({ bytes: GiB(1), regions: 1 });
  memory.allocate(0, 0, BLOCK * 2);
  memory.back(0, 0, 0, 0, 'none');
  memory.back(0, 0, 1, 0, 'none');
  expect(memory.move(0, 0, 1, 2)).toBe(true);
  expect([...memory.nodeFree]).toEqual([19, 12, 27]);
  expect([...memory.guestNodeBlocks]).toEqual([1, 0, 1]);
  expect([...memory.regionNodeBlocks]).toEqual([1, 0, 1]);
  expect(memory.regionNodes[0]).toBe(2);
  memory.move(0, 0, 0, 2);
  expect(memory.regionNodes[0]).toBe(1);
  expect(() => memory.move(0, 0, 0, 2)).toThrow(SimulatorError);
});

test('no block is lost or doubled, whatever guests do (30 seeds)', () => {
  for (let seed = 0; seed < 30; seed++) {
    const random = namedStream(String(seed), 'memory', 0, 'test');
    const memory = make({ bytes: GiB(9), regions: 3 }, { bytes: GiB(8), regions: 3 });
    const everyBlock = Array.from({ length: 36 + 32 }, (_, block) => block); // 9 and 8 GiB
    for (let step = 0; step < 150; step++) {
      const guest = below(random, 2);
      const region = guest * 3 + below(random, 3);
      const held = blocksOf(memory, region);
      if (held.length === 0) memory.allocate(guest, region, BLOCK * (1 + below(random, 14)));
      else if (random() < 0.25) memory.release(guest, region);
      else {
        const block = held[below(random, held.length)]!;
        const node = below(random, 3);
        if (!memory.isBacked(block)) memory.back(guest, region, block, node, 'distance');
        else if (memory.nodeOf(block) !== node) memory.move(guest, region, block, node);
      }

      const hint = `seed ${seed}, step ${step}`;
      const backed = [0, 1, 2].map((node) => everyBlock.filter((block) => memory.nodeOf(block) === node).length);
      expect(
        [0, 1, 2].map((node) => memory.nodeFree[node]! + backed[node]!),
        hint,
      ).toEqual([20, 12, 28]);
      const all = [0, 1, 2, 3, 4, 5].flatMap((other) => blocksOf(memory, other));
      expect(new Set(all).size, hint).toBe(all.length);
      for (let other = 0; other < 6; other++) {
        const nodes = blocksOf(memory, other).map((block) => memory.nodeOf(block));
        const counted = [0, 1, 2].map((node) => nodes.filter((at) => at === node).length);
        expect([...memory.regionNodeBlocks.subarray(other * 3, other * 3 + 3)], hint).toEqual(counted);
        expect(memory.regionNodes[other], hint).toBe(counted.filter((count) => count > 0).length);
      }
    }
  }
});
