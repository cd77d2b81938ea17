import { describe, expect, test } from 'vitest';
import { nodeStreamGBps } from '../../experiments/path-bandwidth.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import { uniform } from '../../machines/uniform.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import { buildMachine } from '../../sim/machine.ts';
import { pairBandwidths } from '../../sim/pair-bandwidth.ts';

describe('the narrowest tells:', () => {
  const told = (cpuNode: number, node: number, change: Partial<MachineSpec> = {}): number =>
    pairBandwidths(buildMachine({ ...lopsided, ...change }))[cpuNode * 3 + node]!;
  const manyCpus = { nodeCpus: [30, 10, 20] };

  test('the pair where that is below all else', () => {
    expect([told(0, 1), told(2, 0)]).toEqual([6, 2.5]);
  });

  test('the cores of a node with few: 2.1 GB/s measured of the one core of node 1, a little more without the wait at the controller', () => {
    expect(told(1, 0)).toBeGreaterThan(2.1);
    expect(told(1, 0)).toBeLessThan(2.1 * 1.05);
  });

  test('a wire on the way of the data, whichever way that is', () => {
    const { pairGBps: _pairs, pairWriteGBps: _writes, ...wiresOnly } = lopsided;
    const bandwidths = pairBandwidths(buildMachine({ ...wiresOnly, ...manyCpus }));
    expect(bandwidths[0 * 3 + 2]).toBeCloseTo(5); // from 2 through 1 to 0: 5, then 7
    expect(bandwidths[2 * 3 + 0]).toBeCloseTo(3); // from 0 straight to 2
  });

  test('the controller at home', () => {
    expect(told(2, 2, manyCpus)).toBeCloseTo(10);
  });

  test('nothing where there are no CPUs', () => {
    expect(told(1, 2, { nodeCpus: [3, 0, 2] })).toBe(0);
  });
});

describe.each([lopsided, opteron6164, uniform].map((spec) => [spec.name, spec] as const))('on %s', (_name, spec) => {
  const machine = buildMachine(spec);
  const bandwidths = pairBandwidths(machine);
  const pairs = Array.from(bandwidths, (_, pair) => [Math.floor(pair / machine.nodeCount), pair % machine.nodeCount] as const);

  test('it is what a stream of all the CPUs gets of the simulator, but for what the queues take', () => {
    for (const [cpuNode, node] of pairs) {
      const stream = nodeStreamGBps(machine, cpuNode, node, machine.nodeCpuCount[cpuNode]!, 0);
      const told = bandwidths[cpuNode * machine.nodeCount + node]!;
      expect(stream / told, `${cpuNode} reads ${node}`).toBeGreaterThan(0.7);
      expect(stream / told, `${cpuNode} reads ${node}`).toBeLessThan(1.001);
    }
  });
});

test('where there is no NUMA all are alike', () => {
  expect(new Set(pairBandwidths(buildMachine(uniform))).size).toBe(1);
});
