import { describe, expect, test } from 'vitest';
import { BlockIndex } from '../../../policies/memory/block-index.ts';
import { MaxHeap } from '../../../policies/memory/max-heap.ts';
import { namedStream } from '../../../sim/random.ts';
import { type GuestId, NONE } from '../../../sim/units.ts';

const seed = '20101104';
const guest = (id: number): GuestId => id as GuestId;

describe('an index of blocks', () => {
  test('gives a slot to as many blocks as it holds, and a freed one to the next', () => {
    const index = new BlockIndex(3);
    const slots = [index.add(guest(0), 5), index.add(guest(1), 5), index.add(guest(0), 9)];
    expect(new Set(slots).size).toBe(3);
    expect([index.isFull, index.add(guest(2), 7)]).toEqual([true, NONE]);
    index.remove(slots[1]!);
    expect([index.find(guest(1), 5), index.add(guest(2), 7)]).toEqual([NONE, slots[1]]);
    expect([index.find(guest(0), 5), index.find(guest(0), 9), index.find(guest(2), 7)]).toEqual([slots[0], slots[2], slots[1]]);
    index.clear();
    expect([index.size, index.end, index.find(guest(0), 9)]).toEqual([0, 0, NONE]);
  });

  test(`finds what a map finds, whatever is added and removed (seed ${seed})`, () => {
    const random = namedStream(seed, 'blocks', 0, 'index');
    const index = new BlockIndex(37); // buckets are 64, the blocks of 5 guests 150: chains of several
    const twin = new Map<string, number>();
    for (let step = 0; step < 5000; step++) {
      const [of, block] = [guest(Math.floor(random() * 5)), Math.floor(random() * 30) * 64];
      const name = `${of}.${block}`;
      const slot = index.find(of, block);
      expect(slot).toBe(twin.get(name) ?? NONE);
      if (slot !== NONE) {
        index.remove(slot);
        twin.delete(name);
      } else if (!index.isFull) twin.set(name, index.add(of, block));
      expect([index.size, new Set(twin.values()).size]).toEqual([twin.size, twin.size]);
    }
  });
});

test(`a heap gives the largest key first, ties by number (seed ${seed})`, () => {
  const random = namedStream(seed, 'blocks', 0, 'heap');
  for (let count = 0; count < 40; count++) {
    const heap = new MaxHeap(count);
    const keys = Array.from({ length: count }, () => Math.floor(random() * 9));
    for (const id of keys.map((_, i) => (i * 7) % count).sort(() => random() - 0.5)) if (count % 7 !== 0) heap.push(id, keys[id]!);
    if (count % 7 === 0) keys.forEach((key, id) => heap.push(id, key));
    const expected = keys.map((_, id) => id).sort((a, b) => keys[b]! - keys[a]! || a - b);
    expect(Array.from({ length: count }, () => heap.pop())).toEqual(expected);
    expect(heap.size).toBe(0);
  }
});
