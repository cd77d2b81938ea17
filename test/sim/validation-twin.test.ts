import { describe, expect, test } from 'vitest';
import { opteron6172 } from '../../machines/opteron-6172-4s.ts';
import { run } from '../../sim/engine.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { GuestRecord } from '../../sim/recording.ts';
import { KiB, LINE_BYTES, MiB, seconds } from '../../sim/units.ts';
import type { WorkloadEntry } from '../../sim/workload-api.ts';
import { ownRegions } from '../../workloads/own-regions.ts';
import { sweepFiller } from '../../workloads/sweeping.ts';
import { FREE_COSTS, guest, pinned, scenario, workload } from './scenario-fixture.ts';

/**
 * Published measurements of the twin (LPD-EPFL mctop lpd48core.mct), made again: bare threads held on CPUs of one node work on
 * memory of another. Figures by distance are means over all node pairs of that distance, as published.
 */
const machine = buildMachine(opteron6172);
const N = machine.nodeCount;
const CPUS = 6;
const SIZE = MiB(256);
const RUN_NS = seconds(3); // of which filling the regions takes up to 1.2

const writes: WorkloadEntry = {
  name: 'writes',
  summary: 'write bandwidth: each thread sweeps its own region for ever',
  ends: 'never',
  options: [],
  build: (_options, setup) => ({ ...ownRegions(setup.vcpus, SIZE, sweepFiller(setup, SIZE, 0, 1)), unit: 'GB/s' }),
};

/** What so many threads on the CPUs of a node get from memory that lies where `nodeOf` says. */
function measure(entry: WorkloadEntry, threads: number, cpuNode: number, nodeOf: (block: number) => number): GuestRecord {
  const cpus = Array.from({ length: threads }, (_, i) => machine.nodeFirstCpu[cpuNode]! + i);
  const set = entry === writes ? {} : { size: SIZE };
  const recording = run(
    scenario({
      machine,
      policy: pinned(cpus, (_guest, block) => nodeOf(block)),
      guests: [guest(entry, { kind: 'bare', vcpus: threads, memoryBytes: threads * SIZE * 2, set })],
      durationNs: RUN_NS,
      blockBytes: MiB(2),
      costs: FREE_COSTS,
      checks: 'cheap',
    }),
  );
  expect(recording.status).toBe('ok');
  expect(recording.guests[0]!.throughput.value, 'work was measured').toBeGreaterThan(0);
  return recording.guests[0]!;
}

const reads = workload('lmbench-rd');
const chase = workload('lmbench-lat');
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean over all node pairs by distance: local, in the package, one link, two links. */
function byHop(figure: (cpuNode: number, node: number) => number): [number, number, number, number] {
  const found: number[][] = [[], [], [], []];
  for (let pair = 0; pair < N * N; pair++) found[machine.hopClass[pair]!]!.push(figure(Math.floor(pair / N), pair % N));
  return found.map(mean) as [number, number, number, number];
}

const bandwidth = (entry: WorkloadEntry, threads: number): [number, number, number, number] =>
  byHop((cpuNode, node) => measure(entry, threads, cpuNode, () => node).throughput.value);

const read1 = bandwidth(reads, 1);
const read6 = bandwidth(reads, 6);
const write6 = bandwidth(writes, 6);
const latency = byHop((cpuNode, node) => measure(chase, 1, cpuNode, () => node).figures.latencyNs!);
const nodes = Array.from({ length: N }, (_, node) => node);
const spread = (entry: WorkloadEntry): GuestRecord[] => nodes.map((node) => measure(entry, 1, node, (block) => block % N));
const spreadRead = mean(spread(reads).map((record) => record.throughput.value));
const spreadLatency = mean(spread(chase).map((record) => record.figures.latencyNs!));

/** Little: six cores with these lines in flight each, at this bandwidth, in cycles of 2.1 GHz. */
function loadedCycles(): number {
  const linesInFlight = byHop((cpuNode, node) => machine.linesInFlight[cpuNode * N + node]!);
  return ((CPUS * linesInFlight[3] * LINE_BYTES) / read6[3]) * 2.1;
}

const items: [item: string, simulated: number, published: number, band: number][] = [
  ['P01 idle latency, in package / local', latency[1] / latency[0], 1.752, 0.05],
  ['P01 idle latency, one link / local', latency[2] / latency[0], 1.853, 0.05],
  ['P02 six threads read, in package / local', read6[1] / read6[0], 0.477, 0.1],
  ['P02 six threads read, one link / local', read6[2] / read6[0], 0.266, 0.1],
  ['P03 one thread reads, in package / local', read1[1] / read1[0], 0.568, 0.08],
  ['P03 one thread reads, one link / local', read1[2] / read1[0], 0.497, 0.08],
  ['P04 speed-up of a local node, six threads to one', read6[0] / read1[0], 3.02, 0.1],
  ['P18 interleaved latency / local', spreadLatency / latency[0], 1.949, 0.05],
  ['P18 interleaved, one thread reads / local', spreadRead / read1[0], 0.474, 0.05],
  ['P19 six threads read, two links / local', read6[3] / read6[0], 0.214, 0.15],
  ['P19 six threads write, in package / local', write6[1] / write6[0], 0.751, 0.15],
  ['P19 six threads write, one link / local', write6[2] / write6[0], 0.363, 0.15],
  ['P19 six threads write, two links / local', write6[3] / write6[0], 0.258, 0.15],
  ['P20 one thread reads, two links / local', read1[3] / read1[0], 0.371, 0.12],
  ['P20 speed-up two links away, six threads to one', read6[3] / read1[3], 1.74, 0.12],
  ['P21 loaded latency two links away, cycles', loadedCycles(), 1176, 0.2],
  ['six threads read local, GB/s', read6[0], 11.08, 0.02],
  ['six threads write local, GB/s', write6[0], 6.372, 0.02],
  ['one thread reads local, GB/s', read1[0], 3.66, 0.02],
];

describe('the measured twin meets what was published of it', () => {
  test.each(
    items.map(([item, simulated, published, band]): [string, number, number] => {
      const error = simulated / published - 1;
      return [`${item}: ${simulated.toFixed(3)} for ${published}, ${(error * 100).toFixed(1)} % off, ${band * 100} allowed`, error, band];
    }),
  )('%s', (_, error, band) => {
    expect(Math.abs(error)).toBeLessThanOrEqual(band);
  });
});

test('the idle latency of each pair is its own, not that of the way back', () => {
  const hitShare = KiB(5118) / SIZE;
  // published cycles of pairs that differ by direction
  for (const [cpuNode, node, cycles] of [
    [2, 6, 258],
    [6, 2, 256],
    [0, 6, 267],
    [5, 2, 336],
    [2, 5, 337],
  ] as const) {
    const loadNs = hitShare * (43 / 2.1) + (1 - hitShare) * (cycles / 2.1);
    // a single chase adds the rise of its own use: under 1 %
    const simulated = measure(chase, 1, cpuNode, () => node).figures.latencyNs!;
    expect(simulated / loadNs).toBeGreaterThan(1);
    expect(simulated / loadNs).toBeLessThan(1.03);
  }
});
