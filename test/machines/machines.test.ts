import { describe, expect, test } from 'vitest';
import { matrixByHop, meanByHop } from '../../machines/by-hop.ts';
import { machineNamed, machines } from '../../machines/index.ts';
import { dunnington } from '../../machines/dunnington-4s.ts';
import { hygon7280 } from '../../machines/hygon7280-2s.ts';
import { kunpeng920 } from '../../machines/kunpeng920-2s-96c.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import { opteron6172 } from '../../machines/opteron-6172-4s.ts';
import { sparc } from '../../machines/sparc-4s-256hwc.ts';
import { uniform } from '../../machines/uniform.ts';
import { xeon8s } from '../../machines/xeon-8s-80c.ts';
import { xeon8167m } from '../../machines/xeon-8167m-2s.ts';
import { xeon8269cy } from '../../machines/xeon-8269cy-2s-snc.ts';
import { xeonDramPmem } from '../../machines/xeon-dram-pmem-2s.ts';
import { xeonE52680v2 } from '../../machines/xeon-e5-2680v2-2s.ts';
import { xeonE7 } from '../../machines/xeon-e7-4s.ts';
import { xeonSkx } from '../../machines/xeon-skx-2s.ts';
import { buildMachine, capacityGBps, HOP_CLASSES, PAIR } from '../../sim/machine.ts';
import { figuresOf, isAssumed, type MachineSpec, type Matrix } from '../../sim/machine-spec.ts';
import { hopClasses, routeBetween } from '../../sim/route.ts';

const nodes = [0, 1, 2, 3, 4, 5, 6, 7];

/** Names of all figures but these, in the order of the alphabet. */
function allBut(...published: string[]): (spec: MachineSpec) => string[] {
  return (spec) => {
    const names = figuresOf(spec).map(({ name }) => name);
    for (const name of published) expect(names).toContain(name);
    return names.filter((name) => !published.includes(name)).sort();
  };
}

test('machines are found by their name, the default first', () => {
  expect(machines[0]!.name).toBe('opteron-6164-4s');
  expect(new Set(machines.map((machine) => machine.name)).size).toBe(machines.length);
  for (const machine of machines) expect(machineNamed(machine.name)).toBe(machine);
  expect(machineNamed('uniform')).toBe(uniform);
  expect(machineNamed('opteron')).toBeUndefined();
});

describe.each(machines)('$name', (spec) => {
  test('can be built', () => {
    expect(buildMachine(spec).cpuCount).toBe(spec.nodeCpus.reduce((sum, cpus) => sum + cpus, 0));
  });

  test('has memory of another node no nearer than its own, by latency and by SLIT', () => {
    for (const table of [spec.latencyNs.value, spec.slit.value]) {
      table.forEach((row, cpuNode) => row.forEach((cell) => expect(cell).toBeGreaterThanOrEqual(row[cpuNode]!)));
    }
  });

  test('has caches that grow and slow down level by level, faster than memory', () => {
    const { l1, l2, llc } = spec.hitCycles.value;
    expect(spec.l1Bytes.value).toBeLessThan(spec.l2Bytes.value);
    expect(spec.l2Bytes.value).toBeLessThan(spec.llcBytes.value);
    expect(l1).toBeLessThan(l2);
    expect(l2).toBeLessThan(llc);
    for (const row of spec.latencyNs.value) expect(llc / spec.clockGHz.value).toBeLessThan(Math.min(...row));
  });

  test('holds no more on any path than its cores ask for, and all of that on one', () => {
    const machine = buildMachine(spec);
    const most = machine.coreLines.map((_, node) =>
      Math.max(...machine.linesInFlight.slice(node * machine.nodeCount, (node + 1) * machine.nodeCount)),
    );
    expect([...machine.coreLines]).toEqual([...most]);
  });

  test('says where each figure comes from, and why where it comes from nowhere', () => {
    for (const { name, figure } of figuresOf(spec)) expect(figure.source, name).toMatch(/^(assumed: .{10}|(?!assumed).{10})/);
  });
});

test.each([
  [opteron6164, ['links', 'loadedLatency', 'memoryHoleGiB', 'pairGBps', 'pairWriteGBps']],
  [opteron6172, ['clockGHz', 'links', 'loadedLatency', 'memoryGiB', 'memoryHoleGiB']],
  [xeonE52680v2, allBut('latencyNs', 'oneThreadReadGBps')],
  [xeonE7, allBut('latencyNs', 'controllerGBps', 'pairGBps', 'pairWriteGBps', 'oneThreadReadGBps')],
  [sparc, allBut('latencyNs', 'controllerGBps', 'pairGBps', 'pairWriteGBps', 'oneThreadReadGBps')],
  [xeon8269cy, allBut('l1Bytes', 'l2Bytes', 'memoryGiB', 'slit', 'latencyNs', 'controllerGBps', 'pairGBps', 'loadedLatency')],
  [xeonSkx, allBut('clockGHz', 'l1Bytes', 'l2Bytes', 'llcBytes', 'latencyNs', 'controllerGBps', 'loadedLatency')],
  [xeon8167m, allBut('clockGHz')],
  [xeonDramPmem, allBut('l1Bytes', 'l2Bytes', 'memoryGiB', 'slit')],
  [kunpeng920, allBut('memoryGiB', 'slit')],
  [hygon7280, allBut('latencyNs')],
])('what is inferred on $name is marked as assumed, and nothing that was measured is', (spec, names) => {
  const assumed = figuresOf(spec).filter(({ figure }) => isAssumed(figure));
  expect(assumed.map(({ name }) => name).sort()).toEqual(typeof names === 'function' ? names(spec) : names);
});

test.each([xeon8s, dunnington, uniform, lopsided])('$name is invented, so all its figures are assumed', (spec) => {
  expect(figuresOf(spec).every(({ figure }) => isAssumed(figure))).toBe(true);
});

describe.each([opteron6164, opteron6172])('the wiring of $name', (spec) => {
  const hops = (a: number, b: number): number => routeBetween(spec, a, b).length - 1;

  test('gives hop counts that its SLIT tells: 10 at home, 16 for one hop, 22 for two', () => {
    expect(nodes.map((a) => nodes.map((b) => [10, 16, 22][hops(a, b)]))).toEqual(spec.slit.value);
  });

  test('needs no more hops than the shortest way over its links', () => {
    const neighbours = nodes.map((a) =>
      nodes.filter((b) => spec.links.value.some(({ between: [x, y] }) => (x === a && y === b) || (x === b && y === a))),
    );
    for (const a of nodes) {
      for (const b of nodes) {
        const shortest = a === b ? 0 : neighbours[a]!.includes(b) ? 1 : neighbours[a]!.some((via) => neighbours[via]!.includes(b)) ? 2 : 3;
        expect(hops(a, b), `${a} to ${b}`).toBe(shortest);
      }
    }
  });

  test('has both nodes of a package linked by a wide link, and only narrow ones between packages', () => {
    const isWide = spec.links.value.filter(({ capacityGBps: GBps }) => GBps === 10.9);
    expect(isWide.map(({ between }) => between)).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
    expect(spec.links.value.filter(({ capacityGBps: GBps }) => GBps === 4.8)).toHaveLength(spec.links.value.length - 4);
  });

  test('leaves every pair of nodes narrower than its wires, so that each is a limit of its own', () => {
    expect([...buildMachine(spec).resourceKind].filter((kind) => kind === PAIR)).toHaveLength(8 * 7);
  });
});

test('each socket of xeon-8s-80c has three links, and none is more than two links away', () => {
  const linksOf = (node: number): number => xeon8s.links.value.filter(({ between }) => between.includes(node)).length;
  expect(nodes.map(linksOf)).toEqual([3, 3, 3, 3, 3, 3, 3, 3]);
  const isLinked = (a: number, b: number): boolean =>
    xeon8s.links.value.some(({ between: [x, y] }) => (x === a && y === b) || (x === b && y === a));
  for (const a of nodes) {
    for (const b of nodes) expect(routeBetween(xeon8s, a, b).length - 1).toBe(a === b ? 0 : isLinked(a, b) ? 1 : 2);
  }
});

test('the graphs have 18 and 16 links and mean hop counts of 1.357 and 1.429 between different nodes', () => {
  const meanHops = (spec: typeof opteron6164): number =>
    nodes.flatMap((a) => nodes.map((b) => routeBetween(spec, a, b).length - 1)).reduce((sum, hops) => sum + hops, 0) / (8 * 7);
  expect(opteron6164.links.value).toHaveLength(18);
  expect(opteron6172.links.value).toHaveLength(16);
  expect(meanHops(opteron6164)).toBeCloseTo(1.357, 3);
  expect(meanHops(opteron6172)).toBeCloseTo(1.429, 3);
});

describe('the Opteron 6172, against the published means by distance', () => {
  // Columns: own node, other die of the package, one hop, two hops.
  test.each([
    ['latencyNs', opteron6172.latencyNs.value, [67.1, 117.6, 124.3, 162.7], 1],
    ['node reads', opteron6172.pairGBps!.value, [11.075, 5.285, 2.943, 2.365], 2],
    ['node writes', opteron6172.pairWriteGBps!.value, [6.372, 4.785, 2.31, 1.647], 2],
    ['thread reads', opteron6172.oneThreadReadGBps!.value, [3.664, 2.08, 1.821, 1.359], 2],
    ['thread writes', opteron6172.oneThreadWriteGBps!.value, [2.89, 1.84, 1.59, 1.21], 2],
  ] as const)('%s', (_, matrix, published, digits) => {
    meanByHop(opteron6172, matrix).forEach((mean, hop) => expect(mean, HOP_CLASSES[hop]).toBeCloseTo(published[hop]!, digits));
  });

  test('has single cells where they were measured', () => {
    expect(opteron6172.latencyNs.value[7]![0]).toBe(348 / 2.1);
    expect(opteron6172.latencyNs.value[0]![7]).toBe(346 / 2.1);
    expect(opteron6172.pairGBps!.value[1]![5]).toBe(4.23);
    expect(opteron6172.pairWriteGBps!.value[4]![0]).toBe(2.725);
    expect(opteron6172.controllerGBps.value).toEqual([10.909, 11.085, 11.1, 11.062, 11.13, 11.126, 11.063, 11.129]);
  });
});

describe('the Opteron 6164, by distance', () => {
  // CPU of node 3: its own memory, that of node 2 in the package, of node 5 over one link, of node 0 over two (0 > 2 > 3).
  const fromNode3 = (matrix: Matrix): number[] => [3, 2, 5, 0].map((node) => matrix[3]![node]!);
  const near = (values: readonly number[], digits: number): unknown[] => values.map((value) => expect.closeTo(value, digits));

  test('has the latencies and one-thread bandwidths of the 6172', () => {
    expect(fromNode3(opteron6164.latencyNs.value)).toEqual(near([67.1, 117.6, 124.3, 162.7], 1));
    expect(fromNode3(opteron6164.oneThreadReadGBps!.value)).toEqual(near([3.664, 2.08, 1.821, 1.359], 2));
    expect(fromNode3(opteron6164.oneThreadWriteGBps!.value)).toEqual(near([2.89, 1.84, 1.59, 1.21], 2));
    expect(opteron6164.controllerGBps.value).toEqual(near([11.0755, 11.0755, 11.0755, 11.0755, 11.0755, 11.0755, 11.0755, 11.0755], 4));
  });

  test('limits what a node reads from another by 9.7 lines in a package and 5.2 across, and writes in the ratio of the 6172', () => {
    const read = [11.0755, (9.7 * 64) / 117.56, (5.2 * 64) / 124.325, (5.2 * 64) / 162.698];
    expect(fromNode3(opteron6164.pairGBps!.value)).toEqual(near(read, 2));
    const ratio = [11.075 / 6.372, 5.285 / 4.785, 2.943 / 2.31, 2.365 / 1.647];
    expect(fromNode3(opteron6164.pairWriteGBps!.value)).toEqual(
      near(
        read.map((GBps, hop) => GBps / ratio[hop]!),
        2,
      ),
    );
  });

  test('weighs a written line as 1.74 read lines at the controller', () => {
    const machine = buildMachine(opteron6164);
    expect(machine.useResource[0]).toBe(0);
    expect(machine.useWrite[0]).toBeCloseTo(1.74, 2);
    expect(capacityGBps(machine, 0)).toBeCloseTo(11.0755, 4);
  });

  test('has 8 and 16 GiB in turn, six CPUs a node and 1.7 GHz', () => {
    expect(opteron6164.memoryGiB.value).toEqual([8, 16, 8, 16, 8, 16, 8, 16]);
    expect(opteron6164.nodeCpus).toEqual([6, 6, 6, 6, 6, 6, 6, 6]);
    expect(opteron6164.clockGHz.value).toBe(1.7);
  });
});

describe('the uniform machine', () => {
  const machine = buildMachine(uniform);

  test('has memory equally near from everywhere', () => {
    for (const table of [machine.latencyNs, machine.linesInFlight, machine.writeLinesInFlight]) expect(new Set(table).size).toBe(1);
    expect(new Set(machine.riseNs)).toEqual(new Set([0]));
  });

  test('has no resource that all its CPUs together could fill, even writing', () => {
    const demandGBps = (2 * machine.cpuCount * machine.linesInFlight[0]! * 64) / machine.latencyNs[0]!;
    for (let resource = 0; resource < machine.resourceCount; resource++)
      expect(capacityGBps(machine, resource)).toBeGreaterThan(100 * demandGBps);
  });
});

test('on the lopsided machine no two figures of a table are alike', () => {
  for (const { name, figure } of figuresOf(lopsided)) {
    if (!Array.isArray(figure.value) || ['slit', 'nextHop', 'links'].includes(name)) continue;
    const cells = (figure.value as (number | number[])[]).flat();
    expect(new Set(cells).size, name).toBe(cells.length);
  }
});

test('a matrix by hop goes by the way from memory to CPU, and its mean gives the figures back', () => {
  const byHop = [1, 20, 300, 4000];
  const matrix = matrixByHop(lopsided, byHop);
  expect(matrix).toEqual([
    [1, 20, 4000], // node 2's data come to node 0 through node 1
    [20, 1, 300],
    [300, 300, 1], // and node 0's go straight to node 2
  ]);
  expect([...hopClasses(lopsided)].filter((hop) => hop === 3)).toHaveLength(1);
  expect(meanByHop(lopsided, matrix)).toEqual(byHop);
  expect(
    meanByHop(lopsided, [
      [1, 5, 9],
      [7, 2, 10],
      [20, 60, 6],
    ]),
  ).toEqual([3, 6, 30, 9]);
});
