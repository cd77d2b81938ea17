import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../formats/format-error.ts';
import { readHwlocXml } from '../../../formats/hwloc/xml.ts';
import type { Topology, TopologyNode } from '../../../formats/topology.ts';
import { asText, fixture } from '../readers.ts';
import { sample, skipNote } from '../samples.ts';
import { hex, node, pu, xml } from './xml-fixture.ts';

const lopsided = asText(fixture('hwloc-v2.xml'));
const nothing = { package: null, cores: null, memoryBytes: null, l1Bytes: null, l2Bytes: null, llcBytes: null, llcCount: null };

const cpusOf = ({ nodes }: Topology): (readonly [number, readonly number[]])[] => nodes.map(({ id, cpus }) => [id, cpus] as const);
const nodeOf = ({ nodes }: Topology, id: number): TopologyNode => nodes.find((each) => each.id === id)!;

describe('format 1, where a node is the parent of its CPUs', () => {
  const topology = readHwlocXml(asText(fixture('hwloc-v1.xml')));

  test('gives nodes by rising id, with the threads of their cores, memory and caches', () => {
    expect(topology.nodes).toEqual([
      { ...nothing, id: 1, package: 2, cpus: [1], memoryBytes: 5e9 },
      // L1 is the data cache of 32000, not the instruction cache of 16000 below it
      { id: 3, package: 5, cpus: [0, 2, 4], cores: [[0, 4], [2]], memoryBytes: 3e9, l1Bytes: 32000, l2Bytes: null, llcBytes: 6e6, llcCount: 1 }, // prettier-ignore
    ]);
    expect(topology.name).toBe('Old board');
  });

  test('has distances relative to a base, in the order of the file: node 3 before node 1', () => {
    // The file has [3][3] 1.0, [3][1] 1.1, [1][3] 1.7, [1][1] 1.0, times 10.
    expect(topology.distances).toEqual([
      [10, 17],
      [11, 10],
    ]);
  });

  test('leaves out what is offline (6 and 8) and what is not allowed (7)', () => {
    expect(topology.remarks).toEqual([
      'CPUs 6,8 are offline, or hidden where the file was made: left out',
      'CPUs 7 were not allowed where the file was made: left out',
    ]);
  });

  test('has distances that are no SLIT, or not between its nodes: remarks', () => {
    const old = asText(fixture('hwloc-v1.xml'));
    expect(readHwlocXml(old.replace('"1.700000"', '"1.750000"'))).toMatchObject({ distances: null });
    const three = `<distances nbobjs="3" relative_depth="2" latency_base="1">${'<latency value="10"/>'.repeat(9)}</distances>`;
    const both = readHwlocXml(old.replace('<distances', `${three}<distances`));
    expect(both.distances).toEqual(topology.distances);
    expect(both.remarks).toContain('distances between 3 objects that are not the 2 nodes: passed over');
  });

  test('has distances of packages before those of as many nodes, which a depth tells apart', () => {
    const old = asText(fixture('hwloc-v1.xml'));
    const packages = `<distances nbobjs="2" relative_depth="2" latency_base="10">${[1, 2.5, 2.6, 1].map((value) => `<latency value="${value}"/>`).join('')}</distances>`; // prettier-ignore
    expect(readHwlocXml(old.replace('<distances', `${packages}<distances`)).distances).toEqual(topology.distances);
    // hwloc 2 writes one more in this format
    expect(readHwlocXml(old.replace('relative_depth="1"', 'relative_depth="2"')).distances).toEqual(topology.distances);
  });

  test('may have a machine without a node: it is one node with the memory of the machine', () => {
    const old = `<topology><object type="Machine" cpuset="0x5" nodeset="0xf...f" local_memory="77">${pu(0)}${pu(2)}</object></topology>`;
    expect(readHwlocXml(old).nodes).toEqual([{ ...nothing, id: 0, cpus: [0, 2], memoryBytes: 77 }]);
  });

  test('may have the machine in a System of hosts, if it is the only one', () => {
    const host = (id: number): string => `<object type="Machine" cpuset="${hex([id])}" local_memory="${id}99">${pu(id)}</object>`;
    const system = (hosts: string): string => `<topology><object type="System" os_index="0">${hosts}</object></topology>`;
    expect(readHwlocXml(system(host(3))).nodes).toEqual([{ ...nothing, id: 0, cpus: [3], memoryBytes: 399 }]);
    expect(() => readHwlocXml(system(host(3) + host(4)))).toThrow('2 machines in a System, want one: what lstopo writes of one host');
  });

  test('has the subtype of a node as an info, and nodes of memory only with an empty set', () => {
    const dram = `<object type="NUMANode" os_index="0" cpuset="0x3"><info name="Type" value="DRAM"/>${pu(0)}${pu(1)}</object>`;
    const mcdram = `<object type="NUMANode" os_index="1" cpuset="0x0"><info name="Type" value="MCDRAM"/></object>`;
    const old = `<topology><object type="Machine" cpuset="0x3">${mcdram}${dram}</object></topology>`;
    expect(cpusOf(readHwlocXml(old))).toEqual([[0, [0, 1]], [1, []]]); // prettier-ignore
  });
});

describe('a lopsided machine in format 2', () => {
  const topology = readHwlocXml(lopsided);

  test('gives every CPU to its nearest node, and to DRAM where two nodes lie at one place', () => {
    expect(cpusOf(topology)).toEqual([
      [0, [0, 2, 35]],
      [2, []], // HBM beside node 5
      [5, [1, 3, 5]],
      [7, [4]],
      [40, []], // NVM of the whole machine
    ]);
    expect(topology.nodes.map(({ memoryBytes }) => memoryBytes)).toEqual([16e9, 2e9, 18e9, 17e9, 900e9]);
    expect(topology.nodes.map((each) => each.package)).toEqual([4, 9, 9, 4, null]); // the HBM serves package 9 alone, the NVM both
  });

  test('knows threads of cores where all CPUs of a node have one', () => {
    expect(topology.nodes.map(({ cores }) => cores)).toEqual([[[0, 2], [35]], null, [[1], [3], [5]], null, null]);
  });

  test('divides an L3 that serves two nodes by their CPUs, and adds up those of one node', () => {
    // 4000000 bytes for CPUs 0, 2, 35 and 4: three and one of four. 3072000 + 5000000.
    expect(topology.nodes.map(({ llcBytes, llcCount }) => [llcBytes, llcCount])).toEqual([
      [3_000_000, 1],
      [null, null],
      [8_072_000, 2],
      [1_000_000, 1],
      [null, null],
    ]);
    expect(topology.remarks).toContain('an L3 of 4000000 bytes serves nodes 0,7: it is divided by CPUs');
    expect(topology.remarks).toContain('node 5 has 2 last-level caches, 8072000 bytes in all');
  });

  test('takes the smallest of caches that differ', () => {
    expect(nodeOf(topology, 5).l2Bytes).toBe(262144);
    expect(topology.remarks).toContain('the L2 caches of node 5 differ in size: the smallest is taken, 262144 bytes');
    expect(nodeOf(topology, 0).l1Bytes).toBe(48000);
  });

  test('sorts distances, which come in chunks and in the order 5 0 40 7 2', () => {
    expect(topology.distances).toEqual([
      [10, 24, 23, 13, 32],
      [27, 10, 15, 28, 38],
      [21, 12, 10, 22, 31],
      [14, 26, 25, 10, 37],
      [34, 36, 33, 35, 10],
    ]);
  });

  test('has latencies and bandwidths by initiator: a set of CPUs, an object, the narrower of two', () => {
    expect(topology.latencyNs).toEqual([
      [81, null, null, null, 301], // to node 7 CPU 0 sees 120 and CPUs 2 and 35 see 121
      [null, null, null, null, null],
      [141, 99, 78, null, 301], // 99 for reading, as nothing is said for both; 78 for CPUs 1 3 5, 77 for 1 3 5 7
      [null, null, null, 66, 301],
      [null, null, null, null, null],
    ]);
    expect(topology.bandwidthGBps![0]).toEqual([65.536, null, null, null, null]); // 62500 MiB/s
    expect(topology.bandwidthGBps!.flat().filter((cell) => cell !== null)).toHaveLength(1);
  });

  test('runs at the base clock of most CPUs', () => {
    expect(topology.clockGHz).toBe(2.3);
    expect(topology.name).toBe('Lopsided & Sons');
  });

  test('remarks on all that does not come through', () => {
    expect(topology.remarks).toEqual(
      expect.arrayContaining([
        'CPUs 6 are offline, or hidden where the file was made: left out',
        'CPUs 7 were not allowed where the file was made: left out',
        'passed over: 2 Group, 1 Bridge, 1 Misc',
        'node 2 (HBM) serves CPUs that belong to a nearer node or are not there: memory only',
        '1 memory-side caches have no place in the model: passed over',
        'distances between objects of type Package (no name): passed over',
        'distances between nodes that are no latencies from the operating system (NUMABandwidth, kind 9): passed over',
        'distances between objects of different types (Mixed): passed over',
        'Latency from node 0 to 7 is not the same for all its CPUs: passed over',
        'memory attribute WriteLatency: passed over',
        'CPUs of other kinds run at 1.1 GHz',
      ]),
    );
  });
});

describe('nodes', () => {
  test('without distances, and a single one, have none', () => {
    expect(readHwlocXml(xml('0x3', node(0, [0]) + node(1, [1]) + pu(0) + pu(1))).distances).toBeNull();
    const alone =
      '<distances2 type="NUMANode" nbobjs="1" kind="5" indexing="os"><indexes>4</indexes><u64values>10</u64values></distances2>';
    expect(readHwlocXml(xml('0x1', node(4, [0]) + pu(0), alone))).toMatchObject({ distances: null, nodes: [{ id: 4, cpus: [0] }] });
  });

  test('at one place without a subtype: the lowest id has the CPUs', () => {
    const topology = readHwlocXml(xml('0x3', node(6, [0, 1]) + node(3, [0, 1]) + pu(0) + pu(1)));
    expect(cpusOf(topology)).toEqual([[3, [0, 1]], [6, []]]); // prettier-ignore
  });

  test('with another subtype than DRAM come after one without', () => {
    const topology = readHwlocXml(xml('0x3', node(2, [0, 1], 'subtype="CXL-DRAM"') + node(9, [0, 1]) + pu(0) + pu(1)));
    expect(cpusOf(topology)).toEqual([[2, []], [9, [0, 1]]]); // prettier-ignore
  });

  test('whose memory was not allowed stay with their CPUs, and go without', () => {
    const objects = node(0, [0, 1]) + node(1, [2]) + node(2, []) + pu(0) + pu(1) + pu(2);
    const topology = readHwlocXml(xml('0x7', objects, '', 'allowed_nodeset="0x1"'));
    expect(cpusOf(topology)).toEqual([[0, [0, 1]], [1, [2]]]); // prettier-ignore
    expect(topology.remarks).toEqual([
      'the memory of node 1 was not allowed where the file was made; it is taken all the same',
      'node 2 has no CPU online and allowed, and its memory is not allowed: left out',
    ]);
  });

  test('are all taken where none is allowed, as hwloc 1 wrote for some machines', () => {
    const topology = readHwlocXml(xml('0x1', node(0, [0]) + node(1, []) + pu(0), '', 'allowed_nodeset="0x0"'));
    expect(cpusOf(topology)).toEqual([[0, [0]], [1, []]]); // prettier-ignore
    expect(topology.remarks).toEqual(['allowed_nodeset names no node: passed over', 'node 1 serves no CPU by itself: memory only']);
  });

  test('that lose all their CPUs are of memory only', () => {
    const objects = node(0, [0]) + node(1, [1]) + pu(0) + pu(1);
    expect(cpusOf(readHwlocXml(xml('0x3', objects, '', 'allowed_cpuset="0x1"')))).toEqual([[0, [0]], [1, []]]); // prettier-ignore
  });

  test('that do not serve a CPU leave it out', () => {
    const topology = readHwlocXml(xml('0x7', node(0, [0, 2]) + pu(0) + pu(1) + pu(2)));
    expect([cpusOf(topology), topology.remarks]).toEqual([
      [[0, [0, 2]]],
      ['CPUs 1 are in no node, or in none that was allowed where the file was made (lstopo --disallowed writes those too): left out'],
    ]);
  });

  test('in several packages have none', () => {
    const packages = [3, 8].map((id, i) => `<object type="Package" os_index="${id}" cpuset="${hex([i])}">${pu(i)}</object>`);
    const topology = readHwlocXml(xml('0x3', node(0, [0, 1]) + packages.join('')));
    expect([nodeOf(topology, 0).package, topology.remarks]).toEqual([
      null,
      ['node 0 spans packages 3, 8, and the model has no node in several sockets: no package is taken'],
    ]);
  });
});

test('at most 4096 CPUs and 254 nodes are read', () => {
  const all = Array.from({ length: 4097 }, (_, id) => `<object type="PU" os_index="${id}" cpuset="0x${(2 ** (id % 32)).toString(16)}${',0x0'.repeat(id / 32)}"/>`); // prettier-ignore
  const root = `0x1${',0xffffffff'.repeat(128)}`;
  expect(readHwlocXml(xml(root, all.slice(0, 4096).join(''))).nodes[0]!.cpus).toHaveLength(4096);
  expect(() => readHwlocXml(xml(root, all.join('')))).toThrow('PU os_index = 4096, want at most 4096 CPUs');
  const nodes = Array.from({ length: 255 }, (_, id) => `<object type="NUMANode" os_index="${id}" cpuset="0x0"/>`);
  expect(readHwlocXml(xml('0x1', pu(0) + nodes.slice(0, 254).join(''))).nodes).toHaveLength(254);
  expect(() => readHwlocXml(xml('0x1', pu(0) + nodes.join('')))).toThrow('NUMANode os_index = 254, want at most 254 nodes');
});

test('distances are only taken as a SLIT if they are one', () => {
  const matrix = (values: string, more = ''): string =>
    `<distances2 type="NUMANode" nbobjs="2" kind="5" indexing="os" ${more}><indexes>0 1</indexes><u64values>${values}</u64values></distances2>`;
  const read = (...matrices: string[]): Topology =>
    readHwlocXml(xml('0x3', node(0, [0]) + node(1, [1]) + pu(0) + pu(1), matrices.join('')));
  expect(read(matrix('10 21 20 10')).distances).toEqual([[10, 21], [20, 10]]); // prettier-ignore
  expect(read(matrix('15 21 20 15'))).toMatchObject({
    distances: null,
    remarks: ['distances (no name) are no SLIT, they have 15 from node 0 to 0: passed over'],
  });
  expect(read(matrix('10 256 20 10')).distances).toBeNull();
  expect(read(matrix('10 21 20 10').replace('kind="5"', 'kind="6"'))).toMatchObject({
    distances: null, // what a user has added
    remarks: ['distances between nodes that are no latencies from the operating system (no name, kind 6): passed over'],
  });
  const byGp = matrix('10 21 20 10').replace('"os"', '"gp"').replace('>0 1<', '>101 100<'); // node 1, node 0
  expect(read(byGp).distances).toEqual([[10, 20], [21, 10]]); // prettier-ignore
  const both = read(matrix('10 21 20 10'), matrix('10 41 40 10', 'name="NUMALatency"'));
  expect(both).toMatchObject({ distances: [[10, 41], [40, 10]], remarks: ['a further matrix of distances (no name): passed over'] }); // prettier-ignore
});

test('targets are found by os_index as well', () => {
  const value = '<memattr_value target_obj_type="NUMANode" target_obj_os_index="1" value="90" initiator_cpuset="0xf...f"/>';
  const topology = readHwlocXml(
    xml('0x3', node(0, [0]) + node(1, [1]) + pu(0) + pu(1), `<memattr name="Latency" flags="6">${value}</memattr>`),
  );
  expect(topology.latencyNs).toEqual([[null, 90], [null, 90]]); // prettier-ignore
});

test('a latency of 0 says nothing', () => {
  const value = (target: number, ns: number): string =>
    `<memattr_value target_obj_type="NUMANode" target_obj_gp_index="${100 + target}" value="${ns}" initiator_cpuset="0x1"/>`;
  const topology = readHwlocXml(
    xml('0x3', node(0, [0]) + node(1, [1]) + pu(0) + pu(1), `<memattr name="Latency" flags="6">${value(0, 70)}${value(1, 0)}</memattr>`),
  );
  expect(topology.latencyNs).toEqual([[70, null], [null, null]]); // prettier-ignore
  expect(topology.remarks).toEqual(['Latency of node 1 is 0: passed over']);
});

test('a clock that is only the highest is taken and said', () => {
  const kind = '<cpukind cpuset="0x1"><info name="FrequencyMaxMHz" value="1700"/></cpukind>';
  const topology = readHwlocXml(xml('0x1', node(0, [0]) + pu(0), kind));
  expect([topology.clockGHz, topology.remarks]).toEqual([1.7, ['the clock is the highest one (FrequencyMaxMHz): no base clock is said']]);
});

test('kinds of CPUs are as many as there can be CPUs', () => {
  const kinds = (count: number): string => xml('0x1', node(0, [0]) + pu(0), '<cpukind cpuset="0x1"/>'.repeat(count));
  expect(readHwlocXml(kinds(4096)).clockGHz).toBeNull();
  expect(() => readHwlocXml(kinds(4097))).toThrow('<cpukind>, want at most 4096');
});

test('a document type is passed over: its entities are none', () => {
  const document = '<!DOCTYPE topology SYSTEM "file:///etc/passwd" [<!ENTITY size "5">]>';
  expect(readHwlocXml(document + xml('0x1', node(0, [0]) + pu(0))).nodes).toHaveLength(1);
  expect(() => readHwlocXml(document + xml('0x1', node(0, [0], 'local_memory="&size;"') + pu(0)))).toThrow(FormatError);
});

const one = node(0, [0]) + pu(0);
const chunk = (indexes: string, values: string, more = 'kind="5" indexing="os" nbobjs="2"'): string =>
  `<distances2 type="NUMANode" ${more}><indexes>${indexes}</indexes><u64values>${values}</u64values></distances2>`;

test.each([
  ['another root', '<root/>', '<root>, want <topology>'],
  ['a later format', '<topology version="4.0"/>', '<topology> version = "4.0", want 1.x, 2.x or 3.x'],
  ['no machine', '<topology version="2.0"/>', '0 <object> in <topology>, want one'],
  ['a set without an end', xml('0x1', '<object type="PU" os_index="0" cpuset="0xf...f"/>'), 'cpuset = 0xf...f, want a set that ends'],
  ['a set of something else', xml('0x1', '<object type="PU" os_index="0" cpuset="0x1,zz"/>'), 'cpuset = "zz", want a word in hexadecimal such as 0x0000000f'], // prettier-ignore
  ['a CPU twice', xml('0x1', one + pu(0)), 'PU os_index = 0, want each once'],
  ['a node twice', xml('0x1', one + node(0, [0])), 'NUMANode os_index = 0, want each once'],
  ['a CPU in another place', xml('0x3', '<object type="PU" os_index="0" cpuset="0x2"/>'), 'PU os_index = 0, cpuset = 1, want the same'],
  ['a CPU without a number', xml('0x3', '<object type="PU" cpuset="0x2"/>'), '<object> PU without os_index, want one'],
  ['a number too high', xml('0x3', '<object type="PU" os_index="65536" cpuset="0x2"/>'), 'os_index = "65536", want a whole number below 65536'], // prettier-ignore
  ['an unknown object', xml('0x1', '<object type="Quark"/>'), 'type = "Quark", want Machine, Package, Die, Group, NUMANode, MemCache, L1Cache to L5Cache, Core, PU or a device'], // prettier-ignore
  ['no CPU', xml('0x1', node(0, [0])), 'no CPU that is online and allowed, want at least one'],
  ['memory that is no number', xml('0x1', node(0, [0], 'local_memory="1e9"') + pu(0)), 'local_memory = "1e9", want bytes, below 2^53'],
  ['too few distances', xml('0x1', one, chunk('0 1', '10 20 20')), '3 u64values, want 4'],
  ['too many distances', xml('0x1', one, chunk('0 1', '10 20 20 10 9')), 'more than 4 u64values, want nbobjs x nbobjs of them'],
  ['a node twice in distances', xml('0x1', one, chunk('1 1', '10 20 20 10')), '<distances2> indexes, want each node once'],
  ['distances by something else', xml('0x1', one, chunk('0 1', '10 20 20 10', 'kind="5" indexing="id" nbobjs="2"')), '<distances2> indexing = "id", want os or gp'], // prettier-ignore
  ['distances of no node', xml('0x1', one, chunk('100 7', '10 20 20 10', 'kind="5" indexing="gp" nbobjs="2"')), '<distances2> indexes has 7, want the gp_index of a node'], // prettier-ignore
  ['distances of many', xml('0x1', one, chunk('0', '10', 'kind="5" indexing="os" nbobjs="1025"')), '<distances2> nbobjs = 1025, want 1 to 1024'], // prettier-ignore
  ['an unknown target', xml('0x1', one, '<memattr name="Latency" flags="6"><memattr_value target_obj_type="NUMANode" target_obj_gp_index="5" value="9" initiator_cpuset="0x1"/></memattr>'), '<memattr_value> target "5", want a node'], // prettier-ignore
  ['no initiator', xml('0x1', one, '<memattr name="Latency" flags="6"><memattr_value target_obj_type="NUMANode" target_obj_gp_index="100" value="9"/></memattr>'), '<memattr_value> without initiator_cpuset or initiator_obj_gp_index, want one'], // prettier-ignore
  ['a clock of nothing', xml('0x1', one, '<cpukind cpuset="0x1"><info name="FrequencyBaseMHz" value="fast"/></cpukind>'), 'FrequencyBaseMHz = "fast", want a clock in MHz'], // prettier-ignore
])('%s is refused', (_, text, said) => {
  expect(() => readHwlocXml(text)).toThrow(FormatError);
  expect(() => readHwlocXml(text)).toThrow(said);
});

test('errors say where', () => {
  const text = lopsided.replace('os_index="35"', 'os_index="34"');
  const line = text.split('\n').findIndex((each) => each.includes('os_index="34"')) + 1;
  expect(() => readHwlocXml(text)).toThrow(new RegExp(`^line ${line}, column \\d+: PU os_index = 34, cpuset = 35, want the same$`));
});

describe('samples', () => {
  const read = (path: string | null): Topology => readHwlocXml(readFileSync(path!, 'utf8'));
  const drachma = sample('topology/48amd64-4pa2n6c-sparse.hwloc2.9.xml');
  test.skipIf(!drachma)(`the machine of 8 nodes with sparse ids${skipNote(drachma)}`, () => {
    const topology = read(drachma);
    expect(topology.nodes.map(({ id }) => id)).toEqual([0, 1, 2, 33, 34, 45, 72, 73]);
    expect(topology.nodes.flatMap(({ cpus }) => cpus)).toEqual(Array.from({ length: 48 }, (_, i) => i));
    expect(topology.nodes.map((each) => each.package)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(topology.distances![3]).toEqual([22, 16, 16, 10, 16, 16, 22, 22]); // as numactl -H prints row 33
    expect(topology.nodes[0]).toMatchObject({ memoryBytes: 8587735040, l1Bytes: 65536, l2Bytes: 524288, llcBytes: 5240832, llcCount: 1 });
    expect([topology.name, topology.clockGHz]).toEqual(['DRACHMA', 1.7]);
  });

  const distances = sample('topology/16amd64-4distances.xml');
  test.skipIf(!distances)(`four matrices, one of them between nodes, whose order is 1 0 2 5 4 3 6 7${skipNote(distances)}`, () => {
    const topology = read(distances);
    expect(topology.nodes.map((each) => each.package)).toEqual([1, 0, 2, 5, 4, 3, 6, 7]);
    expect(topology.nodes[0]).toMatchObject({ cpus: [2, 3], memoryBytes: 8587984896, l2Bytes: 1048576, llcBytes: null, llcCount: null });
    expect(topology.distances!.map((row, i) => row[i])).toEqual(Array.from({ length: 8 }, () => 10));
    expect(topology.remarks.filter((remark) => remark.startsWith('distances'))).toHaveLength(3);
  });

  const memattrs = sample('topology/8intel64-4n2t-memattrs.xml');
  test.skipIf(!memattrs)(`a bandwidth of 20 MiB/s from everywhere to node 1${skipNote(memattrs)}`, () => {
    const topology = read(memattrs);
    expect(topology.bandwidthGBps).toEqual(Array.from({ length: 4 }, () => [null, 0.02097152, null, null]));
    expect(topology.latencyNs).toBeNull();
    expect(topology.remarks).toContain('memory attribute foobar: passed over');
  });
});

test('packages are numbered as the firmware does: 131073 on an Itanium, 2^32 - 1 is none', () => {
  const packed = (id: number): string => `<object type="Package" os_index="${id}" cpuset="0x5">${node(3, [0, 2])}${pu(0)}${pu(2)}</object>`;
  expect(readHwlocXml(xml('0x5', packed(131_073))).nodes[0]!.package).toBe(131_073);
  expect(readHwlocXml(xml('0x5', packed(2 ** 32 - 1))).nodes[0]!.package).toBeNull();
  expect(() => readHwlocXml(xml('0x5', packed(2 ** 32)))).toThrow('os_index = "4294967296", want a whole number below 4294967295');
});

test('a node without a size has no memory where other nodes say theirs', () => {
  const two = (size: string): Topology => readHwlocXml(xml('0x15', `${node(4, [0, 4])}${node(6, [2], size)}${pu(0)}${pu(2)}${pu(4)}`));
  const sizes = ({ nodes }: Topology): (number | null)[] => nodes.map(({ memoryBytes }) => memoryBytes);
  expect(sizes(two('local_memory="7777"'))).toEqual([0, 7777]);
  expect(sizes(two('local_memory="0"'))).toEqual([null, null]);
});
