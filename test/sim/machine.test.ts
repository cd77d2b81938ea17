import { describe, expect, test } from 'vitest';
import { lopsided } from '../../machines/lopsided.ts';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import { opteron6172 } from '../../machines/opteron-6172-4s.ts';
import { buildMachine, capacityGBps, type Machine } from '../../sim/machine.ts';
import { checkSpec } from '../../sim/machine-check.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import { routeBetween } from '../../sim/route.ts';

/** What one line between two nodes uses, by name of the resource: [read line, written line]. */
function usesOf(machine: Machine, cpuNode: number, node: number): Record<string, [number, number]> {
  const pair = cpuNode * machine.nodeCount + node;
  const uses: Record<string, [number, number]> = {};
  for (let use = machine.useStart[pair]!; use < machine.useStart[pair + 1]!; use++) {
    uses[machine.resourceNames[machine.useResource[use]!]!] = [machine.useRead[use]!, machine.useWrite[use]!];
  }
  return uses;
}

function changed(change: object): MachineSpec {
  return { ...lopsided, ...change };
}

const figure = <Value>(value: Value): { value: Value; source: string } => ({ value, source: 'assumed' });

describe('the lopsided machine, laid out by hand', () => {
  const machine = buildMachine(lopsided);

  test('numbers its CPUs node by node', () => {
    expect([...machine.cpuNode]).toEqual([0, 0, 0, 1, 2, 2]);
  });

  test('sends data from node 2 to node 0 through node 1, and straight the other way', () => {
    expect(routeBetween(lopsided, 2, 0)).toEqual([2, 1, 0]);
    expect(routeBetween(lopsided, 0, 2)).toEqual([0, 2]);
    expect(routeBetween(lopsided, 1, 1)).toEqual([1]);
  });

  test('classes distance by the way data take from memory to CPU, a shared socket first', () => {
    // local 0, same socket 1, one hop 2, two hops 3; rows are the CPU's nodes
    expect([...machine.hopClass]).toEqual([0, 1, 3, 1, 0, 2, 2, 2, 0]);
  });

  test('keeps latency and SLIT apart, row by row', () => {
    expect([...machine.latencyNs]).toEqual([80, 125, 215, 135, 90, 165, 175, 155, 70]);
    expect([...machine.slit]).toEqual([10, 13, 27, 14, 10, 19, 24, 18, 10]);
    expect([...machine.memoryBytes]).toEqual([5, 3, 7].map((GiB) => GiB * 1024 ** 3));
    expect(machine.llcHitNs).toBe(40 / 1.6);
    expect([...machine.riseNs]).toEqual([80 * 0.3, 90 * 0.3, 70 * 0.3]);
  });

  test('has its controllers first, then its links in both directions, then the pairs narrower than their way', () => {
    expect(machine.resourceNames).toEqual(
      ['controller 0', 'controller 1', 'controller 2', 'link 0>1', 'link 1>0', 'link 1>2', 'link 2>1', 'link 0>2', 'link 2>0'].concat(
        // 1<2 could carry 8 GB/s but its wire carries 5; every other pair is narrower than controller and wires
        ['pair 0<1', 'pair 0<2', 'pair 1<0', 'pair 2<0', 'pair 2<1'],
      ),
    );
    expect([...machine.resourceKind]).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    const GBps = machine.resourceNames.map((_, resource) => capacityGBps(machine, resource));
    expect(GBps).toEqual([12, 9, 10, 7, 7, 5, 5, 3, 3, 6, 4, 6.5, 2.5, 4.5]);
  });

  test('lets a read line use the wires from memory to CPU, and a written one those back as well', () => {
    expect(usesOf(machine, 0, 2)).toEqual({
      'controller 2': [1, 10 / 6.25], // its own CPUs read 10 GB/s and write 6.25
      'link 2>1': [1, 1],
      'link 1>0': [1, 1],
      'link 0>2': [0, 1], // written back the straight way
      'pair 0<2': [1, 4 / 3.2],
    });
    expect(usesOf(machine, 2, 0)).toEqual({
      'controller 0': [1, 12 / 7.5],
      'link 0>2': [1, 1],
      'link 2>1': [0, 1],
      'link 1>0': [0, 1],
      'pair 2<0': [1, 2.5 / 2],
    });
    expect(usesOf(machine, 1, 2)).toEqual({ 'controller 2': [1, 10 / 6.25], 'link 2>1': [1, 1], 'link 1>2': [0, 1] });
    expect(usesOf(machine, 1, 1)).toEqual({ 'controller 1': [1, 9 / 6] });
  });

  test('fits the lines in flight of node 0 so that the rise of latency is not counted twice', () => {
    // Alone at 3.6 GB/s a thread keeps its controller 0.3 busy: a line takes 80 + 24*0.3/(1 - 0.45*0.3) ns.
    const local = (3.6 / 64) * (80 + (24 * 0.3) / (1 - 0.45 * 0.3));
    expect(machine.linesInFlight[0]).toBeCloseTo(local, 12);
    // From node 1 it gets 2.2 GB/s: a slot is taken for local*64/2.2 ns, of which the controller's rise is 27*u/(1 - 0.45u), u = 2.2/9;
    // the rest is idle latency (125 ns) stretched by the lack of lines.
    const u = 2.2 / 9;
    const stretchedNs = (local * 64) / 2.2 - (27 * u) / (1 - 0.45 * u);
    expect(machine.linesInFlight[1]).toBeCloseTo((local * 125) / stretchedNs, 12);
  });
});

/** Lines per ns of one thread alone, by bisection on: lines = speed * (stretched idle latency + weight * rise at that speed). */
function aloneGBps(machine: Machine, cpuNode: number, node: number, lines: Float64Array, weight: number): number {
  const asked = machine.linesInFlight[cpuNode * machine.nodeCount + cpuNode]!;
  const pair = cpuNode * machine.nodeCount + node;
  let [slow, fast] = [0, 1];
  for (let step = 0; step < 80; step++) {
    const speed = (slow + fast) / 2;
    const use = Math.min(1, (speed * weight) / machine.capacity[node]!);
    const riseNs = (weight * machine.riseNs[node]! * use) / (1 - machine.curve * use);
    const lineNs = machine.latencyNs[pair]! * Math.max(1, asked / lines[pair]!) + riseNs;
    if (speed * lineNs < asked) slow = speed;
    else fast = speed;
  }
  return slow * 64;
}

describe.each([lopsided, opteron6164, opteron6172])('one thread alone on $name', (spec) => {
  const machine = buildMachine(spec);
  const nodes = spec.nodeSocket.map((_, node) => node);
  const controllerWeight = (node: number): number => spec.controllerGBps.value[node]! / spec.pairWriteGBps!.value[node]![node]!;

  test('reads with its measured bandwidth from every node', () => {
    for (const cpuNode of nodes) {
      const alone = nodes.map((node) => aloneGBps(machine, cpuNode, node, machine.linesInFlight, 1));
      spec.oneThreadReadGBps!.value[cpuNode]!.forEach((GBps, node) => expect(alone[node], `${cpuNode}<${node}`).toBeCloseTo(GBps, 9));
    }
  });

  test('holds nowhere more lines than it reads with on its own node', () => {
    for (const cpuNode of nodes) {
      const lines = nodes.flatMap((node) =>
        [machine.linesInFlight, machine.writeLinesInFlight].map((held) => held[cpuNode * nodes.length + node]!),
      );
      expect(Math.max(...lines), `node ${cpuNode}`).toBe(machine.linesInFlight[cpuNode * nodes.length + cpuNode]);
      expect(Math.min(...lines), `node ${cpuNode}`).toBeGreaterThan(1);
    }
  });

  test('writes with its measured bandwidth, or up to 6 % below where that would need more lines than it reads with', () => {
    let missed = 0;
    for (const cpuNode of nodes) {
      for (const node of nodes) {
        const measured = spec.oneThreadWriteGBps!.value[cpuNode]![node]!;
        const ratio = aloneGBps(machine, cpuNode, node, machine.writeLinesInFlight, controllerWeight(node)) / measured;
        expect(ratio, `${cpuNode}<${node}`).toBeGreaterThan(0.94);
        expect(ratio, `${cpuNode}<${node}`).toBeLessThan(1 + 1e-9);
        if (ratio < 1 - 1e-9) missed++;
      }
    }
    expect(missed).toBe(spec === opteron6172 ? 4 : 0);
  });
});

describe('a machine without measured bandwidth', () => {
  const { pairGBps: _read, pairWriteGBps: _write, oneThreadReadGBps: _one, oneThreadWriteGBps: _other, ...plain } = lopsided;

  test('keeps the same lines in flight on every path', () => {
    const machine = buildMachine({ ...plain, linesInFlight: figure(5.5) });
    expect([...machine.linesInFlight, ...machine.writeLinesInFlight]).toEqual(Array.from({ length: 18 }, () => 5.5));
  });

  test('counts a written line as one read and one write at the controller, and has no pairs', () => {
    const machine = buildMachine(plain);
    expect(machine.resourceCount).toBe(3 + 6);
    expect(usesOf(machine, 0, 1)).toEqual({ 'controller 1': [1, 2], 'link 1>0': [1, 1], 'link 0>1': [0, 1] });
  });
});

test('a node of memory only has no CPUs, and the numbering goes on behind it', () => {
  const machine = buildMachine(changed({ nodeCpus: [3, 0, 2] }));
  expect([...machine.cpuNode]).toEqual([0, 0, 0, 2, 2]);
});

describe('a machine that cannot be is refused with path, value and what was wanted', () => {
  const cell = (matrix: readonly (readonly number[])[], row: number, column: number, value: number): number[][] =>
    matrix.map((cells, i) => cells.map((old, j) => (i === row && j === column ? value : old)));
  const inTable = (
    name: 'latencyNs' | 'slit' | 'nextHop' | 'pairGBps' | 'oneThreadWriteGBps',
    row: number,
    column: number,
    value: number,
  ) => changed({ [name]: figure(cell(lopsided[name]!.value, row, column, value)) });
  const link = (between: number[], capacity = 2): object => ({ between, capacityGBps: capacity });

  test.each([
    ['a negative latency', inTable('latencyNs', 0, 2, -5), 'latencyNs[0][2] = -5, want more than 0'],
    ['a latency that is no number', inTable('latencyNs', 1, 2, NaN), 'latencyNs[1][2] = NaN, want more than 0'],
    ['an endless bandwidth', inTable('oneThreadWriteGBps', 2, 1, Infinity), 'oneThreadWriteGBps[2][1] = Infinity, want more than 0'],
    ['a pair without bandwidth', inTable('pairGBps', 2, 0, 0), 'pairGBps[2][0] = 0, want more than 0'],
    ['a missing row', changed({ latencyNs: figure([[1, 2, 3]]) }), 'latencyNs.length = 1, want 3, one row a node'],
    [
      'a short row',
      changed({
        slit: figure([
          [10, 20, 30],
          [20, 10],
          [1, 2, 10],
        ]),
      }),
      'slit[1].length = 2, want 3, one column a node',
    ],
    ['a SLIT of 10 between nodes', inTable('slit', 1, 0, 10), 'slit[1][0] = 10, want a whole number from 11 to 254'],
    ['a SLIT of 20 within a node', inTable('slit', 1, 1, 20), 'slit[1][1] = 20, want 10, a node to itself'],
    ['a hop to no node', inTable('nextHop', 0, 2, 3), 'nextHop[0][2] = 3, want a node below 3'],
    [
      'routes in a circle',
      changed({
        nextHop: figure([
          [0, 1, 1],
          [0, 1, 0],
          [0, 1, 2],
        ]),
      }),
      'nextHop[0][2] = 1, want a neighbour on a way that arrives',
    ],
    [
      'a hop without a link',
      changed({ links: figure([link([0, 1]), link([2, 1])]) }),
      'nextHop[0][2] = 2, want a neighbour of node 0 by a link',
    ],
    ['a link to itself', changed({ links: figure([link([1, 1])]) }), 'links[0].between = 1,1, want two different nodes, each pair once'],
    [
      'a link twice',
      changed({ links: figure([link([0, 1]), link([1, 0])]) }),
      'links[1].between = 1,0, want two different nodes, each pair once',
    ],
    ['a link to no node', changed({ links: figure([link([0, 7])]) }), 'links[0].between[1] = 7, want a node below 3'],
    ['a link that carries nothing', changed({ links: figure([link([0, 1], 0)]) }), 'links[0].capacityGBps = 0, want more than 0'],
    ['half a CPU', changed({ nodeCpus: [3, 0.5, 2] }), 'nodeCpus[1] = 0.5, want a whole number'],
    ['no CPU at all', changed({ nodeCpus: [0, 0, 0] }), 'nodeCpus = 0,0,0, want at least one CPU'],
    ['a node in no socket', changed({ nodeSocket: [0, 1, 2] }), 'nodeSocket[2] = 2, want a socket below 2'],
    ['a socket without nodes', changed({ sockets: 3 }), 'sockets = 3, want no more than have nodes; socket 2 has none'],
    ['a stopped clock', changed({ clockGHz: figure(0) }), 'clockGHz = 0, want more than 0'],
    ['no memory', changed({ memoryGiB: figure([0, 0, 0]) }), 'memoryGiB = 0,0,0, want some in at least one node'],
    ['less than no memory', changed({ memoryGiB: figure([5, -1, 7]) }), 'memoryGiB[1] = -1, want 0 or more'],
    [
      'a node without CPUs and memory',
      changed({ nodeCpus: [3, 0, 2], memoryGiB: figure([5, 0, 7]) }),
      'memoryGiB[1] = 0, want more than 0 in a node without CPUs',
    ],
    ['a hole above 4 GiB', changed({ memoryHoleGiB: figure(4) }), 'memoryHoleGiB = 4, want 0 to less than 4'],
    ['less than a line in flight', changed({ linesInFlight: figure(0.5) }), 'linesInFlight = 0.5, want 1 or more'],
    ['a rise without end', changed({ loadedLatency: figure({ rise: 0.3, curve: 1 }) }), 'loadedLatency.curve = 1, want 0 to less than 1'],
    ['a fall under load', changed({ loadedLatency: figure({ rise: -1, curve: 0 }) }), 'loadedLatency.rise = -1, want 0 or more'],
    ['no nodes', changed({ nodeSocket: [] }), 'nodeSocket.length = 0, want 1 to 254 nodes'],
  ])('%s', (_, spec, message) => {
    expect(() => checkSpec(spec)).toThrow(new RangeError(`lopsided: ${message}`));
  });

  test('before any of it is built', () => {
    expect(() => buildMachine(inTable('latencyNs', 0, 2, -5))).toThrow('lopsided: latencyNs[0][2] = -5, want more than 0');
  });
});
