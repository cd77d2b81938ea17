import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writeHwlocXml } from '../../../formats/hwloc/xml-writer.ts';
import { readHwlocXml } from '../../../formats/hwloc/xml.ts';
import type { Topology, TopologyNode } from '../../../formats/topology.ts';
import { hasLstopo, lstopo, lstopoNote } from '../lstopo.ts';
import { asText, fixture } from '../readers.ts';
import { sample, skipNote } from '../samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'hwloc-'));
afterAll(() => rmSync(folder, { recursive: true }));

const facts = (topology: Topology): Topology => ({ ...topology, remarks: [] });

/** What lstopo makes of our file, as we read it; it must not complain of anything. */
function throughLstopo(topology: Topology): Topology {
  const path = join(folder, 'written.xml');
  writeFileSync(path, writeHwlocXml(topology));
  expect(lstopo(path, '--of', 'console')).toMatchObject({ status: 0, complaints: '' });
  const { status, output, complaints } = lstopo(path, '--of', 'xml');
  expect([status, complaints]).toEqual([0, '']);
  return facts(readHwlocXml(output));
}

const bare: TopologyNode = { id: 0, package: null, cpus: [], cores: null, memoryBytes: null, l1Bytes: null, l2Bytes: null, llcBytes: null, llcCount: null }; // prettier-ignore
const blank: Topology = { name: null, nodes: [], distances: null, latencyNs: null, bandwidthGBps: null, clockGHz: null, remarks: [] };

/** Everything that hwloc can say: interleaved CPUs, threads, two L3 a node, a package of two nodes, memory only, sparse ids. */
const everything: Topology = {
  name: 'Tom & "Jerry"',
  nodes: [
    {
      id: 1,
      package: 4,
      cpus: [0, 3, 70],
      cores: [[0, 70], [3]],
      memoryBytes: 111,
      l1Bytes: 32,
      l2Bytes: 512,
      llcBytes: 4001,
      llcCount: 2,
    },
    { id: 2, package: 4, cpus: [1], cores: [[1]], memoryBytes: 222, l1Bytes: 33, l2Bytes: null, llcBytes: null, llcCount: null },
    { ...bare, id: 9, memoryBytes: 999 },
    { id: 33, package: 0, cpus: [2, 5], cores: null, memoryBytes: 0, l1Bytes: null, l2Bytes: 513, llcBytes: null, llcCount: 1 },
    { id: 40, package: null, cpus: [4, 6], cores: [[4], [6]], memoryBytes: 400, l1Bytes: null, l2Bytes: null, llcBytes: 77, llcCount: 1 },
  ],
  distances: [
    [10, 11, 31, 41, 51],
    [12, 10, 32, 42, 52],
    [13, 23, 10, 43, 53],
    [14, 24, 34, 10, 54],
    [15, 25, 35, 45, 10],
  ],
  latencyNs: [
    [80, 90, 301, null, 150],
    [91, 81, 302, 151, null],
    [null, null, null, null, null],
    [160, 161, 303, 82, 162],
    [163, 164, 304, 165, 83],
  ],
  bandwidthGBps: [
    [6.5536, null, null, null, null],
    [null, 13.1072, null, null, null],
    [null, null, null, null, null],
    [null, null, null, 3.2768, null],
    [1.048576, null, null, null, null],
  ],
  clockGHz: 2.35,
  remarks: [],
};

describe('what is written is read again', () => {
  test('of a machine with everything', () => {
    expect(facts(readHwlocXml(writeHwlocXml(everything)))).toEqual(everything);
  });

  test.each(['hwloc-v1.xml', 'hwloc-v2.xml'])('of %s', (name) => {
    const topology = facts(readHwlocXml(asText(fixture(name))));
    expect(facts(readHwlocXml(writeHwlocXml(topology)))).toEqual(topology);
  });

  test('of any machine', () => {
    const property = fc.property(anyTopology(), (topology) => {
      expect(facts(readHwlocXml(writeHwlocXml(topology)))).toEqual(topology);
    });
    fc.assert(property, { numRuns: 200 });
  });

  test('of a node with CPUs beside one of memory only with a lower id', () => {
    const topology = { ...blank, nodes: [{ ...bare, memoryBytes: 5 }, { ...bare, id: 7, cpus: [0, 1], memoryBytes: 6 }] }; // prettier-ignore
    expect(writeHwlocXml(topology)).toContain('subtype="DRAM"');
    expect(facts(readHwlocXml(writeHwlocXml(topology)))).toEqual(topology);
  });
});

test('marks of XML in a name are written by name, as hwloc without libxml2 knows none by number', () => {
  const text = writeHwlocXml({ ...blank, name: `<A> & "B"'s`, nodes: [{ ...bare, cpus: [0] }] });
  expect(text).toContain(`<info name="DMIProductName" value="&lt;A&gt; &amp; &quot;B&quot;'s"/>`);
});

test('last-level caches have whole shares of bytes and cores', () => {
  const text = writeHwlocXml({ ...blank, nodes: [everything.nodes[0]!] });
  expect([...text.matchAll(/L3Cache".* cpuset="(\S+)" complete.*cache_size="(\d+)"/g)].map(([, cpus, bytes]) => [cpus, bytes])).toEqual([
    ['0x00000040,0x00000000,0x00000001', '2000'], // CPUs 0 and 70
    ['0x00000008', '2001'], // CPU 3
  ]);
});

test('a machine without CPUs, and more caches than cores, are refused', () => {
  expect(() => writeHwlocXml({ ...blank, nodes: [bare] })).toThrow('nodes = none with CPUs, want at least one');
  const node = { ...bare, id: 6, cpus: [0], llcCount: 2 };
  expect(() => writeHwlocXml({ ...blank, nodes: [node] })).toThrow('node 6: llcCount = 2, want at most its 1 cores');
});

describe.skipIf(!hasLstopo)(`lstopo opens it without complaint and means the same${lstopoNote}`, () => {
  test('with everything', () => {
    expect(throughLstopo(everything)).toEqual(everything);
  });

  test('with any machine', () => {
    const property = fc.property(anyTopology(), (topology) => {
      expect(throughLstopo(topology)).toEqual(topology);
    });
    fc.assert(property, { numRuns: 10 });
  }, 60_000);

  test.each(['hwloc-v1.xml', 'hwloc-v2.xml'])('with %s', (name) => {
    const topology = facts(readHwlocXml(asText(fixture(name))));
    expect(throughLstopo(topology)).toEqual(topology);
  });

  for (const name of ['48amd64-4pa2n6c-sparse.hwloc2.9.xml', '16amd64-4distances.xml', '8intel64-4n2t-memattrs.xml']) {
    const path = sample(`topology/${name}`);
    test.skipIf(!path)(`with the sample ${name}${skipNote(path)}`, () => {
      const topology = facts(readHwlocXml(readFileSync(path!, 'utf8')));
      expect(throughLstopo(topology)).toEqual(topology);
    });
  }

  test('as a synthetic description, if it is symmetric', () => {
    const node = { ...bare, cpus: [0, 1], cores: [[0], [1]], memoryBytes: 4096, l1Bytes: 320, l2Bytes: 640, llcBytes: 1280, llcCount: 1 };
    const path = join(folder, 'symmetric.xml');
    writeFileSync(path, writeHwlocXml({ ...blank, nodes: [node, { ...node, id: 1, cpus: [2, 3], cores: [[2], [3]] }] }));
    const { status, output } = lstopo(path, '--of', 'synthetic');
    expect(status).toBe(0);
    // hwloc drops our groups of nodes, for the L3 has the same CPUs
    expect(output).toBe('L3Cache:2(size=1280) [NUMANode(memory=4096)] L2Cache:2(size=640) L1dCache:1(size=320) Core:1 PU:1\n');
  });

  test.each([
    ['this machine', null],
    ['nodes in packages', 'pack:3 group:2 [numa(memory=16GB)] l3:1 core:3 pu:2'],
    ['two memories at one place', 'pack:2 [numa(memory=16GB)] [numa(memory=3GB)] core:2 pu:1'],
    ['numbers out of order', 'numa:3(indexes=5,0,33) core:2 pu:2(indexes=numa:core)'],
  ])('its own dump of %s goes round, in format 1 as well', (_, input) => {
    const { output } = lstopo(input, '--of', 'xml');
    const topology = facts(readHwlocXml(output));
    expect(facts(readHwlocXml(writeHwlocXml(topology)))).toEqual(topology);
    expect(throughLstopo(topology)).toEqual(topology);
    if (input?.includes('] [')) return; // format 1 cannot say it
    const old = lstopo(input, '--of', 'xml', '--export-xml-flags', '1');
    expect(old.output).toContain('<topology>');
    const unclocked = { ...topology, clockGHz: null }; // format 1 has no clock
    expect(facts(readHwlocXml(old.output))).toEqual(unclocked);
  });
});

/** Of a node of memory only: one that has CPUs; with no such it serves all CPUs, which may be in one package. */
function packageServed(wanted: number | null, nodes: readonly TopologyNode[]): number | null {
  const packages = [...new Set(nodes.filter(({ cpus }) => cpus.length > 0).map((node) => node.package))];
  if (packages.length === 1) return packages[0]!;
  return packages.includes(wanted) ? wanted : null;
}

/** Nodes of sparse ids and scattered CPUs, with what hwloc can say about them. */
function anyTopology(): fc.Arbitrary<Topology> {
  return fc
    .record({
      ids: fc.uniqueArray(fc.nat(90), { minLength: 1, maxLength: 5 }),
      cpus: fc.uniqueArray(fc.nat(130), { minLength: 1, maxLength: 24 }),
      homes: fc.array(fc.nat(4), { minLength: 24, maxLength: 24 }),
      packages: fc.array(fc.option(fc.constantFrom(0, 3, 11), { freq: 6 }), { minLength: 5, maxLength: 5 }),
      threads: fc.array(fc.option(fc.integer({ min: 1, max: 3 })), { minLength: 5, maxLength: 5 }),
      sizes: fc.array(fc.option(fc.integer({ min: 64, max: 10 ** 12 })), { minLength: 20, maxLength: 20 }),
      caches: fc.array(fc.nat(3), { minLength: 5, maxLength: 5 }),
      figures: fc.array(fc.integer({ min: 11, max: 255 }), { minLength: 75, maxLength: 75 }),
      isSaid: fc.record({
        memory: fc.boolean(),
        name: fc.boolean(),
        distances: fc.boolean(),
        latency: fc.boolean(),
        bandwidth: fc.boolean(),
        clock: fc.boolean(),
      }),
    })
    .map(({ ids, cpus, homes, packages, threads, sizes, caches, figures, isSaid }) => {
      const nodes = ids
        .sort((a, b) => a - b)
        .map((id, i): TopologyNode => {
          const own = cpus.filter((_, k) => homes[k]! % ids.length === i).sort((a, b) => a - b);
          const [size, l1Bytes, l2Bytes, llcBytes] = sizes.slice(4 * i, 4 * i + 4) as (number | null)[];
          const memoryBytes = isSaid.memory ? (i === 0 ? 4096 : (size ?? 0)) : null; // hwloc says it of all nodes or of none
          if (own.length === 0) return { ...bare, id, package: packages[i]!, memoryBytes };
          const perCore = threads[i]!;
          const cores = perCore === null ? null : Array.from({ length: Math.ceil(own.length / perCore) }, (_, k) => own.slice(k * perCore, (k + 1) * perCore)); // prettier-ignore
          const llcCount = Math.min(caches[i]!, cores?.length ?? own.length) || null;
          return { id, package: packages[i]!, cpus: own, cores, memoryBytes, l1Bytes: l1Bytes!, l2Bytes: l2Bytes!, llcBytes: llcCount ? llcBytes! : null, llcCount }; // prettier-ignore
        })
        .map((node, _, all) => (node.cpus.length > 0 ? node : { ...node, package: packageServed(node.package, all) }));
      const cells = (from: number, of: (figure: number) => number): number[][] =>
        nodes.map((_, i) => nodes.map((__, k) => of(figures[from + i * 5 + k]!)));
      const seen = (rows: number[][]): (number | null)[][] => rows.map((row, i) => (nodes[i]!.cpus.length > 0 ? row : row.map(() => null)));
      return {
        name: isSaid.name ? 'A <name> & more' : null,
        nodes,
        distances: isSaid.distances && nodes.length > 1 ? cells(0, (figure) => figure).map((row, i) => row.map((cell, k) => (i === k ? 10 : cell))) : null, // prettier-ignore
        latencyNs: isSaid.latency ? seen(cells(25, (figure) => figure)) : null,
        bandwidthGBps: isSaid.bandwidth ? seen(cells(50, (figure) => (figure * 1024 ** 2) / 1e9)) : null,
        clockGHz: isSaid.clock ? figures[0]! / 100 : null,
        remarks: [],
      };
    });
}

test('a figure too small for its unit is written as 1, as 0 would say nothing', () => {
  const one: Topology = { ...blank, nodes: [{ ...bare, cpus: [0] }], latencyNs: [[0.2]], bandwidthGBps: [[1e-4]] };
  expect(readHwlocXml(writeHwlocXml(one))).toMatchObject({ latencyNs: [[1]], bandwidthGBps: [[1024 ** 2 / 1e9]] });
});
