import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { calibrate } from '../../experiments/calibration.ts';
import { ALL, type Measurements, readMeasurements } from '../../experiments/calibration-input.ts';
import { nodeStreamGBps } from '../../experiments/path-bandwidth.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import { namedStream } from '../../sim/random.ts';

const sample = (name: string): Measurements => readMeasurements(name, readFileSync(new URL(`../samples/${name}`, import.meta.url), 'utf8'));

describe('four published curves of latency under load', () => {
  const found = calibrate(sample('loaded-latency.csv'), null);

  test('together have the rise that machines without a curve use', () => {
    expect(found.isFitted).toBe(true);
    // published: 0.3647 and 0.5346, from uses and ratios that were rounded first
    expect(Math.abs(found.loadedLatency.rise - 0.3647)).toBeLessThan(0.0002);
    expect(Math.abs(found.loadedLatency.curve - 0.5346)).toBeLessThan(0.0002);
    expect(found.curves[0]!.pooled.meanError).toBeCloseTo(0.019, 3);
    expect(found.curves[0]!.pooled.maxError).toBeCloseTo(0.074, 3);
    expect(found.curves[0]!.pooled.points).toBe(13 + 12 + 13 + 13);
  });

  test.each([
    ['skx_2s_fdio', 0.527, 0.1704, 0.064],
    ['cs_arch04_2s', 0.3334, 0.5896, 0.019],
    ['xeon8269cy_snc4', 0.3459, 0.4613, 0.035],
    ['vm_1node', 0.3344, 0.6718, 0.022],
  ])('%s alone has its own', (name, rise, curve, maxError) => {
    const { own } = found.curves.find(({ curve: { name: one } }) => one === name)!;
    expect(Math.abs(own.rise - rise)).toBeLessThan(0.002);
    expect(Math.abs(own.curve - curve)).toBeLessThan(0.003);
    expect(Math.abs(own.maxError - maxError)).toBeLessThan(0.001);
  });
});

/** What the simulator itself gives on a machine: all thread counts up to a node's CPUs, and latency under load to 0.96. */
function synthetic(spec: MachineSpec, threadsOf: readonly number[], noise: () => number): Measurements {
  const machine = buildMachine({ ...spec, nodeCpus: threadsOf });
  const nodes = spec.nodeSocket.map((_, node) => node);
  const pairs = nodes.flatMap((cpuNode) => nodes.map((node) => ({ cpuNode, node })));
  const at = 'synthetic';
  const { rise, curve } = spec.loadedLatency.value;
  return {
    latencies: pairs.map(({ cpuNode, node }) => ({ at, cpuNode, node, latencyNs: spec.latencyNs.value[cpuNode]![node]! })),
    bandwidths: pairs.flatMap(({ cpuNode, node }) =>
      [false, true].flatMap((isWrite) =>
        Array.from({ length: threadsOf[cpuNode]! }, (_, i) => {
          const GBps = nodeStreamGBps(machine, cpuNode, node, i + 1, isWrite ? 1 : 0) * noise();
          return { at, cpuNode, node, threads: i + 1, isWrite, GBps };
        }),
      ),
    ),
    loaded: [0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.96, 1].map((u) => ({
      at,
      curve: 'made',
      latencyNs: 80 * (u === 1 ? 3 : 1 + (rise * u) / (1 - curve * u)) * (u === 0 ? 1 : noise()),
      GBps: Math.max(u, 0.0001) * 12,
    })),
  };
}

/** The lopsided machine on wires too wide to matter, with limits of pairs that its threads do reach. */
const made: MachineSpec = {
  ...lopsided,
  links: { value: lopsided.links.value.map(({ between }) => ({ between, capacityGBps: 1e6 })), source: 'assumed: for this test' },
};
const THREADS = [6, 8, 7];

describe('measurements made by the simulator itself', () => {
  test('give the figures they were made with', () => {
    const { figures, loadedLatency, residuals, machine, notes } = calibrate(
      synthetic(made, THREADS, () => 1),
      null,
    );
    expect(loadedLatency.rise).toBeCloseTo(0.3, 3);
    expect(loadedLatency.curve).toBeCloseTo(0.45, 3);
    const flat = (matrix: unknown): number[] => (matrix as number[][]).flat();
    const near = (values: readonly number[]): unknown[] => values.map((value) => expect.closeTo(value, 2));
    expect(figures.controllerGBps).toEqual(near([12, 9, 10]));
    expect(flat(figures.pairGBps)).toEqual(near(made.pairGBps!.value.flat()));
    expect(flat(figures.pairWriteGBps)).toEqual(near(made.pairWriteGBps!.value.flat()));
    expect(flat(figures.oneThreadReadGBps)).toEqual(near(made.oneThreadReadGBps!.value.flat()));
    expect(flat(figures.oneThreadWriteGBps)).toEqual(near(made.oneThreadWriteGBps!.value.flat()));
    expect([...machine!.coreLines]).toEqual(near([...buildMachine(made).coreLines]));
    expect(Math.max(...residuals.map(({ error }) => Math.abs(error)))).toBeLessThan(0.001);
    expect(notes).toEqual([]);
  });

  test('with noise of up to 2 % give them to a few percent', () => {
    for (const seed of ['1', '2', '3']) {
      const random = namedStream(seed, 'calibration', 0, 'noise');
      const { figures, residuals } = calibrate(
        synthetic(made, THREADS, () => 1 + 0.04 * (random() - 0.5)),
        null,
      );
      const pairs: [string, readonly number[], readonly number[]][] = [
        ['controllers', figures.controllerGBps as number[], made.controllerGBps.value],
        ['pairs', (figures.pairGBps as number[][]).flat(), made.pairGBps!.value.flat()],
        ['threads', (figures.oneThreadReadGBps as number[][]).flat(), made.oneThreadReadGBps!.value.flat()],
      ];
      for (const [name, fitted, real] of pairs) {
        fitted.forEach((value, i) => expect(Math.abs(value / real[i]! - 1), `${name} ${i}, seed ${seed}`).toBeLessThan(0.05));
      }
      const squares = residuals.map(({ error }) => error * error);
      expect(Math.sqrt(squares.reduce((sum, one) => sum + one, 0) / squares.length), `seed ${seed}`).toBeLessThan(0.02);
    }
  });
});

test('a pair that its threads do not fill gets no limit, however the measurements scatter', () => {
  const at = 'm.csv:9';
  const samples = (cpuNode: number, node: number, GBps: readonly number[]): Measurements['bandwidths'] =>
    GBps.map((value, i) => ({ at, cpuNode, node, threads: i + 1, isWrite: false, GBps: value }));
  const home = [3, 5.6, 7.5, 8, 8];
  const measured = (away: readonly number[]): Measurements => ({
    latencies: [0, 1].flatMap((cpuNode) => [0, 1].map((node) => ({ at, cpuNode, node, latencyNs: cpuNode === node ? 80 : 160 }))),
    bandwidths: [...samples(0, 0, home), ...samples(1, 1, home), ...samples(0, 1, away), ...samples(1, 0, [1.5, 2.95])],
    loaded: [],
  });
  // Two threads get a little less than twice what one gets: that alone is the controller's rise and scatter.
  expect(calibrate(measured([1.5, 2.88]), null).figures.pairGBps).toBeUndefined();
  // Four that get no more than two are held.
  const held = calibrate(measured([1.5, 2.4, 2.4, 2.4]), null).figures.pairGBps as number[][];
  expect(held[0]![1]).toBeCloseTo(2.4, 1);
  expect(held[1]![0]).toBeCloseTo(8, 0);
});

describe('what Intel MLC printed', () => {
  test('of two Xeon 8269CY gives capacities, pairs below them, the rise, and lines in flight by the number of CPUs', () => {
    const { figures, loadedLatency, residuals } = calibrate(sample('xeon-8269cy.mlc.txt'), 52);
    expect(figures.controllerGBps).toEqual([58.9089, 58.8826, 58.9502, 58.7015].map((GBps) => expect.closeTo(GBps, 6)));
    const pairs = figures.pairGBps as number[][];
    expect(pairs[0]).toEqual([58.9089, 58.8826, 50.548, 50.4796].map((GBps) => expect.closeTo(GBps, 6))); // 59.066 is no limit below the controller's 58.8826
    expect([loadedLatency.rise, loadedLatency.curve]).toEqual([expect.closeTo(0.3456, 4), expect.closeTo(0.4621, 4)]);
    expect(figures.linesInFlight).toBeCloseTo((233.4897 * 250.26) / 64 / 52, 6);
    expect(residuals).toHaveLength(16);
    expect(residuals.every(({ threads }) => threads === ALL)).toBe(true);
  });

  test('without the number of CPUs says that lines in flight are not fitted', () => {
    const { figures, notes, machine } = calibrate(sample('xeon-skx.mlc.txt'), null);
    expect(figures).toEqual({ latencyNs: [[81.4, 131.1], [131.1, 81.3]] }); // prettier-ignore
    expect(machine).toBeNull();
    expect(notes).toEqual([expect.stringContaining('--cpus')]);
  });
});

describe('measurements that others need', () => {
  const row = (cpuNode: number, node: number, threads: number, GBps: number) => ({
    at: 'm.csv:3',
    cpuNode,
    node,
    threads,
    isWrite: false,
    GBps,
  });
  const latencies = [0, 1].flatMap((cpuNode) => [0, 1].map((node) => ({ at: 'm.csv:2', cpuNode, node, latencyNs: 100 })));

  test.each([
    [
      'latency',
      { latencies: latencies.slice(0, 1), bandwidths: [row(0, 0, 1, 3), row(0, 0, 4, 9), row(0, 1, 1, 2)], loaded: [] },
      'no latency between nodes 0 and 1',
    ],
    [
      'several threads',
      { latencies, bandwidths: [row(0, 0, 1, 3), row(0, 1, 1, 2)], loaded: [] },
      "only one thread reads node 0's own memory",
    ],
    [
      'any bandwidth of a node',
      { latencies, bandwidths: [row(0, 0, 1, 3), row(0, 0, 4, 9)], loaded: [] },
      "no bandwidth from node 1's memory",
    ],
    [
      'their own memory',
      { latencies, bandwidths: [row(0, 0, 1, 3), row(0, 0, 4, 9), row(1, 0, 1, 2), row(0, 1, 1, 2)], loaded: [] },
      "bandwidth of node 1's CPUs from node 0 by thread count, but none from their own",
    ],
    [
      'points of a curve',
      { latencies: [], bandwidths: [], loaded: [{ at: 'm.csv:3', curve: 'x', latencyNs: 80, GBps: 1 }] },
      'm.csv:3: 0 points of this curve below 0.97',
    ],
  ])('are missed when there is none: %s', (_, measured, message) => {
    expect(() => calibrate(measured as Measurements, null)).toThrow(message);
  });
});
