import { describe, expect, test } from 'vitest';
import { lopsided } from '../../machines/lopsided.ts';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import { opteron6172 } from '../../machines/opteron-6172-4s.ts';
import { buildMachine, type Machine } from '../../sim/machine.ts';
import { KiB, MiB, seconds } from '../../sim/units.ts';
import { FREE_COSTS, guest, pinned, ran, workload } from './scenario-fixture.ts';

/** lmbench's lat_mem_rd, a new line each load, from a CPU of one node through memory of another; all else is idle. ns per load. */
function simulated(machine: Machine, cpuNode: number, node: number, size: number): number {
  const { guests } = ran({
    machine,
    policy: pinned([machine.nodeFirstCpu[cpuNode]!], () => node),
    guests: [guest(workload('lmbench-lat'), { memoryBytes: MiB(128), set: { size, stride: 64 } })],
    durationNs: seconds(1),
    costs: FREE_COSTS,
    checks: 'cheap',
  });
  return guests[0]!.figures.latencyNs!;
}

/** By the machine's file alone: a hit's cycles, and beyond the last level its idle latency in the share that misses. */
function unloaded({ spec }: Machine, cpuNode: number, node: number, size: number): number {
  const { l1, l2, llc } = spec.hitCycles.value;
  const clock = spec.clockGHz.value;
  if (size <= spec.l1Bytes.value) return l1 / clock;
  if (size <= spec.l2Bytes.value) return l2 / clock;
  const misses = Math.max(0, 1 - spec.llcBytes.value / size);
  return (1 - misses) * (llc / clock) + misses * spec.latencyNs.value[cpuNode]![node]!;
}

/** What the one chase itself adds, for a controller in use is slower: its use is misses per load time over capacity. Found by repetition. */
function withOwnLoad(machine: Machine, cpuNode: number, node: number, size: number): number {
  const { spec } = machine;
  const { rise, curve } = spec.loadedLatency.value;
  const idle = unloaded(machine, cpuNode, node, size);
  const misses = Math.max(0, 1 - spec.llcBytes.value / size);
  let loadNs = idle;
  for (let i = 0; i < 50; i++) {
    const use = (misses * 64) / loadNs / spec.controllerGBps.value[node]!;
    loadNs = idle + (misses * spec.latencyNs.value[node]![node]! * rise * use) / (1 - curve * use);
  }
  return loadNs;
}

const sizes = [16, 32, 64, 65, 200, 384, 385, 512, 513, 1024, 2048, 3072, 3073, 4096, 5118, 5120, 8192, 16_384, 32_768, 65_536].map(KiB);

describe.each([
  [
    'opteron-6164-4s',
    opteron6164,
    [
      [0, 0],
      [3, 3],
      [0, 1],
      [5, 2],
      [2, 5],
      [0, 7],
    ],
  ],
  [
    'opteron-6172-4s',
    opteron6172,
    [
      [0, 0],
      [3, 3],
      [0, 1],
      [5, 2],
      [2, 5],
      [0, 7],
    ],
  ],
  [
    'lopsided',
    lopsided,
    [
      [0, 0],
      [1, 1],
      [2, 2],
      [0, 1],
      [0, 2],
      [2, 0],
    ],
  ],
] as const)('load latency on %s', (_, spec, pairs) => {
  const machine = buildMachine(spec);

  test("is a staircase of L1, L2, last level and memory at the sizes and times of the machine's file", () => {
    for (const [cpuNode, node] of pairs) {
      for (const size of sizes) {
        const loadNs = simulated(machine, cpuNode, node, size);
        const hint = `node ${cpuNode} from ${node}, ${size / 1024} KiB`;
        expect(loadNs / withOwnLoad(machine, cpuNode, node, size), hint).toBeCloseTo(1, 3);
        // against the file alone: a single chase raises the latency of memory it waits for by its own use of the controller
        expect(loadNs / unloaded(machine, cpuNode, node, size), hint).toBeGreaterThan(0.9995);
        expect(loadNs / unloaded(machine, cpuNode, node, size), hint).toBeLessThan(1.04);
      }
    }
  });

  test('steps up by a byte more than a cache holds, and no sooner', () => {
    const { l1Bytes, l2Bytes, llcBytes, hitCycles, clockGHz } = spec;
    const at = (size: number): number => simulated(machine, 0, 0, size) * clockGHz.value;
    const { l1, l2, llc } = hitCycles.value;
    expect([at(l1Bytes.value), at(l1Bytes.value + 1), at(l2Bytes.value), at(l2Bytes.value + 1)].map((cycles) => cycles.toFixed(2))).toEqual(
      [l1, l2, l2, llc].map((cycles) => cycles.toFixed(2)),
    );
    expect(at(llcBytes.value)).toBeCloseTo(llc, 2);
    expect(at(llcBytes.value * 2)).toBeCloseTo(withOwnLoad(machine, 0, 0, llcBytes.value * 2) * clockGHz.value, 1);
  });
});
