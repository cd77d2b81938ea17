import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../formats/format-error.ts';
import { readHwlocSynthetic } from '../../../formats/hwloc/synthetic.ts';
import { readHwlocXml } from '../../../formats/hwloc/xml.ts';
import type { Topology } from '../../../formats/topology.ts';
import { hasLstopo, lstopo, lstopoNote } from '../lstopo.ts';

const cpusOf = ({ nodes }: Topology): (readonly [number, readonly number[]])[] => nodes.map(({ id, cpus }) => [id, cpus] as const);
const MiB = 1024 ** 2;

test('the machine of the deck: four packages of two nodes of six cores', () => {
  const topology = readHwlocSynthetic('pack:4 group:2 [numa(memory=16GB)] core:6 pu:1\n');
  expect(topology.nodes).toHaveLength(8);
  expect(topology.nodes[5]).toEqual({
    id: 5,
    package: 2,
    cpus: [30, 31, 32, 33, 34, 35],
    cores: [[30], [31], [32], [33], [34], [35]],
    memoryBytes: 16e9,
    l1Bytes: null,
    l2Bytes: null,
    llcBytes: null,
    llcCount: null,
  });
  expect(topology).toMatchObject({ name: null, distances: null, latencyNs: null, bandwidthGBps: null, clockGHz: null, remarks: [] });
});

test('caches have hwloc’s sizes where none is given', () => {
  const [node] = readHwlocSynthetic('numa:1 l3:2 l2:3 l1:1 l1i:1 core:1 pu:2').nodes;
  expect(node).toMatchObject({ l1Bytes: 32 * 1024, l2Bytes: 4 * MiB, llcBytes: 2 * 16 * MiB, llcCount: 2, memoryBytes: 1024 * MiB });
  expect(node!.cores).toEqual([[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10, 11]]); // prettier-ignore
});

test.each([
  ['memory=7', 7],
  ['memory=7kB', 7e3],
  ['memory=7MB', 7e6],
  ['memory=7gb', 7e9],
  ['memory=7TB', 7e12],
  ['memory=7kiB', 7 * 1024],
  ['memory=7MiB', 7 * MiB],
  ['memory=7GiB', 7 * 1024 * MiB],
  ['memory=7TiB', 7 * MiB * MiB],
  ['memory=0x10', 16],
  ['memory=010', 8],
])('%s is %d bytes', (attribute, bytes) => {
  expect(readHwlocSynthetic(`numa:2(${attribute}) pu:1`).nodes.map(({ memoryBytes }) => memoryBytes)).toEqual([bytes, bytes]);
});

describe('numbers of the operating system', () => {
  test('are listed', () => {
    expect(cpusOf(readHwlocSynthetic('numa:2(indexes=5,3) pu:2(indexes=0,9,1,7)'))).toEqual([[3, [1, 7]], [5, [0, 9]]]); // prettier-ignore
    expect(readHwlocSynthetic('pack:2(indexes=6,4) numa:1 pu:1').nodes.map((node) => node.package)).toEqual([6, 4]);
  });

  test('are interleaved by steps: first over objects 3 apart, then over neighbours', () => {
    // 3*2:1*3 over 6: number = (i / 3) % 2 + 2 * (i % 3)
    expect(cpusOf(readHwlocSynthetic('numa:2 pu:3(indexes=3*2:1*3)'))).toEqual([[0, [0, 2, 4]], [1, [1, 3, 5]]]); // prettier-ignore
    expect(cpusOf(readHwlocSynthetic('numa:2 pu:3(indexes=3*2)'))).toEqual([[0, [0, 2, 4]], [1, [1, 3, 5]]]); // prettier-ignore
  });

  test('are interleaved by types: round the nodes, then round the cores of each', () => {
    // PU 4 * node + 2 * core + thread has number node + 2 * core + 4 * thread
    const topology = readHwlocSynthetic('numa:2 core:2 pu:2(indexes=numa:core)');
    expect(topology.nodes.map(({ cores }) => cores)).toEqual([[[0, 4], [2, 6]], [[1, 5], [3, 7]]]); // prettier-ignore
  });
});

test('nodes attached at several places: the nearest has the CPUs, and those further down have the lower numbers', () => {
  const topology = readHwlocSynthetic('[numa] pack:2 [numa(memory=5GB)] [numa(memory=3GB)] pu:2');
  expect(topology.nodes.map(({ id, cpus, memoryBytes }) => [id, cpus, memoryBytes])).toEqual([
    [0, [0, 1], 5e9],
    [1, [], 3e9],
    [2, [2, 3], 5e9],
    [3, [], 3e9],
    [4, [], 0], // no default for a node attached
  ]);
});

test('what has no place is remarked on', () => {
  const one = 'no node is said: one of all packages, as in hwloc; pack:2 [numa] has one in each';
  expect(readHwlocSynthetic('pack:3 core:2 pu:1').remarks[0]).toBe(one);
  expect(readHwlocSynthetic('pack:1 core:2 pu:1').remarks).toEqual([]);
  const { remarks, nodes } = readHwlocSynthetic('(memory=4GB) numa:2(memorysidecachesize=1GB) core:1(memory=9MB) pu:1');
  expect(remarks).toEqual([
    'memorysidecachesize=1000000000: memory-side caches have no place in the model',
    'memory= of Machine: only nodes have memory, as in hwloc',
    'memory= of Core: only nodes have memory, as in hwloc',
  ]);
  expect(nodes.map(({ memoryBytes }) => memoryBytes)).toEqual([1024 * MiB, 1024 * MiB]);
});

test.each([
  ['', 'line 1, column 1: no level, want pu:2 or so'],
  ['numa:2', 'line 1, column 1: NUMANode as the last level, want pu'],
  ['numa:2 cat:3 pu:1', 'line 1, column 8: "cat", want pack, die, group, numa, l1 to l5, l1i to l3i, core, pu or a number'],
  ['numa:2 pu:0', 'line 1, column 8: 0 objects, want 1 and more, 4096 CPUs at most'],
  ['numa:2 pu:4096', 'line 1, column 8: 4096 objects, want 1 and more, 4096 CPUs at most'],
  ['numa:255 pu:1', 'line 1, column 1: 255 nodes, want at most 254'],
  ['pu:255 [numa]', 'line 1, column 1: [numa], want at most 254 nodes'],
  ['numa:x pu:1', 'line 1, column 6: "x", want a number of objects'],
  ['numa:09 pu:1', 'line 1, column 6: "09", want a number of objects'],
  ['numa pu:1', 'line 1, column 6: "numa" without a colon and a number of objects, want numa:2 or so'],
  ['numa:2 node:2 pu:1', 'line 1, column 8: a second level of NUMANode, want one'],
  ['numa:2 [numa] pu:1', 'line 1, column 1: nodes as a level and [numa] as well, want one of the two'],
  ['l2:2 l2:2 pu:1', 'line 1, column 6: a second level of L2 caches, want one'],
  ['core:2 3 pu:1', 'line 1, column 1: Core beside levels without a type, want a type for all or for none'],
  ['numa:2(size=1MB) pu:1', 'line 1, column 8: "size", want memory=, memorysidecachesize= or indexes='],
  ['l2:2(memory=1MB) pu:1', 'line 1, column 6: "memory", want size= or indexes='],
  ['numa:2(memory=1.5GB) pu:1', 'line 1, column 16: ".", want a blank or ) after memory='],
  ['numa:2(memory=1XB) pu:1', 'line 1, column 15: 1XB, want kB, MB, GB, TB, kiB, MiB, GiB or TiB'],
  ['numa:2(memory=9007TiB) pu:1', 'line 1, column 15: 9007TiB, want less than 2^53 bytes'],
  ['numa:2(memory=1GB pu:1', 'line 1, column 19: "p", want memory=, memorysidecachesize= or indexes='],
  ['numa:2 [core] pu:1', 'line 1, column 9: [core], want [numa], the only thing that can be attached'],
  ['pack:2 [numa pu:1', 'line 1, column 14: "pu", want ] after a node attached'],
  ['numa:2,pu:2', 'line 1, column 7: ",", want a blank before the next level'],
  ['numa:2 pu:2(indexes=0,1,2)', 'line 1, column 21: indexes = "0,1,2", want 4 numbers'],
  ['numa:2 pu:1(indexes=3,3)', 'line 1, column 21: indexes = "3,3", want each number once'],
  ['numa:2 pu:1(indexes=3,)', 'line 1, column 21: indexes = "3,", want whole numbers below 65536'],
  ['numa:2 pu:2(indexes=1*3)', 'line 1, column 21: indexes = "1*3", want terms for 4 objects'],
  ['numa:2 pu:2(indexes=2*2:2*2)', 'line 1, column 21: indexes = "2*2:2*2", want each number once'],
  ['numa:2 pu:2(indexes=0*2)', 'line 1, column 21: indexes = "0*2", want no 0 in it'],
  ['numa:2 pu:2(indexes=pack)', 'line 1, column 21: indexes = "pack", want types of levels above, not "pack"'],
  ['numa:2(indexes=core) core:2 pu:2', 'line 1, column 16: indexes = "core", want types of levels above'],
  ['numa:2 core:2 pu:2(indexes=core:core)', 'line 1, column 28: indexes = "core:core", want each type once'],
  [Array.from({ length: 128 }, () => '1').join(' '), 'line 1, column 255: one more level, want at most 127'],
])('%s is refused', (text, said) => {
  expect(() => readHwlocSynthetic(text)).toThrow(FormatError);
  expect(() => readHwlocSynthetic(text)).toThrow(said);
});

/** Each with something of its own: implied types and sizes, orders, places, numbers. */
const ALIKE = [
  'pack:4 group:2 [numa(memory=16GB)] core:6 pu:1',
  'node:2 pu:2',
  'numa:2(memory=1GB) l3:1(size=8MB) core:4 pu:2',
  'numa : 2(memory=3KiB ) PU:02 ',
  '2',
  '2 3',
  '2 3 4',
  '2 3 2 2',
  '2 3 2 2 2',
  '2 2 3 2 2 2',
  '2 2 2 2 3 2 2',
  '2 2 2 2 2 2 2 3',
  '2 2 2 2 2 2 2 2 2',
  '3 2(memory=5GB) 4',
  '[numa] 2 3 4',
  'core:2 2',
  'Socket:0x2 Tile:2 CO:2 pu:1',
  'l1:2 l3:1 pu:2',
  'pack:2(indexes=7,3) l4:1 numa:2 l3cache:2 l2u:2 l1d:1 l1i:1 core:2 pu:2',
  'pack:2 l3:2 numa:2 core:3 pu:2',
  'core:2 pack:2 pu:1',
  'pu:3 [numa]',
  '(memory=3GB) pack:2(memory=2GB) [numa] [numa(memory=3GB)] die:2 [numa(memory=7MB)] core:2 pu:1',
  'pack:2 [numa(indexes=3,1,7,2)] [numa(memory=3MB)] pu:2',
  'pack:2 [numa(indexes=3,1,7,2)] [numa(memory=3MB indexes=4,8,6,9)] pu:2',
  'numa:2(indexes=5,3) pu:2(indexes=0,2,1,7)',
  'numa:2 pu:4(indexes=4*2:2*2:1*2)',
  'numa:3 pu:4(indexes=numa)',
  'group2:2 numa:2 core:2 pu:2(indexes=core:group2)',
];

describe.skipIf(!hasLstopo)(`lstopo makes the same of${lstopoNote}`, () => {
  test.each(ALIKE)('%s', (text) => {
    const { status, output } = lstopo(text, '--of', 'xml');
    expect(status).toBe(0);
    expect({ ...readHwlocSynthetic(text), remarks: [] }).toEqual({ ...readHwlocXml(output), remarks: [] });
  });
});

describe.skipIf(!hasLstopo)(`lstopo refuses as well${lstopoNote}`, () => {
  test.each(['numa:2 cat:3 pu:1', 'pu:3 core:2', 'numa:2(size=8MB) pu:2', 'numa:2(memory=1GB,indexes=1,0) pu:2', 'pack:2 [die] pu:1'])(
    '%s',
    (text) => {
      expect(lstopo(text, '--of', 'xml').output).toBe('');
      expect(() => readHwlocSynthetic(text)).toThrow(FormatError);
    },
  );
});
