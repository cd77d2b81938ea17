import { describe, expect, test } from 'vitest';
import { policyNamed } from '../../../policies/index.ts';
import { firstTouch } from '../../../policies/memory/first-touch.ts';
import { hotPages, type HotPagesOptions } from '../../../policies/memory/hot-pages.ts';
import { defaultOptions, type OptionValues } from '../../../sim/options.ts';
import type { MemoryPolicy, Policy } from '../../../sim/policy-api.ts';
import { namedStream } from '../../../sim/random.ts';
import { type GuestId, ms, type NodeId, seconds, us } from '../../../sim/units.ts';
import type { FakeSpec } from '../fake-kernel.ts';
import { type Sampled, sampled } from './sampled.ts';

const SLIT = [
  [10, 18, 25],
  [20, 10, 15],
  [30, 21, 10],
];
// CPU 0 is of node 0, 1 and 2 of node 1, 3 to 5 of node 2. Blocks of 1 MiB.
const SPEC: FakeSpec = { nodeCpus: [1, 2, 3], slit: SLIT, blockGiB: 1 / 1024, guests: [{ vcpus: 6, memoryGiB: 20 }] };

const OPTIONS: HotPagesOptions = {
  periodLines: 1000,
  periodNs: ms(1),
  halfLifeNs: ms(1),
  stayNs: ms(10),
  latencyNs: 100,
  copyBytesPerSecond: Infinity,
  moveNs: 0,
  moveBytesPerSecond: Infinity,
  cooldownNs: 0,
  revertNs: 0,
};
const memory = (options: Partial<HotPagesOptions> = {}): MemoryPolicy => hotPages(firstTouch(), { ...OPTIONS, ...options });
const lab = (options: Partial<HotPagesOptions> = {}, spec: Partial<FakeSpec> = {}): Sampled =>
  sampled(memory(options), { ...SPEC, ...spec });

describe('a block used from another node', () => {
  // Two samples of node 1 of a block on node 0 in 1 ms: 2 * 1000 lines * 100 ns * (20 - 10) / 10 = 0.2 ms a ms, 2 ms in a stay of 10
  const used = (options: Partial<HotPagesOptions>): string[] => {
    const it = lab(options);
    it.lie(0);
    it.sample(0, 1, 1);
    it.sample(0, 2, 1);
    return it.plan();
  };

  test('moves when that saves more than it costs', () => {
    const copyNs = 1_048_576; // 1 MiB at 1 GB/s
    expect(used({ copyBytesPerSecond: 1e9, moveNs: ms(2) - copyNs - 1 })).toEqual(['0.0:0>1']);
    expect(used({ copyBytesPerSecond: 1e9, moveNs: ms(2) - copyNs })).toEqual([]);
  });

  test('saves more the longer it stays and the longer an access takes', () => {
    expect([used({ moveNs: ms(3), stayNs: ms(15) }), used({ moveNs: ms(3), stayNs: ms(16) })]).toEqual([[], ['0.0:0>1']]);
    expect([used({ moveNs: ms(3), latencyNs: 150 }), used({ moveNs: ms(3), latencyNs: 151 })]).toEqual([[], ['0.0:0>1']]);
  });

  test('counts those that would have it further away', () => {
    const shared = (moveNs: number): string[] => {
      const it = lab({ moveNs });
      it.lie(0);
      it.sample(0, 1, 4); // 4 * (20 - 10)
      it.sample(0, 0, 3); // 3 * (10 - 18): together 16, for 1.6 ms in a stay
      return it.plan();
    };
    expect([shared(ms(1.6)), shared(ms(1.6) - 1)]).toEqual([[], ['0.0:0>1']]);
  });

  test('moves only if one node has more than half', () => {
    const shared = (local: number): string[] => {
      const it = lab();
      it.lie(0);
      it.sample(0, 3, 4); // 4 * (30 - 10), against 10 - 25 for each of node 0
      it.sample(0, 0, local);
      return it.plan();
    };
    expect([shared(4), shared(3)]).toEqual([[], ['0.0:0>2']]);
    const it = lab();
    it.lie(2);
    it.sample(0, 0, 4); // 4 * (25 - 10)
    it.sample(0, 1, 4); // 4 * (15 - 20): nearer on the whole, but as many from each
    expect(it.plan()).toEqual([]);
  });

  test('is as hot as all the time shows that is remembered', () => {
    const used = (moveNs: number): string[] => {
      const it = lab({ moveNs });
      it.plan();
      it.lie(0);
      it.sample(0, 1, 3);
      return it.plan();
    };
    // 3 samples in 1 ms and half of the one before: 3 ms in a stay by 1.5
    expect([used(ms(2)), used(ms(2) - 1)]).toEqual([[], ['0.0:0>1']]);
  });

  test('moves when it was sampled twice within a half-life, not twice in two', () => {
    const apart = (periods: number): string[] => {
      const it = lab();
      it.lie(0);
      it.sample(0, 1, 1);
      for (let i = 0; i < periods; i++) expect(it.plan()).toEqual([]);
      it.sample(0, 1, 1);
      return it.plan();
    };
    expect([apart(1), apart(2)]).toEqual([['0.0:0>1'], []]); // 0.5 + 1, 0.25 + 1
  });

  test('stays where SLIT says that all nodes are as far', () => {
    const it = lab({}, { slit: [[10, 10, 10], [10, 10, 10], [10, 10, 10]] }); // prettier-ignore
    it.lie(0);
    it.sample(0, 1, 50);
    expect(it.plan()).toEqual([]);
  });

  test('stays when it has been moved there since it was sampled', () => {
    const policy = memory();
    const it = sampled(policy, SPEC);
    it.lie(0, 0);
    it.sample(0, 1, 5);
    it.sample(1, 1, 5);
    policy.onMoved!(it.k, 0 as GuestId, 0, 0 as NodeId, 1 as NodeId);
    policy.onMoved!(it.k, 0 as GuestId, 7, 0 as NodeId, 1 as NodeId); // was never sampled
    expect(it.plan()).toEqual(['0.1:0>1']);
  });

  test('is known to have moved by its next sample too', () => {
    const it = lab();
    it.lie(0);
    it.sample(0, 1, 5);
    it.lie(2);
    it.sample(0, 1, 1);
    expect(it.plan()).toEqual(['0.0:2>1']);
  });
});

describe('hot pages first', () => {
  const far = (it: Sampled): void => {
    it.lie(0, 0, 0);
    it.sample(0, 1, 2); // 2 * (20 - 10)
    it.sample(1, 2, 7); // 7 * (20 - 10)
    it.sample(2, 4, 4); // 4 * (30 - 10)
  };

  test('moves first what saves most, by heat and distance', () => {
    const it = lab();
    far(it);
    expect(it.plan()).toEqual(['0.2:0>2', '0.1:0>1', '0.0:0>1']);
  });

  test('moves no more than the rate has room for, and the rest later', () => {
    const it = lab();
    far(it);
    it.k.memory.roomBytes = 2 * it.k.blockBytes + 99;
    expect(it.plan()).toEqual(['0.2:0>2', '0.1:0>1']);
    it.k.memory.roomBytes = it.k.blockBytes;
    it.sample(0, 1, 1);
    it.policy.onMoved!(it.k, 0 as GuestId, 2, 0 as NodeId, 2 as NodeId);
    it.policy.onMoved!(it.k, 0 as GuestId, 1, 0 as NodeId, 1 as NodeId);
    expect(it.plan()).toEqual(['0.0:0>1']);
  });

  test('asks only for what is worth it now', () => {
    const it = lab();
    far(it);
    it.k.memory.roomBytes = 0;
    expect(it.plan()).toEqual([]);
    [2, 1, 0].forEach((block, i) => it.policy.onMoved!(it.k, 0 as GuestId, block, 0 as NodeId, [2, 1, 1][i] as NodeId));
    it.k.memory.roomBytes = Infinity;
    expect(it.plan()).toEqual([]);
  });

  test('goes on to the next where one cannot be moved', () => {
    const it = lab();
    far(it);
    it.k.memory.full.add(2);
    expect(it.plan()).toEqual(['0.1:0>1', '0.0:0>1']);
  });

  test('remembers 16384 blocks, and others once some are forgotten', () => {
    const it = lab();
    it.lie(...Array<number>(16_500).fill(0));
    for (let block = 0; block < 16_384; block++) it.sample(block, 0, 1);
    const hot = (): void => it.sample(16_400, 1, 5);
    hot();
    expect(it.plan()).toEqual([]);
    hot();
    expect(it.plan()).toEqual([]); // the others count 0.25
    hot();
    expect(it.plan()).toEqual([]); // and now less
    hot();
    expect(it.plan()).toEqual(['0.16400:0>1']);
  });

  test('forgets a guest that has left', () => {
    const it = lab();
    it.lie(0);
    it.sample(0, 1, 9);
    const { isHere } = it.k;
    it.k.isHere = (): boolean => false;
    expect(it.plan()).toEqual([]);
    it.k.isHere = isHere;
    it.sample(7, 1, 1); // takes its place
    expect(it.plan()).toEqual([]);
  });

  const seed = '20101106';
  test(`takes each block to its user when copies are free (seed ${seed})`, () => {
    const random = namedStream(seed, 'hot-pages', 0, 'converge');
    const it = lab({ halfLifeNs: ms(50) });
    const blocks = 300;
    const userOf = Array.from({ length: blocks }, () => Math.floor(random() * 6));
    it.lie(...userOf.map(() => Math.floor(random() * 3)));
    for (let period = 0; period < 40; period++) {
      for (let i = 0; i < 200; i++) {
        const block = Math.floor(blocks * random() ** 3); // hot ones first
        it.sample(block, userOf[block]!, 1);
      }
      it.plan();
    }
    const cpuNode = [0, 1, 1, 2, 2, 2];
    const astray = userOf.filter((cpu, block) => it.k.memory.nodes[0]![block] !== cpuNode[cpu]);
    expect(astray).toHaveLength(0);
  });
});

describe('temporary migration', () => {
  test('pays for two copies, and for no longer a stay than until it goes back', () => {
    // 0.2 ms a ms as above: 1 ms in the 5 ms until it goes back, 2 ms in a stay of 10
    const used = (revertNs: number, moveNs: number): string[] => {
      const it = lab({ revertNs, moveNs });
      it.lie(0);
      it.sample(0, 1, 2);
      return it.plan();
    };
    expect([used(ms(5), us(500)), used(ms(5), us(500) - 1)]).toEqual([[], ['0.0:0>1']]);
    expect([used(ms(20), ms(1)), used(ms(20), ms(1) - 1)]).toEqual([[], ['0.0:0>1']]);
  });

  test('goes home before that when its users do', () => {
    const policy = memory({ revertNs: ms(500) });
    const it = sampled(policy, SPEC);
    it.lie(0);
    it.sample(0, 1, 5);
    expect(it.plan()).toEqual(['0.0:0>1']);
    policy.onMoved!(it.k, 0 as GuestId, 0, 0 as NodeId, 1 as NodeId);
    it.sample(0, 0, 4); // against the 2.5 that are left
    expect(it.plan()).toEqual(['0.0:1>0']);
  });
});

describe('options', () => {
  const made = (name: string, values: OptionValues = {}): Policy => {
    const entry = policyNamed(name)!;
    return entry.make({ ...defaultOptions(entry.options), ...values });
  };

  test('of hot-pages-first: a rate, or none; a cooldown, and no way back', () => {
    const { moveBytesPerSecond, cooldownNs, revertAfterNs, samples, plan } = made('hot-pages-first', { rate: 7, sample: 99 }).memory;
    expect([moveBytesPerSecond, cooldownNs, revertAfterNs]).toEqual([7_000_000, seconds(1), undefined]);
    expect([samples!.periodLines, plan!.periodNs]).toEqual([99, ms(100)]);
    expect(made('hot-pages-first', { rate: 0 }).memory.moveBytesPerSecond).toBeUndefined();
  });

  test('of temporary-migration: blocks go back after half a second, and must be free to', () => {
    const { revertAfterNs, cooldownNs } = made('temporary-migration').memory;
    expect([revertAfterNs, cooldownNs]).toEqual([ms(500), ms(100)]);
    const { check, options } = policyNamed('temporary-migration')!;
    const checked = (cooldown: number, revert: number): void => check!({ ...defaultOptions(options), cooldown, revert }, 8, []);
    expect(() => checked(ms(3), ms(3))).not.toThrow();
    expect(() => checked(ms(3), ms(2))).toThrow('cooldown = 3000000 ns, want at most revert = 2000000 ns');
  });

  test('of the CPU part: floating as kvm-eevdf, or at home with its memory as apart', () => {
    const floating = made('hot-pages-first');
    const homes = made('temporary-migration', { cpu: 'apart' });
    expect([floating.placement, floating.memory.backs, floating.cpu.name]).toEqual([undefined, 'first-touch', made('kvm-eevdf').cpu.name]);
    expect([homes.placement?.name, homes.memory.backs, homes.cpu.name]).toEqual(['libxl', 'at-build', made('apart').cpu.name]);
  });

  test('of hot-list and carrefour', () => {
    const list = made('hot-list').memory;
    expect([list.cooldownNs, list.samples!.periodLines, list.plan!.periodNs]).toEqual([seconds(10), 130_000, seconds(1)]);
    const { memory: carrefour } = made('carrefour');
    expect([carrefour.samples!.periodLines, carrefour.plan!.periodNs, carrefour.backs]).toEqual([65_528, seconds(1), 'first-touch']);
  });
});
