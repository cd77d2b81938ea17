import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readNumactl, writeNumactl } from '../../../formats/numactl/numactl.ts';
import { asText, fixture } from '../readers.ts';
import { sample, skipNote } from '../samples.ts';

const SPARSE = asText(fixture('sparse.numactl.txt'));

describe('numactl -H of a machine with gaps in its ids', () => {
  const { nodes, distances } = readNumactl(SPARSE);

  test('gives nodes by the ids of the operating system, and what is not said is null', () => {
    expect(nodes).toEqual([
      { id: 0, package: null, cpus: [0, 1, 4], cores: null, memoryBytes: 8189 * 1024 ** 2, l1Bytes: null, l2Bytes: null, llcBytes: null, llcCount: null }, // prettier-ignore
      { id: 1, package: null, cpus: [2, 3], cores: null, memoryBytes: null, l1Bytes: null, l2Bytes: null, llcBytes: null, llcCount: null },
      { id: 33, package: null, cpus: [], cores: null, memoryBytes: 16_384 * 1024 ** 2, l1Bytes: null, l2Bytes: null, llcBytes: null, llcCount: null }, // prettier-ignore
    ]);
    expect(distances).toEqual([
      [10, 16, 22],
      [17, 10, 128],
      [23, 129, 10],
    ]);
  });

  test('is written back to the same, but for free memory, of which all is said to be', () => {
    const said = SPARSE.replace('free: 7918 MB', 'free: 8189 MB').replace('free: 16111 MB', 'free: 16384 MB');
    expect(writeNumactl(readNumactl(SPARSE))).toBe(said);
  });
});

test('columns and rows may come in any order of ids', () => {
  const text = 'available: 2 nodes (0-1)\nnode 0 cpus: 0\nnode 0 size: 7 MB\nnode 1 cpus: 1\nnode 1 size: 9 MB\nnode distances:\nnode 1 0\n 1: 10 21\n 0: 31 10\n'; // prettier-ignore
  expect(readNumactl(text).distances).toEqual([
    [10, 31],
    [21, 10],
  ]);
});

test('what stands before, a prompt or the words of another command, is passed over', () => {
  expect(readNumactl(`$ lscpu\nNode(s): 9\nnode 0 cpus: 7\n$ numactl -H\n${SPARSE}`)).toEqual(readNumactl(SPARSE));
});

test('what follows the distances is passed over, but another output is not', () => {
  expect(readNumactl(`${SPARSE}$ uptime\n\`\`\`\n`)).toEqual(readNumactl(SPARSE));
  const none = 'available: 1 nodes (5)\nnode 5 cpus: 2\nnode 5 size: 77 MB\nNo distance information available.\n[root@host ~]#\n';
  expect(readNumactl(none).nodes.map(({ id }) => id)).toEqual([5]);
  expect(() => readNumactl(`${SPARSE}${SPARSE}`)).toThrow('line 16, column 1: available = "0-1,33", want it once');
});

test.each([
  ['a mail', '> '],
  ['a document', '    '],
  ['a comment', '# '],
  ['a mail of a mail', '> >  '],
])('the marks of %s are taken off each line', (_, mark) => {
  const lines = SPARSE.trimEnd().split('\n');
  const quoted = ['$ numactl -H', ...lines.map((line) => `${mark}${line}`), mark.trimEnd()].join('\r\n');
  expect(readNumactl(quoted)).toEqual(readNumactl(SPARSE));
});

test('long lines may be broken between numbers, as mails do', () => {
  const broken = SPARSE.replace('cpus: 0 1 4', 'cpus: 0\n1\n4').replace('0   1  33', '0\n1  33').replace('17  10  128', '17\n10\n128');
  expect(broken.split('\n').length).toBe(SPARSE.split('\n').length + 5);
  expect(readNumactl(`${broken}42 43\n`)).toEqual(readNumactl(SPARSE)); // what follows the last row is none of it
});

test('tabs and hard spaces are blanks', () => {
  const text = SPARSE.replace(/cpus: /g, 'cpus:\t').replace(/^(node +0 +1 .*)$/m, (line) => line.replace(/ +/g, '\t')).replace(/: 8189 MB/, ':\u00a08189 MB'); // prettier-ignore
  expect(text).toContain('node\t0\t1');
  expect(readNumactl(text)).toEqual(readNumactl(SPARSE));
});

test('without distances there are none', () => {
  const text = 'available: 1 nodes (0)\nnode 0 cpus: 0 1\nnode 0 size: 5210 MB\nnode 0 free: 4538 MB\nNo distance information available.\n';
  expect(readNumactl(text).distances).toBeNull();
  expect(writeNumactl(readNumactl(text))).toBe(text.replace('4538', '5210'));
});

describe('what is refused says where', () => {
  const head = 'available: 2 nodes (0-1)\nnode 0 cpus: 0\nnode 0 size: 7 MB\nnode 1 cpus: 1\nnode 1 size: 9 MB\n';
  test.each([
    ['', 'line 1, column 1: available = "nothing", want the line "available: N nodes (...)" of numactl -H'],
    ['No NUMA available on this system\n', 'line 1, column 1: line = "No NUMA available on this system", want what numactl says on a machine with NUMA'], // prettier-ignore
    ['available: 3 nodes (0-1)\n', 'line 1, column 1: available = 3, want the 2 listed'],
    [`${head}node 1 cpus: 2\n`, 'line 6, column 1: node 1 cpus = "2", want them once'],
    [head.replace('cpus: 1', 'cpus: 0'), 'line 4, column 1: node 1 cpus = 0, want CPUs of one node only, 0 is of node 0 (nodes of numa=fake share CPUs: boot without it)'], // prettier-ignore
    [head.replace('9 MB', '9 GB'), 'line 5, column 1: node 1 size = "9 GB", want a size such as 8192 MB'],
    [head.replace('node 1 cpus: 1\n', ''), 'line 5, column 1: node 1 cpus = "nothing", want a line "node 1 cpus: ..."'],
    [`${head}node distances:\nnode 0 1\n 0: 10 20\n`, 'line 9, column 1: node distances = "1 rows, 2 columns", want a row and a column for each of nodes 0-1'], // prettier-ignore
    [`${head}node distances:\nnode 0 1 7\n 0: 10 20 30\n 1: 20 10 30\n`, 'line 10, column 1: node distances = "2 rows, 3 columns", want a row and a column for each of nodes 0-1'], // prettier-ignore
    [`${head}node distances:\nnode 0 1\n 0: 10\n`, 'line 8, column 1: distances of node 0 = 1, want 2 numbers'],
    [`${head}node 2 cpus: 5\n`, 'line 7, column 1: node = 2, want one of 0-1'],
    [`${head}policy: default\n`, 'line 6, column 1: line = "policy: default", want what numactl -H prints'],
    ['available: 1 nodes (0)\nnode 0 cpus: 0-5000\n', 'line 2, column 1: node 0 cpus = "0-5000", want CPUs such as 0 1 2, at most 4096'],
  ])('%j', (text, message) => {
    expect(() => readNumactl(text)).toThrow(expect.objectContaining({ name: 'FormatError', message }));
  });
});

test('writing and reading any machine gives it back', () => {
  const machine = fc.uniqueArray(fc.nat(500), { minLength: 1, maxLength: 12 }).chain((ids) => {
    const count = ids.length;
    return fc.record({
      ids: fc.constant([...ids].sort((a, b) => a - b)),
      counts: fc.array(fc.nat(5), { minLength: count, maxLength: count }),
      sizes: fc.array(fc.option(fc.nat(100_000)), { minLength: count, maxLength: count }),
      distances: fc.option(fc.array(fc.array(fc.nat(254), { minLength: count, maxLength: count }), { minLength: count, maxLength: count })),
    });
  });
  fc.assert(
    fc.property(machine, ({ ids, counts, sizes, distances }) => {
      let next = 3;
      const nodes = ids.map((id, at) => {
        const cpus = Array.from({ length: counts[at]! + (at === 0 ? 1 : 0) }, () => (next += (id % 3) + 1));
        const memoryBytes = sizes[at] === null ? null : sizes[at]! * 1024 ** 2;
        return { id, package: null, cpus, cores: null, memoryBytes, l1Bytes: null, l2Bytes: null, llcBytes: null, llcCount: null };
      });
      const topology = { name: null, nodes, distances, latencyNs: null, bandwidthGBps: null, clockGHz: null, remarks: [] };
      expect(readNumactl(writeNumactl(topology))).toEqual(topology);
    }),
  );
});

const dense = sample('topology/64amd64-4s2n4ca2co.numactl-H.txt');
test.skipIf(!dense)(`a real text is written back letter by letter, but for free memory${skipNote(dense)}`, () => {
  const text = readFileSync(dense!, 'utf8');
  const strip = (one: string): string => one.replace(/free: \d+/g, 'free: N');
  expect(strip(writeNumactl(readNumactl(text)))).toBe(strip(text));
});
