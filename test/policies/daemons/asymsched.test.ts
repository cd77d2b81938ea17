import { describe, expect, test } from 'vitest';
import { centralFifo } from '../../../policies/cpu/central-fifo.ts';
import { asymsched, ASYMSCHED_OPTIONS } from '../../../policies/daemons/asymsched.ts';
import { ms, type NodeId, seconds, us } from '../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../fake-kernel.ts';

/** Both ways together: 0-1 8, 0-2 20, 0-3 3, 1-2 7, 1-3 10, 2-3 6. */
const GBps = [
  [30, 5, 9, 1],
  [3, 30, 2, 9],
  [11, 5, 30, 4],
  [2, 1, 2, 30],
];

/** Guests on four nodes of two CPUs with memory in blocks of 1/4 GiB on the nodes told, all vCPUs awake. */
function started(blockNodes: readonly (readonly number[])[], vcpus: number, spec: Partial<FakeSpec> = {}): Fake {
  const guests = blockNodes.map((blocks) => ({ vcpus, memoryGiB: blocks.length / 4 }));
  const k = fakeKernel({ nodeCpus: [2, 2, 2, 2], pairGBps: GBps, blockGiB: 1 / 4, guests, ...spec });
  k.start(centralFifo(ms(20)));
  k.wake(...Array.from({ length: k.vcpuCount }, (_, vcpu) => vcpu));
  blockNodes.forEach((blocks, guest) => blocks.forEach((node, block) => (k.memory.nodes[guest]![block] = node as NodeId)));
  return k;
}

function held(k: Fake): string[] {
  const cpus = Array.from({ length: k.cpuCount }, (_, cpu) => cpu);
  return Array.from({ length: k.vcpuCount }, (_, vcpu) => cpus.filter((cpu) => k.allows(vcpu as never, cpu as never)).join());
}

const ANYWHERE = '0,1,2,3,4,5,6,7';

describe('asymsched', () => {
  test('puts a guest of two nodes on the widest pair when moving costs no more than 5 % of the run, at 0.3 s a GB', () => {
    const k = started([[0, 0, 0, 0, 3, 3]], 4); // 1/2 GiB is off 0-2: 0.161 s, which is 5 % of 3.221225472 s
    [3, 3, 0, 0].forEach((node, vcpu) => (k.memory.counters[vcpu]!.lines[node] = 1e6));
    const daemon = asymsched(ASYMSCHED_OPTIONS);
    k.pass(ms(3221) + us(200));
    daemon.step(k, k.act);
    expect([k.memory.orders, held(k)]).toEqual([[], Array(4).fill(ANYWHERE)]);
    k.memory.counters.forEach(({ lines }) => lines.forEach((count, node) => (lines[node] = 2 * count))); // as much again
    k.pass(us(100));
    daemon.step(k, k.act);
    // what was on 3 goes to 2, and with it the vCPUs that fetched from there
    expect([k.memory.orders, held(k)]).toEqual([['0:3>>2'], ['4,5', '4,5', '0,1', '0,1']]);
    daemon.step(k, k.act);
    expect(k.memory.orders.length).toBe(1); // it is there by now
  });

  test('deals vCPUs out as evenly as there is room, though all their memory is on one of the nodes', () => {
    const k = started([[2, 2]], 4);
    for (const { lines } of k.memory.counters) lines[2] = 1e6;
    asymsched(ASYMSCHED_OPTIONS).step(k, k.act);
    expect([k.memory.orders, held(k)]).toEqual([[], ['4,5', '4,5', '0,1', '0,1']]);
  });

  test('holds a guest that fits a node on the one with most of its memory', () => {
    const k = started([[1, 3, 3]], 2);
    k.pass(seconds(2)); // 1/4 GiB is off 3: 0.081 s, which is 5 % of 1.61 s
    asymsched(ASYMSCHED_OPTIONS).step(k, k.act);
    expect([k.memory.orders, held(k)]).toEqual([['0:1>>3'], ['6,7', '6,7']]);
  });

  test('weighs the logarithm of remote lines', () => {
    // the lighter guest is on the wide pair of 20, the heavier on that of 10. Weights w and v: as it is, 10 w + 20 v, at best 20 w + 10 v;
    // 90 % of that is v / w >= 8 / 11. w = ln 10^6
    const moved = (lightLines: number): boolean => {
      const k = started([[1, 3], [0, 2]], 4); // prettier-ignore
      k.memory.counters[0]!.lines[2] = 1e6; // vCPU 0 runs on CPU 0, of node 0
      k.memory.counters[4]!.lines[0] = lightLines; // vCPU 4 on CPU 4, of node 2
      k.memory.counters[4]!.lines[2] = 1e9; // local, and so does not count
      k.pass(seconds(0.1));
      asymsched({ ...ASYMSCHED_OPTIONS, overhead: 10 }).step(k, k.act);
      return k.memory.orders.length > 0;
    };
    expect(moved(1e5)).toBe(false); // v / w = 5 / 6
    expect(moved(1e4)).toBe(true); // 4 / 6
  });

  test('lets more vCPUs on a node than it has CPUs where there are more in all', () => {
    const k = started([[0], [0], [0], [0], [0], [0], [1]], 2); // 14 vCPUs on 8 CPUs: up to 4 a node
    k.pass(seconds(0.1));
    asymsched({ ...ASYMSCHED_OPTIONS, overhead: 100 }).step(k, k.act);
    const perNode = ['0,1', '2,3', '4,5', '6,7'].map((cpus) => held(k).filter((on) => on === cpus).length);
    expect(perNode).toEqual([4, 4, 4, 2]); // two guests stay on 0, two go to 1 and 2 each by room and number, after the one that is on 1
  });

  test('leaves alone the host, and all where the bandwidths are alike', () => {
    const noise = started([[3]], 1, { guests: [{ vcpus: 1, isHostNoise: true }] });
    const alike = started([[0, 3]], 4, { pairGBps: GBps.map(() => [7, 7, 7, 7]) });
    for (const k of [noise, alike]) {
      asymsched({ ...ASYMSCHED_OPTIONS, overhead: 100 }).step(k, k.act);
      expect(new Set(held(k))).toEqual(new Set([ANYWHERE]));
      expect(k.memory.orders).toEqual([]);
    }
  });
});
