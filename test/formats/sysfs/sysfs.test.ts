import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bunzip2 } from '../../../formats/sysfs/bunzip2.ts';
import { isSysfsFile, readSysfs } from '../../../formats/sysfs/sysfs.ts';
import { readTarFiles } from '../../../formats/sysfs/tar.ts';
import { sample, skipNote } from '../samples.ts';
import { dumpOf, smallDump, tarOf } from '../sysfs-fixture.ts';

const HIGHEST = 'the clock is the highest one (cpuinfo_max_freq): no base clock is said';
const NODE = 'host/sys/devices/system/node';
const CPU = 'host/sys/devices/system/cpu';

function changed(changes: Readonly<Record<string, string | null>>): Map<string, string> {
  const files = dumpOf(smallDump);
  for (const [name, text] of Object.entries(changes)) {
    if (text === null) files.delete(name);
    else files.set(name, text);
  }
  return files;
}

describe('a dump of /sys', () => {
  test('gives nodes, cores, packages, memory, distances, caches and clock', () => {
    expect(readSysfs(dumpOf(smallDump))).toEqual({
      name: 'Board',
      nodes: [
        { id: 1, package: 3, cpus: [0, 1, 3, 4], cores: [[0, 3], [1, 4]], memoryBytes: 8_000_000 * 1024, l1Bytes: 65_536, l2Bytes: 524_288, llcBytes: 5118 * 1024, llcCount: 1 }, // prettier-ignore
        { id: 5, package: 7, cpus: [2, 5], cores: [[2, 5]], memoryBytes: 4_000_001 * 1024, l1Bytes: 65_536, l2Bytes: 524_288, llcBytes: 5118 * 1024, llcCount: 1 }, // prettier-ignore
      ],
      distances: [
        [10, 21],
        [31, 10],
      ],
      latencyNs: null,
      bandwidthGBps: null,
      clockGHz: 1.7,
      remarks: [HIGHEST],
    });
  });

  test('may be a folder by any name, /sys and /proc themselves, or /sys alone', () => {
    const whole = readSysfs(dumpOf(smallDump));
    expect(readSysfs(dumpOf(smallDump, ''))).toEqual(whole);
    expect(readSysfs(dumpOf(smallDump, 'a/b/'))).toEqual(whole);
    const alone = new Map([...dumpOf(smallDump, '')].map(([name, text]) => [name.replace(/^sys\//, ''), text]));
    expect(readSysfs(alone).nodes).toEqual(whole.nodes);
  });

  test('is kept in a tar no further than it is looked at', () => {
    const files = dumpOf(smallDump);
    const tar = tarOf(new Map([...files, ['host/sys/devices/system/cpu/cpu0/crash_notes', 'x']]));
    expect(readTarFiles(tar, isSysfsFile)).toEqual(files);
  });

  test('masks stand for lists that old kernels do not have', () => {
    const masks = changed({
      [`${NODE}/node1/cpulist`]: null,
      [`${NODE}/node1/cpumap`]: '00000000,0000001b\n',
      [`${CPU}/cpu1/topology/thread_siblings_list`]: null,
      [`${CPU}/cpu1/topology/thread_siblings`]: '00000012\n',
    });
    expect(readSysfs(masks).nodes).toEqual(readSysfs(dumpOf(smallDump)).nodes);
  });

  test('CPUs that are off line are left out, and it says so', () => {
    const { nodes, remarks } = readSysfs(changed({ [`${CPU}/online`]: '0-2,4-5\n' }));
    expect(nodes[0]).toMatchObject({ cpus: [0, 1, 4], cores: [[0], [1, 4]] });
    expect(remarks).toEqual(['CPUs left out, for they are offline: 3', HIGHEST]);
    const noThreads = readSysfs(changed({ [`${CPU}/online`]: '0-2\n', [`${CPU}/present`]: '0-5,8-20\n' }));
    expect(noThreads.remarks[0]).toBe('CPUs left out, for they are offline: 3-5,8-20');
  });

  test('what is said of several nodes is one remark', () => {
    const writes = (node: number): Record<string, string> => ({
      [`${NODE}/node${node}/access1/initiators/read_latency`]: '90\n',
      [`${NODE}/node${node}/access1/initiators/write_latency`]: '95\n',
    });
    expect(readSysfs(changed({ ...writes(1), ...writes(5) })).remarks).toEqual([
      'each of nodes 1,5: what its memory takes to write is left out, reads count',
      HIGHEST,
    ]);
  });

  test('a last-level cache that two nodes share counts by the CPUs of each', () => {
    const shared = Object.fromEntries([0, 1, 2, 3, 4, 5].map((cpu) => [`${CPU}/cpu${cpu}/cache/index3/shared_cpu_list`, '0-5\n']));
    const { nodes } = readSysfs(changed(shared));
    expect(nodes.map(({ llcBytes }) => llcBytes)).toEqual([(5118 * 1024 * 4) / 6, (5118 * 1024 * 2) / 6]);
  });

  test('of caches that differ in size the smallest is taken, as of hybrid processors, and it says so', () => {
    const large = Object.fromEntries([0, 3].flatMap((cpu) => [[`${CPU}/cpu${cpu}/cache/index2/size`, '1280K\n'], [`${CPU}/cpu${cpu}/cache/index0/size`, '48K\n']])); // prettier-ignore
    const { nodes, remarks } = readSysfs(changed(large));
    expect(nodes[0]).toMatchObject({ l1Bytes: 49_152, l2Bytes: 524_288 });
    expect(remarks).toEqual([
      'the L1 caches of node 1 differ in size: the smallest is taken, 49152 bytes',
      'the L2 caches of node 1 differ in size: the smallest is taken, 524288 bytes',
      HIGHEST,
    ]);
  });

  test('a cache that names none of the CPUs on line is of the CPU it stands at', () => {
    const none = Object.fromEntries([2, 5].map((cpu) => [`${CPU}/cpu${cpu}/cache/index3/shared_cpu_list`, '7\n']));
    expect(readSysfs(changed(none)).nodes[1]).toMatchObject({ llcBytes: 2 * 5118 * 1024, llcCount: 2 });
  });

  test('what HMAT says as initiators without CPUs have it is that of the node itself; a bandwidth of 0 says nothing', () => {
    const folder = `${NODE}/node5/access0/initiators`;
    const more = { [`${NODE}/online`]: '1,5,7\n', [`${NODE}/node7/cpulist`]: '\n', [`${NODE}/node7/meminfo`]: 'Node 7 MemTotal: 9 kB\n' };
    const said = { [`${folder}/node7`]: '', [`${folder}/read_latency`]: '75\n', [`${folder}/read_bandwidth`]: '0\n' };
    const distances = Object.fromEntries([1, 5, 7].map((id) => [`${NODE}/node${id}/distance`, '10 20 30\n']));
    const { latencyNs, bandwidthGBps } = readSysfs(changed({ ...more, ...said, ...distances }));
    expect(latencyNs).toEqual([[null, null, null], [null, 75, null], [null, null, null]]); // prettier-ignore
    expect(bandwidthGBps).toBeNull();
    const both = readSysfs(changed({ ...more, ...said, ...distances, [`${NODE}/node1/access0/initiators/read_bandwidth`]: '2000\n' }));
    expect(both.bandwidthGBps).toEqual([[2, null, null], [null, null, null], [null, null, null]]); // prettier-ignore
  });

  test('several last-level caches of a node are counted and added up', () => {
    const split = Object.fromEntries(
      [0, 1, 3, 4].map((cpu) => [`${CPU}/cpu${cpu}/cache/index3/shared_cpu_list`, cpu % 3 === 0 ? '0,3' : '1,4']),
    );
    expect(readSysfs(changed(split)).nodes[0]).toMatchObject({ llcBytes: 2 * 5118 * 1024, llcCount: 2 });
  });

  test('a second level that cores share is the last one where there is no third, and one of a core alone is not', () => {
    const level = (own: (cpu: number) => Record<string, string | null>): Record<string, string | null> =>
      Object.assign({}, ...[0, 1, 2, 3, 4, 5].map((cpu) => ({ [`${CPU}/cpu${cpu}/cache/index3/level`]: null, ...own(cpu) }))) as Record<string, string | null>; // prettier-ignore
    const shared = level((cpu) => ({ [`${CPU}/cpu${cpu}/cache/index2/shared_cpu_list`]: cpu % 3 === 2 ? '2,5\n' : '0-1,3-4\n' }));
    const { nodes } = readSysfs(changed(shared));
    expect(nodes.map(({ l2Bytes, llcBytes, llcCount }) => [l2Bytes, llcBytes, llcCount])).toEqual([
      [524_288, 524_288, 1], // of two cores
      [524_288, null, null], // of the two threads of one
    ]);
    expect(readSysfs(changed(level(() => ({})))).nodes[0]).toMatchObject({ llcBytes: null, llcCount: null });
  });

  test("what HMAT says of a node's memory holds for the initiators that are linked there", () => {
    const folder = `${NODE}/node5/access0/initiators`;
    const { latencyNs, bandwidthGBps, remarks } = readSysfs(
      changed({
        [`${folder}/read_latency`]: '75\n',
        [`${folder}/write_latency`]: '80\n',
        [`${folder}/read_bandwidth`]: '12500\n',
        [`${folder}/node1`]: '',
        [`${NODE}/node1/access0/initiators/read_latency`]: '400\n',
        [`${NODE}/node1/access1/initiators/read_latency`]: '90\n',
        [`${NODE}/node1/memory_side_cache/index1/size`]: '1000\n',
      }),
    );
    expect(latencyNs).toEqual([
      [90, 75],
      [null, null],
    ]);
    expect(bandwidthGBps).toEqual([
      [null, 12.5],
      [null, null],
    ]);
    expect(remarks).toEqual([
      'the memory-side cache of node 1 is left out: this model has none',
      'node 5: what its memory takes to write is left out, reads count',
      HIGHEST,
    ]);
  });

  test('a kernel without nodes has one', () => {
    const files = new Map([...dumpOf(smallDump)].filter(([name]) => !name.includes('/node/')));
    const { nodes, distances } = readSysfs(files);
    expect(nodes).toMatchObject([{ id: 0, memoryBytes: 1024, package: null, llcCount: 2 }]);
    expect(distances).toBeNull();
  });

  test('the clock is that a CPU is sold with, else the highest, else that of the moment', () => {
    const frequency = `${CPU}/cpu0/cpufreq`;
    expect(readSysfs(changed({ [`${frequency}/base_frequency`]: '1300000' })).clockGHz).toBe(1.3);
    expect(readSysfs(changed({ [`${frequency}/base_frequency`]: '1300000' })).remarks).toEqual([]);
    const moment = changed({ [`${frequency}/cpuinfo_max_freq`]: null, 'host/proc/cpuinfo': 'processor\t: 0\ncpu MHz\t\t: 2394.454\n' });
    expect(readSysfs(moment).clockGHz).toBe(2.394454);
    expect(readSysfs(moment).remarks).toEqual(['the clock is that of the moment (/proc/cpuinfo): no base clock is said']);
  });

  test('a cache of no size is not there', () => {
    const none = Object.fromEntries([0, 1, 2, 3, 4, 5].map((cpu) => [`${CPU}/cpu${cpu}/cache/index3/size`, '0K\n']));
    expect(readSysfs(changed(none)).nodes[0]).toMatchObject({ l2Bytes: 524_288, llcBytes: null, llcCount: null });
  });
});

describe('a dump is refused', () => {
  test.each([
    [
      'that has no /sys',
      new Map([['a', '1']]),
      'sys/devices/system = nothing, want a dump of /sys and /proc as hwloc-gather-topology makes',
    ],
    ['with a CPU in two nodes', changed({ [`${NODE}/node5/cpulist`]: '2,4-5' }), `${NODE}/node5/cpulist = 4, want CPUs of one node only, 4 is of node 1 (nodes of numa=fake share CPUs: boot without it)`], // prettier-ignore
    ['with a CPU in none', changed({ [`${NODE}/node5/cpulist`]: '2' }), `${NODE} = "no node of CPU 5", want each online CPU in a node`],
    ['with distances of another number', changed({ [`${NODE}/node5/distance`]: '10' }), `${NODE}/node5/distance = "1 numbers", want 2, one for each online node`], // prettier-ignore
    ['with nonsense for a list', changed({ [`${CPU}/online`]: 'all' }), `${CPU}/online = "all", want ids such as 0-2,33, at most 4096`],
    ['with nonsense for a size', changed({ [`${CPU}/cpu0/cache/index3/size`]: '5118X' }), `${CPU}/cpu0/cache/index3/size = "5118X", want a size such as 512K`], // prettier-ignore
    ['with nonsense for memory', changed({ [`${NODE}/node1/meminfo`]: 'MemTotal: -1 kB' }), `${NODE}/node1/meminfo = "MemTotal: -1 kB", want such as MemTotal: 16777216 kB`], // prettier-ignore
  ])('%s', (_, files, said) => {
    expect(() => readSysfs(files)).toThrow(expect.objectContaining({ name: 'FormatError', message: `line 1, column 1: ${said}` }));
  });
});

test('a folder with an end of line in its name is a folder like others', () => {
  const files = new Map([...dumpOf(smallDump)].map(([name, text]) => [`a\nb/${name}`, text]));
  expect(readSysfs(files)).toEqual(readSysfs(dumpOf(smallDump)));
});

const dump = sample('topology/48amd64-4pa2n6c-sparse.tar.bz2');
test.skipIf(!dump)(`a real dump is read in under a second${skipNote(dump)}`, () => {
  const start = performance.now();
  const files = readTarFiles(bunzip2(readFileSync(dump!), 64 * 1024 ** 2), isSysfsFile);
  const { nodes, name } = readSysfs(files);
  expect(performance.now() - start).toBeLessThan(1000);
  expect(name).toBe('DRACHMA');
  expect(nodes.map(({ id }) => id)).toEqual([0, 1, 2, 33, 34, 45, 72, 73]);
  expect(nodes[3]).toMatchObject({ package: 1, cpus: [18, 19, 20, 21, 22, 23], memoryBytes: 16 * 1024 ** 3, llcBytes: 5118 * 1024 });
});
