import { describe, expect, test } from 'vitest';
import { carrefour, type CarrefourOptions } from '../../../policies/memory/carrefour.ts';
import { Traffic } from '../../../policies/memory/traffic.ts';
import { seconds } from '../../../sim/units.ts';
import { fakeKernel, type FakeSpec } from '../fake-kernel.ts';
import { type Sampled, sampled } from './sampled.ts';

// CPUs 0 and 1 are of node 0, 2 of node 1, 3 to 5 of node 2, 6 and 7 of node 3.
const SPEC = { nodeCpus: [2, 1, 3, 2], blockGiB: 0.25, memoryGiB: [8, 8, 8, 8], guests: [{ vcpus: 8, memoryGiB: 4 }], draws: [0.05, 0.6] };
const PER_US = seconds(1) / 1000; // lines a second that are one per us

// Lines per us from each node
const BALANCED = [13, 13, 13, 13];
const UNEQUAL = [70, 10, 10, 10]; // by 120 %

interface Lab extends Sampled {
  /** A second in which nodes served `loads` lines per us, of which `localShare` to their own CPUs. */
  second(loads: readonly number[], localShare?: number): string[];
}

function lab(options: Partial<CarrefourOptions> = {}, spec: Partial<FakeSpec> = {}): Lab {
  const policy = carrefour({ port: 'linux', periodLines: 1, leastReplicas: 1, ...options });
  const it = sampled(policy, { ...SPEC, ...spec });
  return {
    ...it,
    second(loads, localShare = 0.5) {
      loads.forEach((load, node) => {
        it.k.memory.nodeLines[node]![node]! += load * localShare * PER_US;
        it.k.memory.nodeLines[(node + 1) % 4]![node]! += load * (1 - localShare) * PER_US;
      });
      return it.plan();
    },
  };
}

describe('the counters', () => {
  test('loads of 70, 10, 10 and 10 are unequal by 120 %', () => {
    const k = fakeKernel(SPEC);
    [70, 10, 10, 10].forEach((load, node) => (k.memory.nodeLines[2]![node] = load));
    const traffic = new Traffic();
    traffic.read(k);
    // mean 25; squares 45^2 + 3 * 15^2 = 2700, by 3: 900; 30 of 25. Local: CPUs of node 2 to node 2, 10 of 100.
    expect([traffic.imbalancePercent, traffic.localPercent, traffic.allLines]).toEqual([120, 10, 100]);
  });

  test('are told as differences, per us', () => {
    const k = sampled(carrefour({ port: 'linux', periodLines: 1, leastReplicas: 1 }), SPEC).k;
    const traffic = new Traffic();
    k.memory.nodeLines[0]![1] = 9000;
    traffic.read(k);
    k.pass(2_000_000);
    k.memory.nodeLines[0]![1] = 11_000;
    k.memory.nodeLines[3]![3] = 6000;
    traffic.read(k);
    expect([traffic.linesPerUs, traffic.localPercent, [...traffic.lines]]).toEqual([4, 75, [0, 2000, 0, 6000]]); // 8000 in 2000 us
  });

  test('of nothing and of one node are no trouble', () => {
    const traffic = new Traffic();
    const k = fakeKernel({ nodeCpus: [3], guests: [] });
    traffic.read(k);
    expect([traffic.linesPerUs, traffic.localPercent, traffic.imbalancePercent]).toEqual([0, 0, 0]);
    k.memory.nodeLines[0]![0] = 7;
    traffic.read(k);
    expect([traffic.localPercent, traffic.imbalancePercent]).toEqual([100, 0]);
  });
});

describe('a block used from one other node', () => {
  const used = (loads: readonly number[], localShare: number, samples: number, options: Partial<CarrefourOptions> = {}): string[] => {
    const it = lab(options);
    it.lie(1);
    it.sample(0, 3, samples); // node 2
    return it.second(loads, localShare);
  };

  test('moves there when accesses are far from local and it was sampled twice', () => {
    expect(used(BALANCED, 0.5, 2)).toEqual(['0.0:1>2']);
    expect(used(BALANCED, 0.5, 1)).toEqual([]);
  });

  test('stays when 80 % of accesses are local', () => {
    expect(used([15, 15, 15, 15], 0.8, 9)).toEqual([]);
    expect(used([15, 15, 15, 15], 0.79, 9)).toEqual(['0.0:1>2']);
  });

  test('moves after one sample where loads are unequal, by more than 35 %, unless all is local', () => {
    expect(used(UNEQUAL, 0.99, 1)).toEqual(['0.0:1>2']);
    expect(used(UNEQUAL, 1, 1)).toEqual([]);
    expect(used([61, 33, 33, 33], 0.85, 1)).toEqual([]); //        mean 40, deviation 14: 35 %
    expect(used([61.1, 33, 33, 33], 0.85, 1)).toEqual(['0.0:1>2']);
  });

  test('stays while the machine does not wait for memory: below 50 lines per us, or in the port for Xen 15 a node', () => {
    expect(used([12.5, 12.5, 12.5, 12.4], 0.5, 9)).toEqual([]);
    expect(used([12.5, 12.5, 12.5, 12.5], 0.5, 9)).toEqual(['0.0:1>2']);
    expect(used([15, 15, 15, 14.9], 0.5, 9, { port: 'xen' })).toEqual([]);
    expect(used([15, 15, 15, 15], 0.5, 9, { port: 'xen' })).toEqual(['0.0:1>2']);
  });

  test('stays where it is used', () => {
    const it = lab();
    it.lie(2);
    it.sample(0, 3, 5);
    expect(it.second(UNEQUAL)).toEqual([]);
  });

  test('is judged by the samples of this second alone', () => {
    const it = lab();
    it.lie(1);
    it.sample(0, 3, 1);
    expect(it.second(BALANCED)).toEqual([]);
    it.sample(0, 4, 1);
    expect(it.second(BALANCED)).toEqual([]);
    it.sample(0, 4, 1);
    it.sample(0, 5, 1);
    it.sample(0, 5, 6); // after nine orders or none only one sample in four is taken: the 4th and 8th of these
    expect(it.second(BALANCED)).toEqual(['0.0:1>2']);
  });
});

describe('a block that several nodes read', () => {
  const read = (it: Lab, loads = BALANCED): string[] => {
    it.lie(1, 1, 3);
    it.sample(0, 0, 3); // node 0
    it.sample(0, 2, 1); // node 1, where it lies
    it.sample(0, 7, 1); // node 3
    it.sample(2, 6, 1); // block 2: nodes 3, where it lies, and 2
    it.sample(2, 5, 1);
    return it.second(loads);
  };
  const COPIES = ['0.0+0', '0.0+3', '0.2+2'];

  test('is copied to those it was read from', () => {
    expect(read(lab())).toEqual(COPIES);
  });

  test('is not in the port for Xen', () => {
    expect(read(lab({ port: 'xen' }), [16, 17, 16, 17])).toEqual([]);
  });

  test('is copied while a quarter of memory is taken, and not when more is', () => {
    expect(read(lab({}, { freeGiB: [8, 8, 8, 0] }))).toEqual(COPIES);
    expect(read(lab({}, { freeGiB: [8, 8, 7.75, 0] }))).toEqual([]);
  });

  test('is copied when 95 % of all samples are reads', () => {
    const writes = (count: number): string[] => {
      const it = lab();
      it.lie(1, 1, 3);
      it.sample(1, 2, count, { isWrite: true }); // a block at home
      it.sample(1, 2, 88);
      return read(it);
    };
    expect(writes(5)).toEqual(COPIES); // 5 of 100: 7 reads of the others
    expect(writes(6)).toEqual([]); //     6 of 101
  });

  test('is not when one sample of it is a write; it is interleaved then', () => {
    const it = lab();
    it.lie(0, 0);
    it.sample(1, 0, 100);
    it.sample(0, 2, 1);
    it.sample(0, 3, 1, { isWrite: true });
    expect(it.second(UNEQUAL)).toEqual(['0.0:0>2']); // draws: 0.05 below 0.70; 0.6 of 300 is 180, behind 30 + 90, before 210
  });

  test('is judged by the writes of this second alone', () => {
    const it = lab();
    it.lie(1);
    it.sample(0, 0, 4, { isWrite: true });
    expect(it.second(BALANCED)).toEqual(['0.0:1>0']);
    it.sample(0, 0, 4); // one in four is taken
    it.sample(0, 7, 4);
    expect(it.second(BALANCED)).toEqual(['0.0+3']);
  });

  test('waits until there are as many as asked, and then never again', () => {
    const it = lab({ leastReplicas: 3 });
    expect(read(it)).toEqual([]);
    it.lie(1, 1, 3, 0);
    it.sample(3, 0, 4); // one in four is taken
    it.sample(3, 2, 4);
    for (const block of [0, 1]) {
      it.sample(block, 0, 4);
      it.sample(block, 6, 4);
    }
    expect(it.second(BALANCED)).toEqual(['0.3+1', '0.0+0', '0.0+3', '0.1+0', '0.1+3']);
    expect(read(it)).toEqual([]); // too few samples at a quarter of the rate
    it.sample(2, 6, 4);
    it.sample(2, 5, 4);
    expect(it.second(BALANCED)).toEqual(['0.2+2']);
  });
});

describe('a written block that several nodes use', () => {
  const shared = (draws: number[], loads = UNEQUAL, from = 0): string[] => {
    const it = lab({}, { draws });
    it.lie(from);
    it.sample(0, 2, 1, { isWrite: true });
    it.sample(0, 3, 1);
    return it.second(loads);
  };

  test('leaves its node with the probability of that node’s share of accesses', () => {
    expect(shared([0.69, 0.5])).toEqual(['0.0:0>2']);
    expect(shared([0.7, 0.5])).toEqual([]);
    expect(shared([0.09, 0.5], UNEQUAL, 3)).toEqual(['0.0:3>2']);
    expect(shared([0.1, 0.5], UNEQUAL, 3)).toEqual([]);
  });

  test('goes to a node with weight 100 less its share: 30, 90, 90, 90 of 300', () => {
    expect(shared([0, 29.9 / 300])).toEqual([]); // where it is
    expect(shared([0, 30.1 / 300])).toEqual(['0.0:0>1']);
    expect(shared([0, 119.9 / 300])).toEqual(['0.0:0>1']);
    expect(shared([0, 120.1 / 300])).toEqual(['0.0:0>2']);
    expect(shared([0, 209.9 / 300])).toEqual(['0.0:0>2']);
    expect(shared([0, 210.1 / 300])).toEqual(['0.0:0>3']);
  });

  test('stays where loads are equal, and is not moved to one of its users', () => {
    expect(shared([0, 0.5], BALANCED)).toEqual([]);
  });
});

describe('how many blocks are watched', () => {
  test('30000, and 10000 when little was done in the last round', () => {
    const spec = { blockGiB: 1 / 8192, guests: [{ vcpus: 8, memoryGiB: 4 }] }; // 32768 blocks
    const it = lab({}, spec);
    const sampleAll = (count: number): void => {
      for (let block = 0; block < 32_768; block++) it.sample(block, 3, count);
    };
    it.lie(...Array<number>(32_768).fill(1));
    sampleAll(2);
    expect(it.second(BALANCED)).toHaveLength(30_000);
    expect(it.second(BALANCED)).toHaveLength(0); // no samples: no orders, so it is cheap from now on
    it.lie(...Array<number>(32_768).fill(1));
    sampleAll(8);
    expect(it.second(BALANCED)).toHaveLength(10_000);
  });
});

describe('in the port for Xen', () => {
  /** Seconds at whose end a block that should move is moved, by the local share of each second. */
  const movedAt = (shares: readonly number[], loads: readonly (readonly number[])[] = [[20, 20, 20, 20]]): number[] => {
    const it = lab({ port: 'xen' });
    return shares.flatMap((share, i) => {
      it.lie(1);
      it.sample(0, 3, 8);
      return it.second(loads[i % loads.length]!, share).length > 0 ? [i + 1] : [];
    });
  };

  test('a round that did no good is followed by one that is left out, and rests of 5 s', () => {
    // 1: the first. 2: no better: off, and 5 s of rest. 7: still no better, but it was off: tried. 12: off. 17: tried.
    expect(movedAt(Array<number>(18).fill(0.3))).toEqual([1, 7, 17]);
  });

  test('every second is used while each makes it a tenth more local', () => {
    expect(movedAt([0.3, 0.34, 0.375, 0.413, 0.45])).toEqual([1, 2, 3, 4]); // + 13 %, 10.3 %, 10.1 %, then 9.0 %
  });

  test('or balance a tenth better', () => {
    // x and three times y: half of 4 (x - y) / (x + 3 y): 36.4, 32.4, 30.3 %: 11 % less, then 6 %
    expect(movedAt([0.3, 0.3, 0.3], [[30, 20, 20, 20], [28.7, 20, 20, 20], [28, 20, 20, 20]])).toEqual([1, 2]); // prettier-ignore
  });
});

test('the memory of a guest that has left is left alone', () => {
  const it = lab();
  it.lie(1);
  it.sample(0, 3, 4);
  it.k.isHere = (): boolean => false;
  expect(it.second(UNEQUAL)).toEqual([]);
});
