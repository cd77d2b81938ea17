import { writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type ImportedMachine, importMachine } from '../../../experiments/machine-import/import-machine.ts';
import { readDescription } from '../../../experiments/machine-import/read-description.ts';
import type { Topology, TopologyNode } from '../../../formats/topology.ts';
import { machines } from '../../../machines/index.ts';
import { opteron6164 } from '../../../machines/opteron-6164-4s.ts';
import { isAssumed, type MachineSpec } from '../../../sim/machine-spec.ts';
import { sample, skipNote } from '../../formats/samples.ts';
import { tarOf } from '../../formats/sysfs-fixture.ts';
import { BOARD_IDS, boardFiles, boardNumactl, boardXml } from './deck-board.ts';

const home = mkdtempSync(join(tmpdir(), 'numalab-import-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function imported(topology: Topology, like: MachineSpec | null = null): ImportedMachine {
  return importMachine(topology, { name: 'mine', from: 'x (test)', like, presets: machines });
}

function node(id: number, cpus: readonly number[], said: Partial<TopologyNode> = {}): TopologyNode {
  return { id, package: null, cpus, cores: null, memoryBytes: (id + 2) * 1024 ** 3, l1Bytes: null, l2Bytes: null, llcBytes: null, llcCount: null, ...said }; // prettier-ignore
}

function topology(nodes: readonly TopologyNode[], said: Partial<Topology> = {}): Topology {
  return { name: null, nodes, distances: null, latencyNs: null, bandwidthGBps: null, clockGHz: null, remarks: [], ...said };
}

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect((error as Error).name).toBe('InputError');
    return (error as Error).message;
  }
  throw new Error('was not refused');
};

/** What the three descriptions have in common. */
function expectDeckMachine({ spec, twin }: ImportedMachine, ids: readonly number[]): void {
  expect(spec).toMatchObject({ sockets: 4, nodeSocket: opteron6164.nodeSocket, nodeCpus: opteron6164.nodeCpus, nodeIds: ids });
  expect(spec.cpuIds).toBeUndefined(); // 0 to 47, node by node
  expect(spec.nodeCpus.reduce((sum, cpus) => sum + cpus, 0)).toBe(48);
  expect(spec.slit.value).toEqual(opteron6164.slit.value);
  spec.memoryGiB.value.forEach((GiB, at) => {
    const fitted = opteron6164.memoryGiB.value[at]!;
    expect(Math.abs(GiB - fitted) / fitted).toBeLessThan(0.01);
  });
  expect(twin?.name).toBe('opteron-6164-4s');
}

describe("XML, numactl's text and a dump of one board", () => {
  writeFileSync(join(home, 'board.xml'), boardXml());
  writeFileSync(join(home, 'board.txt'), boardNumactl());
  writeFileSync(join(home, 'board.tar'), tarOf(boardFiles()));
  const all = ['board.xml', 'board.txt', 'board.tar'].map((name) => readDescription(join(home, name), null));

  test('in UTF-16, as a shell of Windows writes them, are the same', () => {
    const swapped = Buffer.from(`\ufeff${boardNumactl()}`, 'utf16le').swap16();
    writeFileSync(join(home, 'wide.xml'), `\ufeff${boardXml()}`, 'utf16le');
    writeFileSync(join(home, 'swapped.txt'), swapped);
    expect(readDescription(join(home, 'wide.xml'), null).topology).toEqual(all[0]!.topology);
    expect(readDescription(join(home, 'swapped.txt'), null).topology).toEqual(all[1]!.topology);
    writeFileSync(join(home, 'cut.txt'), swapped.subarray(0, -1));
    expect(refusal(() => readDescription(join(home, 'cut.txt'), null))).toContain('no text in UTF-16BE, want a description');
  });

  test('are told apart by their content', () => {
    expect(all.map(({ format }) => format)).toEqual(['hwloc', 'numactl', 'sysfs']);
  });

  test("give one machine, which is the deck's", () => {
    const found = all.map(({ topology: one }) => imported(one));
    for (const one of found) expectDeckMachine(one, BOARD_IDS);
    const [xml, , dump] = found.map(({ spec }) => ({ ...spec, clockGHz: null })); // XML of hwloc 2.0 says no clock
    expect(xml).toEqual(dump);
    expect(found[1]!.twin!.differences[1]).toBe('node 0 has 8188 MiB, not 8192');
  });
});

const samples = ['hwloc2.9.xml', 'numactl-H.txt', 'tar.bz2'].map((kind) => sample(`topology/48amd64-4pa2n6c-sparse.${kind}`));
test.skipIf(samples.includes(null))(`the deck's machine itself comes of its three descriptions${skipNote(samples[0]!)}`, () => {
  const found = samples.map((path) => imported(readDescription(path!, null).topology));
  for (const one of found) expectDeckMachine(one, [0, 1, 2, 33, 34, 45, 72, 73]);
  expect({ ...found[0]!.spec, memoryGiB: 0, clockGHz: 0 }).toEqual({ ...found[2]!.spec, memoryGiB: 0, clockGHz: 0 });
  expect(found[0]!.spec.memoryGiB.value).toEqual(found[2]!.spec.memoryGiB.value);
});

describe('what is not said', () => {
  const bare = topology([node(0, [0, 1]), node(1, [2, 3, 4, 5])], { distances: [[10, 21], [31, 10]] }); // prettier-ignore
  const { spec, remarks, assumedLayout, twin } = imported(bare);

  test('is taken from the stated priors', () => {
    expect(spec.latencyNs.value).toEqual([[90, 189], [279, 90]]); // prettier-ignore
    expect(spec.controllerGBps.value).toEqual([2 * 4, 4 * 4]);
    expect(spec.links.value).toEqual([{ between: [0, 1], capacityGBps: 0.5 * 12 }]);
    expect(spec.llcBytes.value).toBe(4 * 1.5 * 1024 ** 2);
    expect(spec.linesInFlight!.value).toBe(10);
    expect(spec.nodeSocket).toEqual([0, 1]);
  });

  test('is marked as assumed, and nothing else is', () => {
    const assumed = Object.entries(spec).flatMap(([name, figure]: [string, unknown]) => (typeof figure === 'object' && figure !== null && 'source' in figure && isAssumed(figure as MachineSpec['slit']) ? [name] : [])); // prettier-ignore
    expect(assumed).toEqual(['clockGHz', 'l1Bytes', 'l2Bytes', 'llcBytes', 'hitCycles', 'memoryHoleGiB', 'latencyNs', 'controllerGBps', 'links', 'nextHop', 'linesInFlight', 'loadedLatency']); // prettier-ignore
    expect(spec.memoryGiB).toEqual({ value: [2, 3], source: 'x (test): memory of each node' });
    expect(remarks).toEqual([]);
    expect(assumedLayout).toEqual([
      { figure: 'sockets', why: 'not said, each node with CPUs taken for one' },
      {
        figure: 'threadsPerCore',
        why: "not said, each CPU taken for a core of its own; hwloc's XML and a dump of /sys say which share one",
      },
    ]);
    expect(twin).toBeNull();
  });

  test('of distances and memory is assumed as well', () => {
    const { spec: least } = imported(topology([node(0, [0]), node(1, [1], { memoryBytes: null })]));
    expect(least.slit).toEqual({ value: [[10, 20], [20, 10]], source: "assumed: no distances said, Linux's own of 10 and 20" }); // prettier-ignore
    expect(least.memoryGiB).toEqual({ value: [2, 4], source: 'assumed: no memory said of node 1: 4 GiB for each of its CPUs; all else x (test)' }); // prettier-ignore
  });

  test('of a last-level cache is the L2 of the cores, where there is one', () => {
    const { spec: two } = imported(topology([node(0, [0, 1, 2], { l2Bytes: 700_000 })]));
    expect(two.llcBytes).toEqual({
      value: 2_100_000,
      source: 'assumed: no last-level cache said: the L2 of all cores of the largest node',
    });
  });
});

describe('memory attributes', () => {
  const nodes = [node(0, [0, 1]), node(2, [2, 3])];
  const distances = [[10, 20], [30, 10]]; // prettier-ignore

  test('are the latencies and bandwidths, with their source', () => {
    const { spec } = imported(topology(nodes, { distances, latencyNs: [[71, 133], [145, 82]], bandwidthGBps: [[40, 11], [13, 50]] })); // prettier-ignore
    expect(spec.latencyNs).toEqual({ value: [[71, 133], [145, 82]], source: 'x (test): memory attribute Latency' }); // prettier-ignore
    expect(spec.controllerGBps.value).toEqual([40, 50]);
    expect(spec.controllerGBps.source).toBe('x (test): memory attribute Bandwidth, the most that any node gets');
    expect(spec.pairGBps).toEqual({ value: [[40, 11], [13, 50]], source: 'x (test): memory attribute Bandwidth' }); // prettier-ignore
  });

  test('said for local memory alone are the base of what distances add', () => {
    const { spec } = imported(topology(nodes, { distances, latencyNs: [[70, null], [null, 80]] })); // prettier-ignore
    expect(spec.latencyNs.value).toEqual([[70, 140], [240, 80]]); // prettier-ignore
    expect(spec.latencyNs.source).toBe(
      'assumed: SLIT / 10 times the local latency said; 2 of 4 pairs are x (test): memory attribute Latency',
    );
    expect(spec.pairGBps).toBeUndefined();
  });

  // a socket with DRAM (0), one with CXL memory beside its own (1 and 2): SLIT has CXL next door, HMAT does not
  const withCxl = imported(
    topology([node(0, [0, 1]), node(1, [2, 3]), node(2, [])], {
      distances: [[10, 21, 28], [21, 10, 14], [28, 14, 10]], // prettier-ignore
      latencyNs: [
        [100, null, null],
        [null, 110, 260],
        [null, null, null],
      ],
      bandwidthGBps: [
        [40, null, null],
        [null, 50, 36],
        [null, null, null],
      ],
    }),
  ).spec;

  test('of memory alone are farther for nodes that are farther than the one they are said from', () => {
    expect(withCxl.latencyNs.value.slice(0, 2)).toEqual([[100, 210, (260 * 28) / 14], [231, 110, 260]]); // prettier-ignore
    expect(withCxl.latencyNs.source).toBe('assumed: SLIT / 10 times the local latency said, to memory alone by the ratio of SLIT to the nearest said; 3 of 9 pairs are x (test): memory attribute Latency'); // prettier-ignore
  });

  test('of memory alone from several nodes: the nearest of them counts', () => {
    const { spec } = imported(
      topology([node(0, [0]), node(1, [1]), node(2, [2]), node(3, [])], {
        distances: [[10, 21, 21, 40], [21, 10, 21, 20], [21, 21, 10, 30], [5, 5, 5, 10].map((cell) => cell + 10)].map((row, i) => row.map((cell, j) => (i === j ? 10 : cell))), // prettier-ignore
        latencyNs: [[100, null, null, 500], [null, 100, null, 280], [null, null, 100, null], [null, null, null, null]], // prettier-ignore
      }),
    );
    expect(spec.latencyNs.value.slice(0, 3).map((row) => row[3])).toEqual([500, 280, (280 * 30) / 20]);
  });

  test('of bandwidth between nodes are not taken back by a link that is assumed', () => {
    const usual = (0.5 * (40 + 50 + 36)) / 3; // 21
    expect(withCxl.links.value).toEqual([
      { between: [0, 1], capacityGBps: usual },
      { between: [0, 2], capacityGBps: usual },
      { between: [1, 2], capacityGBps: 36 },
    ]);
    expect(withCxl.links.source).toBe('assumed: a link between every two nodes, each direction of 0.5 times the mean controller, or what is said of its nodes where that is more; no topology says which nodes are linked'); // prettier-ignore
    const back = imported(topology(nodes, { distances, bandwidthGBps: [[40, 11], [33, 50]] })).spec; // prettier-ignore
    expect(back.links.value).toEqual([{ between: [0, 1], capacityGBps: 33 }]); // the other direction is the pair's to limit
  });
});

describe('hardware threads', () => {
  test('are those of CPUs: a node of memory alone beside them has none, whether or not that is said', () => {
    for (const cores of [null, []]) {
      const { spec } = imported(topology([node(0, [1, 5], { cores: [[1, 5]] }), node(3, [], { cores }), node(4, [2, 6], { cores: [[2, 6]] })])); // prettier-ignore
      expect(spec).toMatchObject({ threadsPerCore: 2, nodeCpus: [2, 0, 2], cpuIds: [1, 5, 2, 6] });
    }
  });

  test('of a core follow one another, and their cores share its caches', () => {
    const { spec } = imported(topology([node(0, [0, 1, 4, 5], { cores: [[0, 4], [1, 5]], l1Bytes: 32_768 }), node(1, [2, 3, 6, 7], { cores: [[2, 6], [3, 7]] })])); // prettier-ignore
    expect(spec).toMatchObject({ threadsPerCore: 2, cpuIds: [0, 4, 1, 5, 2, 6, 3, 7] });
    expect(spec.l1Bytes).toEqual({ value: 16_384, source: 'x (test): caches, over the 2 threads of a core' });
    expect(spec.linesInFlight!.value).toBe(5);
    expect(spec.controllerGBps.value).toEqual([8, 8]);
    expect(spec.threadShare!.value).toBe(0.625); // 1.25 times the work, over two
  });

  test('of which a core has four or eight do not work as if they were cores', () => {
    const shareOf = (threads: number): unknown => {
      const own = Array.from({ length: threads }, (_, cpu) => cpu);
      return imported(topology([node(0, own, { cores: [own] })])).spec.threadShare;
    };
    // each doubling adds a quarter: 1.5 over four, 1.75 over eight
    const why = 'assumed: two threads together do 1.25 times the work of one, as on xeon-8167m-2s';
    expect(shareOf(4)).toEqual({ value: 0.375, source: `${why}, all 4 1.5 times` });
    expect(shareOf(8)).toEqual({ value: 0.21875, source: `${why}, all 8 1.75 times` });
  });

  test('make cores of their own where cores differ, and it says so', () => {
    const { spec, remarks } = imported(topology([node(0, [0, 1, 2], { cores: [[0, 2], [1]] })]));
    expect(spec).toMatchObject({ nodeCpus: [3] });
    expect(spec.threadsPerCore).toBeUndefined();
    expect(remarks[0]).toBe('cores of 1 and 2 threads: every CPU is taken for a core of its own, so threads that share one do not slow each other'); // prettier-ignore
  });
});

test('a node of memory alone is in the package it serves, if hwloc says so', () => {
  const { spec, remarks } = imported(readDescription('pack:2 [numa(memory=3GiB)] [numa(memory=5GiB)] core:2 pu:1', null).topology);
  expect([spec.nodeCpus, spec.nodeSocket]).toEqual([[2, 0, 2, 0], [0, 0, 1, 1]]); // prettier-ignore
  expect(remarks.join()).not.toContain('nearest with CPUs');
});

test('a node of CPUs alone has no memory', () => {
  const { spec } = imported(topology([node(1, [0, 1, 4], { memoryBytes: 0 }), node(3, [2, 3]), node(6, [])]));
  expect([spec.nodeCpus, spec.memoryGiB.value]).toEqual([[3, 2, 0], [0, 5, 8]]); // prettier-ignore
  expect(isAssumed(spec.memoryGiB)).toBe(false);
});

test('distances that Linux keeps for a node itself and for one out of reach are the next ones', () => {
  const { spec, remarks } = imported(topology([node(0, [0]), node(2, [1])], { distances: [[10, 10], [255, 10]] })); // prettier-ignore
  expect(spec.slit.value).toEqual([[10, 11], [254, 10]]); // prettier-ignore
  expect(remarks).toEqual([
    'different nodes that are 10 apart, as numa=fake makes them, are taken to be 11 apart',
    'nodes that cannot reach each other (255) are taken to be 254 apart',
  ]);
});

test.each([
  ['to itself', [[12, 20], [20, 10]], '12 from node 0 to 0'], // prettier-ignore
  ['below 10', [[10, 20], [3, 10]], '3 from node 2 to 0'], // prettier-ignore
  ['above 255', [[10, 260], [20, 10]], '260 from node 0 to 2'], // prettier-ignore
])('distances of no SLIT, %s, are passed over', (_, distances, which) => {
  const { spec, remarks } = imported(topology([node(0, [0]), node(2, [1])], { distances }));
  expect([spec.slit.value, isAssumed(spec.slit)]).toEqual([[[10, 20], [20, 10]], true]); // prettier-ignore
  expect(remarks).toEqual([`distances are no SLIT, they have ${which}: passed over`]);
});

test('nodes as near as those of one socket are taken to share one, whatever lies between their ids', () => {
  // 0 and 6 are near by 4 alone; 2 is near to 3 in one direction only; 5 is memory, nearest to 3
  const distances = [
    [10, 21, 20, 12, 30, 20],
    [21, 10, 12, 22, 30, 23],
    [20, 13, 10, 21, 29, 22],
    [11, 21, 20, 10, 30, 12],
    [30, 30, 29, 30, 10, 30],
    [20, 21, 20, 11, 30, 10],
  ];
  const nodes = [node(0, [0]), node(2, [1]), node(3, [2]), node(4, [3]), node(5, []), node(6, [4])];
  const { spec, assumedLayout } = imported(topology(nodes, { distances }));
  expect(spec).toMatchObject({ sockets: 3, nodeSocket: [0, 1, 2, 0, 2, 0] });
  expect(assumedLayout[0]).toEqual({ figure: 'sockets', why: 'not said, nodes at most 12 apart taken to share one' });
});

test('a node of memory alone is in the socket of the nearest with CPUs', () => {
  const distances = [[10, 28, 17], [28, 10, 24], [17, 24, 10]]; // prettier-ignore
  const { spec } = imported(topology([node(0, [0], { package: 5 }), node(1, [1], { package: 3 }), node(2, [])], { distances }));
  expect(spec.nodeSocket).toEqual([0, 1, 0]);
  const far = [[10, 28, 24], [28, 10, 17], [24, 17, 10]]; // prettier-ignore
  expect(imported(topology([node(0, [0], { package: 5 }), node(1, [1], { package: 3 }), node(2, [])], { distances: far })).spec.nodeSocket).toEqual([0, 1, 1]); // prettier-ignore
});

test('a node of memory alone that is as near to two sockets is said to be in the first for no better reason', () => {
  const distances = [[10, 12, 40, 80, 80, 60], [12, 10, 40, 80, 80, 60], [40, 40, 10, 80, 60, 80], [80, 80, 80, 10, 80, 80], [80, 80, 60, 80, 10, 80], [60, 60, 80, 80, 80, 10]]; // prettier-ignore
  const { spec, remarks } = imported(topology([node(0, [0]), node(1, [1]), node(8, [2]), node(253, []), node(254, []), node(255, [])], { distances })); // prettier-ignore
  expect(spec.nodeSocket).toEqual([0, 0, 1, 0, 1, 0]); // 255 is as near to 0 as to 1, which are one socket
  expect(remarks).toEqual([
    'nodes of memory alone are taken to be in the socket of the nearest with CPUs: 253, 254, 255',
    'of these as near to nodes of other sockets, and taken to be in the first: 253',
  ]);
});

test('a node without CPUs and memory is left out, and ids have a gap', () => {
  const distances = [[10, 99, 20], [99, 10, 99], [20, 99, 10]]; // prettier-ignore
  const { spec, remarks } = imported(topology([node(0, [0]), node(1, [], { memoryBytes: 0 }), node(2, [1])], { distances }));
  expect(spec).toMatchObject({ nodeIds: [0, 2], nodeCpus: [1, 1], slit: { value: [[10, 20], [20, 10]] } }); // prettier-ignore
  expect(remarks[0]).toBe('left out, for they have neither CPUs nor memory: nodes 1');
  const empty = [3, 4, 5, 7].map((id) => node(id, [], { memoryBytes: 0 }));
  expect(imported(topology([node(0, [0]), ...empty])).remarks[0]).toBe('left out, for they have neither CPUs nor memory: nodes 3-5,7');
});

describe('--like', () => {
  const board = readDescription(join(home, 'board.txt'), null).topology;
  const { spec } = imported(board, opteron6164);

  test('takes the figures of the other machine, and says so', () => {
    expect(spec.latencyNs.value).toEqual(opteron6164.latencyNs.value);
    expect(spec.latencyNs.source).toBe(`transferred from opteron-6164-4s: ${opteron6164.latencyNs.source}`);
    expect(spec.links.value).toEqual(opteron6164.links.value);
    expect(spec.links.source.startsWith('assumed: transferred from opteron-6164-4s: 10.9 GB/s')).toBe(true);
    expect(spec.nextHop.value).toEqual(opteron6164.nextHop.value);
    expect(spec.pairWriteGBps!.value).toEqual(opteron6164.pairWriteGBps!.value);
    expect(spec.clockGHz.value).toBe(1.7);
    expect(spec.linesInFlight).toBeUndefined();
  });

  test('keeps what the description says itself', () => {
    expect(spec.memoryGiB.source).toBe('x (test): memory of each node');
    expect(spec.slit.source).toBe('x (test): distances');
    expect(imported(readDescription(join(home, 'board.tar'), null).topology, opteron6164).spec.llcBytes.value).toBe(5118 * 1024);
  });

  test('takes its cores where none are said, which other CPUs cannot have', () => {
    const own = { ...imported(topology([node(0, [0, 4, 1, 5], { cores: [[0, 4], [1, 5]] }), node(1, [2, 6], { cores: [[2, 6]] })], { distances: [[10, 23], [23, 10]] })).spec, name: 'other' }; // prettier-ignore
    const bare = (cpus: readonly number[]): Topology => topology([node(0, [0, 1, 4, 5]), node(1, cpus)], { distances: [[10, 23], [23, 10]] }); // prettier-ignore
    const { spec, assumedLayout } = imported(bare([2, 6]), own);
    expect(spec).toMatchObject({ threadsPerCore: 2, cpuIds: [0, 4, 1, 5, 2, 6], threadShare: { value: 0.625 } });
    expect(assumedLayout.at(-1)).toEqual({ figure: 'threadsPerCore', why: 'not said, as on other' });
    expect(refusal(() => imported(bare([2, 3]), own))).toBe("--like = other: has 2 threads a core, and no CPU 3 in node 1, want a description that says cores: hwloc's XML or a dump of /sys"); // prettier-ignore
  });

  test('is refused for another shape', () => {
    const other = topology(board.nodes, { distances: board.distances!.map((row, at) => row.map((cell, to) => (at === 3 && to === 6 ? 23 : cell))) }); // prettier-ignore
    expect(refusal(() => imported(other, opteron6164))).toBe('--like = opteron-6164-4s: differs in distance from node 3 to 6: 23, not 22, want a machine of the same nodes, CPUs and distances'); // prettier-ignore
    expect(refusal(() => imported(topology([node(0, [0])]), opteron6164))).toMatch(/differs in nodes: 1, not 8, want/);
  });
});

describe('a machine that cannot be simulated is refused', () => {
  test.each([
    ['without CPUs', topology([node(0, [])]), 'cpus = none, want a machine with CPUs'],
    ['without memory', topology([node(0, [0], { memoryBytes: 0 }), node(3, [1], { memoryBytes: 0 })]), 'memory = 0 in every node, want a machine with memory'], // prettier-ignore
  ])('%s', (_, one, message) => {
    expect(refusal(() => imported(one))).toBe(message);
  });
});
