import { expect, test } from 'vitest';
import { type GuestMemory, HostMemory } from '../../sim/memory.ts';
import type { Fallback } from '../../sim/policy-api.ts';
import { below, namedStream, type Random } from '../../sim/random.ts';
import { MiB } from '../../sim/units.ts';
import type { Heat } from '../../sim/workload-api.ts';
import { SlowMemory } from './memory.slow.ts';
import { lopsidedMachine } from './scenario-fixture.ts';

const BLOCK = MiB(32); // the machine has 160, 96 and 224
const SEEDS = 40;
const STEPS = 120;

/** Guests of 1, 2 or 3 vnodes that together have more than the machine, and every kind of heat. */
function drawnGuests(random: Random): GuestMemory[] {
  return [1 + below(random, 3), 1 + below(random, 3)].map((vnodes) => {
    const blocks = 180 + below(random, 150);
    const division = random() < 0.5 ? drawnDivision(random, blocks, vnodes) : undefined;
    return { bytes: BLOCK * blocks, regions: 4, vnodes, division, heat: [null, drawnHeat(random), drawnHeat(random), null] };
  });
}

/** Parts of any size, and an order of them for each, itself first. */
function drawnDivision(random: Random, blocks: number, vnodes: number): NonNullable<GuestMemory['division']> {
  const cuts = Array.from({ length: vnodes - 1 }, () => 1 + below(random, blocks - 1)).sort((a, b) => a - b);
  const orders = Array.from({ length: vnodes }, (_, from) => {
    const others = Array.from({ length: vnodes }, (_unused, i) => i).filter((vnode) => vnode !== from);
    return [from, ...(random() < 0.5 ? others : others.reverse())];
  });
  return { firstBlock: Int32Array.from([0, ...cuts, blocks]), nearest: Int32Array.from(orders.flat()) };
}

function drawnHeat(random: Random): Heat {
  const driftNs = random() < 0.3 ? 0 : 1 + below(random, 1000);
  if (random() < 0.5) return { kind: 'zipf', exponent: random() * 2, driftNs };
  return { kind: 'hot', blockShare: 0.01 + 0.9 * random(), accessShare: random() < 0.3 ? 1 : random(), driftNs };
}

function regionOf(memory: HostMemory, guest: number, region: number): number[] {
  const ids: number[] = [];
  for (let block = memory.regionHead[region]!; block >= 0; block = memory.nextOf(guest, block)) ids.push(block);
  return ids;
}

test(`after any history both levels stand as the obvious memory has them, to the last digit of heat (${SEEDS} seeds)`, () => {
  const seen = { refused: 0, outOfMemory: 0, full: 0, moved: 0, hot: 0, reclaimed: 0, homes: 0 };
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = namedStream(String(seed), 'memory', 0, 'twin');
    const guests = drawnGuests(random);
    const fast = new HostMemory(lopsidedMachine, BLOCK, guests);
    const slow = new SlowMemory(lopsidedMachine, BLOCK, guests);
    const cacheBytes = random() < 0.5 ? 0 : below(random, BLOCK * 400);
    fast.fillHostCache(cacheBytes);
    slow.fillHostCache(cacheBytes);
    let nowNs = 0;
    for (let step = 0; step < STEPS; step++) {
      const hint = `seed ${seed}, step ${step}`;
      const guest = below(random, 2);
      const region = guest * 4 + below(random, 4);
      const held = slow.regions[region]!;
      if (held.length === 0) {
        const bytes = 1 + below(random, BLOCK * 160);
        const vnode = below(random, guests[guest]!.vnodes!);
        const done = fast.allocate(guest, region, bytes, vnode);
        expect(done, hint).toBe(slow.allocate(guest, region, bytes, vnode));
        if (!done) seen.refused++;
      } else if (random() < 0.15) {
        fast.release(guest, region);
        slow.release(region);
      } else {
        const fallback = (['distance', 'next-id', 'none'] as Fallback[])[below(random, 3)]!;
        for (let i = 0; i < 20; i++) {
          const { id, node: at } = held[below(random, held.length)]!;
          const node = below(random, 3);
          if (at < 0) {
            const got = fast.back(guest, region, id, node, fallback);
            expect(got, hint).toBe(slow.back(id, node, fallback));
            if (got < 0) seen.outOfMemory++;
          } else if (at !== node) {
            const moved = fast.move(guest, region, id, node);
            expect(moved, hint).toBe(slow.move(id, node));
            if (moved) seen.moved++;
            else seen.full++;
          }
        }
      }
      nowNs += below(random, 3000);

      expect([...fast.nodeFree], hint).toEqual([0, 1, 2].map((node) => slow.nodeFree(node)));
      expect([...fast.nodeCache], hint).toEqual(slow.cache);
      expect(
        slow.blocks.map(({ id }) => fast.nodeOf(id)),
        hint,
      ).toEqual(slow.blocks.map(({ node }) => node));
      for (let other = 0; other < 8; other++) {
        const owner = Math.floor(other / 4);
        const blocks = slow.regions[other]!;
        expect(regionOf(fast, owner, other), hint).toEqual(blocks.map(({ id }) => id));
        expect(fast.homes.home[other], hint).toBe(slow.home(other));
        if (slow.home(other) > 0) seen.homes++;
        if (blocks.length > 0) expect(fast.blockAt(owner, other, step % blocks.length), hint).toBe(blocks[step % blocks.length]!.id);
        const shares = new Float64Array(5).fill(-7);
        const wanted = slow.accessesByNode(other, nowNs);
        expect(fast.accessesByNode(other, nowNs, shares, 1), hint).toBe(wanted.reduce((sum, weight) => sum + weight, 0));
        expect([...shares], hint).toEqual([-7, ...wanted, -7]);
        if (wanted.some((weight) => weight > 1e6)) seen.hot++;
      }
    }
    if (fast.nodeCache.reduce((sum, blocks) => sum + blocks, 0) < Math.ceil(cacheBytes / BLOCK)) seen.reclaimed++;
  }
  for (const [what, times] of Object.entries(seen)) expect(times, `histories without: ${what}`).toBeGreaterThan(0);
});
