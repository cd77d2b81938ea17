import { describe, expect, test } from 'vitest';
import { Agenda } from '../../bench/oracle/agenda.ts';
import { BOUNDS, gapBetween, isWithin, withMeasuredRise } from '../../bench/oracle/agreement.ts';
import { simulateFluid } from '../../bench/oracle/fluid.ts';
import { drawNetwork, type Flow, LOADS, type Network } from '../../bench/oracle/network.ts';
import { simulateRequests, type Speed } from '../../bench/oracle/requests.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import { LINK, type Machine } from '../../sim/machine.ts';
import { below, namedStream } from '../../sim/random.ts';
import { KiB, ms, us } from '../../sim/units.ts';

/** The lopsided machine with as many lines in flight on each path as are asked for. */
const open: MachineSpec = { ...lopsided };
delete (open as Partial<Record<keyof MachineSpec, unknown>>).oneThreadReadGBps;
delete (open as Partial<Record<keyof MachineSpec, unknown>>).oneThreadWriteGBps;

const chase: Flow = { cpu: 0, cpuNode: 0, inFlight: 1, computeNs: 0, writeShare: 0, pattern: 'sweep', blockNodes: [0] };

/** What single requests of these flows get together. */
function requests(spec: MachineSpec, flows: Flow[], durationNs = ms(1)): { linesPerNs: number; latencyNs: number } {
  const network: Network = { seed: '1', spec, flows, blockBytes: KiB(16), durationNs, load: NaN };
  const speeds = simulateRequests(network);
  const linesPerNs = speeds.reduce((sum, flow) => sum + flow.linesPerNs, 0);
  return { linesPerNs, latencyNs: speeds.reduce((sum, flow) => sum + flow.linesPerNs * flow.latencyNs, 0) / linesPerNs };
}

describe('single requests on the lopsided machine, by hand', () => {
  test.each([
    ['read at home', 80, {}],
    ['read from afar', 215, { blockNodes: [2] }],
    ['read the other way', 175, { cpuNode: 2, blockNodes: [0] }],
    ['written, there and back', 215, { blockNodes: [2], writeShare: 1 }],
    ['swept over two nodes', (80 + 215) / 2, { blockNodes: [0, 2] }],
    ['read at random from two nodes', (80 + 215) / 2, { blockNodes: [2, 0], pattern: 'random' }],
  ] as const)('a line that is alone takes its idle latency: %s, %d ns', (_, expectedNs, change) => {
    const { linesPerNs, latencyNs } = requests(open, [{ ...chase, ...change }], ms(10));
    expect(latencyNs / expectedNs).toBeCloseTo(1, 2);
    expect(linesPerNs * expectedNs).toBeCloseTo(1, 2);
  });

  test('four chains of misses that compute 30 ns a line for the CPU compute 120 ns each', () => {
    // 80 + 4 * 30 = 200 ns a round, and all four have their turn in it
    expect(requests(open, [{ ...chase, inFlight: 4, computeNs: 30 }]).linesPerNs * 200).toBeCloseTo(4, 1);
  });

  test('a window of one thread spreads its lines', () => {
    // CPU 0 reads 1.3 GB/s from node 2: 20 lines of 64 B every 984.6 ns
    const { latencyNs } = requests(lopsided, [{ ...chase, inFlight: 20, blockNodes: [2] }]);
    expect(latencyNs / ((20 * 64) / 1.3)).toBeCloseTo(1, 2);
  });

  test.each([
    ['controller 0', 12, {}, 3],
    ['controller 0, written lines', 7.5, { writeShare: 1 }, 3],
    ['controller 0, half of the lines written', 12 / 1.3, { writeShare: 0.5 }, 3], // each weighs 12/7.5 = 1.6
    ['link 2>1', 5, { cpuNode: 1, blockNodes: [2] }, 1],
    ['pair 0<2, narrower than links 2>1 and 1>0', 4, { blockNodes: [2] }, 1],
    ['link 0>2, which written lines go back over', 3, { blockNodes: [2], writeShare: 1 }, 1],
  ] as const)('a full server gives its capacity: %s, %d GB/s', (_, GBps, change, cpus) => {
    const flows = Array.from({ length: cpus }, (__, cpu): Flow => ({ ...chase, ...change, cpu, inFlight: 40 }));
    const { linesPerNs, latencyNs } = requests(open, flows);
    expect((linesPerNs * 64) / GBps).toBeCloseTo(1, 2);
    expect((latencyNs * linesPerNs) / (40 * cpus), 'lines in flight').toBeCloseTo(1, 1);
  });

  test('requests of one time are taken by number, others by time', () => {
    const random = namedStream('1', 'agenda', 0, 'draw');
    const agenda = new Agenda(500);
    const expected = Array.from({ length: 500 }, (_, request) => ({ timeNs: below(random, 60), request }));
    for (const { timeNs, request } of expected) agenda.push(timeNs, request);
    expected.sort((a, b) => a.timeNs - b.timeNs || a.request - b.request);
    for (const next of expected) {
      expect({ timeNs: agenda.timeNs, request: agenda.request }).toEqual(next);
      agenda.pop();
    }
  });
});

const SEEDS = [0, 1, 2, 3, 4];
const cases = LOADS.flatMap((load, loadClass) => SEEDS.map((seed) => ({ load, loadClass, seed })));
const drawn = cases.map(({ loadClass, seed }) => drawNetwork(seed, loadClass));
const single = drawn.map(simulateRequests);

/** Networks whose fluid speeds are further from single requests than they may be. */
function broken(fluidOf: (network: Network) => Speed[]): number {
  return drawn.filter((network, i) => !isWithin(gapBetween(fluidOf(network), single[i]!), BOUNDS[cases[i]!.loadClass]!)).length;
}

describe('the fluid speeds of the whole simulator', () => {
  test.each(cases)('agree with single requests at load $load, seed $seed', ({ loadClass, seed }) => {
    const i = loadClass * SEEDS.length + seed;
    const gap = gapBetween(simulateFluid(drawn[i]!), single[i]!);
    expect(isWithin(gap, BOUNDS[loadClass]!), `${drawn[i]!.spec.name}: ${JSON.stringify(gap)}`).toBe(true);
  });

  test.each<[string, (network: Network) => Speed[]]>([
    ['latencies are of the other direction', onMachine(latencyReversed)],
    ['written lines weigh as read ones', onMachine(({ useRead }) => ({ useWrite: useRead }))],
    ['data travel where the request does', onMachine(linksReversed)],
    ['links have no limit', onMachine(linksWithout)],
    ['one thread has no window', onMachine((machine) => ({ linesInFlight: machine.linesInFlight.map(() => 12) }))],
    ['a sweep draws on all its nodes at once', (network) => simulateFluid(withFlows(network, { pattern: 'random' }))],
    ['computing takes no time', (network) => simulateFluid(withFlows(network, { computeNs: 0 }))],
  ])('are seen to be wrong where %s', (_, fluidOf) => expect(broken(fluidOf)).toBeGreaterThan(0));
});

function onMachine(change: (machine: Machine) => Partial<Machine>): (network: Network) => Speed[] {
  return (network) => simulateFluid(network, (machine) => ({ ...machine, ...change(machine) }));
}

function latencyReversed({ nodeCount: N, latencyNs }: Machine): Partial<Machine> {
  return { latencyNs: latencyNs.map((_, pair) => latencyNs[(pair % N) * N + Math.floor(pair / N)]!) };
}

function linksReversed({ resourceKind, useResource, useRead }: Machine): Partial<Machine> {
  return { useRead: useRead.map((amount, entry) => (resourceKind[useResource[entry]!] === LINK ? 1 - amount : amount)) };
}

function linksWithout({ resourceKind, capacity }: Machine): Partial<Machine> {
  return { capacity: capacity.map((linesPerNs, resource) => (resourceKind[resource] === LINK ? 1e3 : linesPerNs)) };
}

function withFlows(network: Network, change: Partial<Flow>): Network {
  return { ...network, flows: network.flows.map((flow) => ({ ...flow, ...change })) };
}

test('the measured rise of the comparison is the one that the machines have', () => {
  const { rise, curve } = opteron6164.loadedLatency.value;
  const machine = { nodeCount: 1, latencyNs: Float64Array.of(100), riseNs: Float64Array.of(0) } as unknown as Machine;
  expect(withMeasuredRise(machine)).toMatchObject({ riseNs: Float64Array.of(100 * rise), curve });
});

test('single requests are the same each time', () => {
  const network = { ...drawn[12]!, durationNs: us(50) };
  expect(simulateRequests(network)).toEqual(simulateRequests(network));
});
