import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SourceText } from '../../../formats/format-error.ts';
import type { CpuChoice, GuestDescription } from '../../../formats/guest-description.ts';
import { readXlConfig, readXlConfigs } from '../../../formats/xl/config.ts';
import { readXlSettings } from '../../../formats/xl/syntax.ts';
import { writeXlLines } from '../../../formats/xl/writer.ts';
import { asText, fixture } from '../readers.ts';

const MIB = 1024 ** 2;
const said = ({ unsimulated: _unsimulated, ignored: _ignored, ...rest }: GuestDescription): object => rest;
const settings = (text: string): [string, unknown][] =>
  [...readXlSettings(new SourceText(text))].map(([key, value]) => [key, plain(value)]);

function plain(value: { kind: string; text?: string; items?: readonly unknown[] }): unknown {
  return value.kind === 'list' ? value.items!.map((item) => plain(item as { kind: string })) : value.text;
}

describe('the grammar', () => {
  test.each<[text: string, read: [string, unknown][]]>([
    ['a=1', [['a', '1']]],
    ['a = 0x1f ; b="x y" ;; c=\'#;\' # no', [['a', '0x1f'], ['b', 'x y'], ['c', '#;']]], // prettier-ignore
    ['\n# only\n\ta_1=2\r\n', [['a_1', '2']]],
    ['l=[]\nm=[1,"b",]\nn=[\n 1 , # one\n ["x",[ "y" ]]\n]', [['l', []], ['m', ['1', 'b']], ['n', ['1', ['x', ['y']]]]]], // prettier-ignore
    [String.raw`a="q\"\\\n\t"`, [['a', 'q"\\\n\t']]],
    ['a=1;a=2', [['a', '2']]],
    ['a=["x"];a+=["y"]\nb="p";b+="q"\nc+=["z"]', [['a', ['x', 'y']], ['b', 'pq'], ['c', ['z']]]], // prettier-ignore
    ['constructor=1', [['constructor', '1']]],
    ['', []],
  ])('reads %j', (text, read) => {
    expect(settings(text)).toEqual(read);
  });

  test.each([
    ['A=1', 'line 1, column 1: "A", want KEY = VALUE with a key in small letters'],
    ['a 1', 'line 1, column 1: a, want KEY = VALUE'],
    ['x=1\na=', 'line 2, column 3: a = nothing, want a number, a text in quotes or [a list]'],
    ['a=b', 'line 1, column 3: a = "b", want a number'],
    ['a=-1', 'line 1, column 3: a = "-", want a number'],
    ['a="x', 'line 1, column 3: a: text without its closing quote'],
    ['a="x\n"', 'line 1, column 3: a: text without its closing quote'],
    ['a=1 2', 'line 1, column 5: a: "2" after its value, want ; or a new line'],
    ['a=[1', 'line 1, column 3: a: list without its end'],
    ['a=[1 2]', 'line 1, column 3: a: list without its end, want , or ] after each value'],
    ['a=[,]', 'line 1, column 4: a = ",", want a number'],
    ['a=[1];a+="x"', 'a += a list to a text or a text to a list'],
    [String.raw`a="\x41"`, String.raw`line 1, column 4: a: escape \x, want one of`],
    [`a=${'['.repeat(17)}`, 'line 1, column 19: a: list in lists, want at most 16 levels'],
    [`a=${'['.repeat(100_000)}`, 'want at most 16 levels'],
  ])('refuses %.20s', (text, message) => {
    expect(() => settings(text)).toThrow(message);
  });

  test('is read in time that grows with the text', () => {
    const startedMs = performance.now();
    const many = settings(
      `${'a="'}${'x\\"'.repeat(300_000)}"\nb=[${'"1",\n'.repeat(300_000)}]\n${'b+=[1]\n'.repeat(200_000)}${'# more\n'.repeat(300_000)}`,
    );
    expect(many.map(([key]) => key)).toEqual(['a', 'b']);
    expect(performance.now() - startedMs).toBeLessThan(10_000); // with time squared, minutes
  }, 60_000);
});

describe('a guest with virtual nodes', () => {
  const guest = readXlConfig(asText(fixture('xl-vnuma.cfg')));

  test('has what its file says of CPUs and memory', () => {
    const cell = (vcpus: number[], mib: number, pnode: number): object => ({
      vcpus,
      memoryBytes: mib * MIB,
      memory: { mode: 'strict', nodes: [pnode] },
      isPreallocated: true,
    });
    expect(said(guest)).toEqual({
      name: 'db',
      kind: 'xen-hvm',
      vcpus: 7,
      memoryBytes: 1792 * MIB, // 512 + 256 + 1024, and 0x700
      pins: new Array<CpuChoice>(7).fill({ nodes: [0, 1, 3] }),
      softPins: [{ cpus: [2] }, { cpus: [3, 4, 6, 7, 8] }, { allBut: { cpus: [7, 8, 9] } }, { cpus: [11] }, null, null, null],
      cells: [cell([0, 1, 2, 6], 512, 0), cell([3], 256, 33), cell([4, 5], 1024, 2)],
      distances: [
        [10, 20, 31],
        [21, 10, 17],
        [32, 18, 10],
      ],
      topology: null,
      memory: null,
      isPreallocated: false, // its cells say so
      weight: 50, // 0200 is 128, where 256 is usual
      capPercent: 150,
    });
    expect(guest.unsimulated).toEqual([]);
    expect(guest.ignored).toEqual(['line 14: disk']);
  });

  test('is the same after it was written and read again', () => {
    expect(said(readXlConfig(writeXlLines(guest)))).toEqual(said(guest));
  });
});

const MEMORY = 'memory=64;vcpus=3;';
const vnuma = (...nodes: string[]): string => `type="hvm";vcpus=3;vnuma=[${nodes.join(',')}]`;
const NODE = '["pnode=1","size=64","vcpus=0-2","vdistances=10"]';

test('vCPUs of vnuma that are not there at the start are left out of their nodes', () => {
  const nodes = '["pnode=1","size=64","vcpus=0,3","vdistances=10,21"],["pnode=2","size=32","vcpus=1-2","vdistances=21,10"]';
  const { cells, vcpus } = readXlConfig(`type="hvm";memory=96;vcpus=2;maxvcpus=4;vnuma=[${nodes}]`);
  expect([vcpus, cells.map((cell) => cell.vcpus)]).toEqual([2, [[0], [1]]]);
});

describe('CPUs', () => {
  test.each<[text: string, choice: CpuChoice | null]>([
    ['"0-3,5,^1"', { cpus: [0, 2, 3, 5] }],
    ['"^2,1-3"', { cpus: [1, 2, 3] }], // in order: what is not there yet cannot be taken out
    ['"1-9,^3-7"', { cpus: [1, 2, 8, 9] }],
    ['"all"', null],
    ['"3,all"', null],
    ['"all,^7,^9,7"', { allBut: { cpus: [9] } }],
    ['"all,^nodes:2"', { allBut: { nodes: [2] } }],
    ['"node:4,nodes:6-7"', { nodes: [4, 6, 7] }],
    ['5', { cpus: [5] }],
  ])('%s of all vCPUs', (text, choice) => {
    const guest = readXlConfig(`${MEMORY}cpus=${text}`);
    expect(guest.pins).toEqual([choice, choice, choice]);
    expect(said(readXlConfig(writeXlLines(guest)))).toEqual(said(guest));
  });

  test('in a list are of one vCPU each; what is beyond the vCPUs is passed over, as in xl, and said', () => {
    const guest = readXlConfig(`${MEMORY}cpus_soft=["1",2,"node:3","4"]`);
    expect(guest.softPins).toEqual([{ cpus: [1] }, { cpus: [2] }, { nodes: [3] }]);
    expect(guest.pins).toEqual([null, null, null]);
    expect(guest.ignored).toEqual(['line 1: cpus_soft: 1 entries beyond the 3 vCPUs']);
  });

  test.each([
    ['"1,node:2"', 'cpus = "1,node:2", want CPUs or nodes, not both in one text'],
    ['"3-1"', 'cpus = "3-1", want CPUs such as 0-3,5,^1'],
    ['"^all"', 'cpus = "^all", want CPUs'],
    ['"1,^1"', 'cpus = "1,^1", want at least one CPU'],
    ['"4096"', 'cpus = "4096", want CPUs from 0 to 4095'],
    ['""', 'cpus = "", want CPUs'],
    ['["0",["1"]]', 'cpus[1] = a list, want a text'],
    ['["0","x"]', 'cpus[1] = "x", want CPUs'],
  ])('%s are refused', (text, message) => {
    expect(() => readXlConfig(`${MEMORY}cpus=${text}`)).toThrow(message);
  });
});

describe('a guest', () => {
  test.each([
    ['', 'xen-pv'],
    ['type="pv"', 'xen-pv'],
    ['builder="linux"', 'xen-pv'],
    ['builder="hvm"', 'xen-hvm'],
    ['type="pvh"', 'xen-hvm'],
    ['type="hvm";builder="hvm"', 'xen-hvm'],
  ])('with %j is %s', (text, kind) => {
    expect(readXlConfig(`${MEMORY}${text}`).kind).toBe(kind);
  });

  test('starts with memory, and the vCPUs of vcpus; what may come later is said', () => {
    const guest = readXlConfig('memory=100\nmaxmem=300\nvcpus=2\nmaxvcpus=5');
    expect(guest).toMatchObject({ vcpus: 2, memoryBytes: 100 * MIB });
    expect(guest.unsimulated).toEqual([]);
    expect(guest.ignored).toEqual([
      'maxvcpus = 5: 3 vCPUs are not there at the start, and left out',
      'line 1: memory = 100: taken as its memory; the balloon may give it up to 300 MB later',
    ]);
  });

  test('of vnuma alone has its vCPUs and its memory', () => {
    expect(readXlConfig(`type="hvm";vnuma=[${NODE}]`)).toMatchObject({ vcpus: 3, memoryBytes: 64 * MIB, distances: [[10]] });
    const held = readXlConfig(`memory=48;type="hvm";vnuma=[${NODE}]`);
    expect(held).toMatchObject({ memoryBytes: 64 * MIB, unsimulated: ['line 1: memory = 48: the balloon takes the rest of 64 MB from virtual nodes nobody can tell'] }); // prettier-ignore
  });

  test('with a weight that is not whole here is told what it is taken as', () => {
    const guest = readXlConfig(`${MEMORY}cpu_weight=300`);
    expect(guest.weight).toBe(117);
    expect(guest.ignored).toEqual(['line 1: cpu_weight = 300: a weight of 117.188, taken as 117']);
  });

  test('with a key that nobody knows, be it a misspelt one, is told of', () => {
    const guest = readXlConfig(`${MEMORY}\n  vcpu=5`);
    expect(guest).toMatchObject({ vcpus: 3, unsimulated: ['line 2: vcpu (a key that this reader does not know)'] });
  });

  test('with keys of xm and of xen-tools, or of nested guests and shadow pages, is read without them', () => {
    const guest = readXlConfig(`${MEMORY}\ndevice_model="/usr/lib/xen/bin/qemu-dm"\ndhcp="dhcp"\nnestedhvm=1\nshadow_memory=8`);
    expect(guest.unsimulated).toEqual([]);
    expect(guest.ignored).toEqual(['line 2: device_model', 'line 3: dhcp', 'line 4: nestedhvm', 'line 5: shadow_memory']);
  });

  test('in a pool, or with a setting that the model has no place for, is told of', () => {
    const guest = readXlConfig(`${MEMORY}\npool="fast"\nlatency=5\nvif=['bridge=x']\ncap=0`);
    expect(guest.unsimulated).toEqual(['line 2: pool = fast: its CPUs and scheduler are not known', 'line 3: latency']);
    expect(guest.ignored).toEqual(['line 4: vif']);
    expect(guest.capPercent).toBeNull();
  });

  test.each([
    ['vcpus=1', 'no memory, want an amount in MB'],
    ['memory=0', 'memory = "0", want a whole number from 1 to 4294967296'],
    ['memory=08', 'memory = "08", want a whole number'],
    ['memory=[1]', 'memory = a list, want a text'],
    ['memory=9;maxmem=8', 'memory = 9, want at most the 8 MB of maxmem'],
    ['memory=9;vcpus=3;maxvcpus=2', 'maxvcpus = 2, want at least the 3 of vcpus'],
    ['name="a";memory=9;cpus="3"\nname="b";memory=9', 'line 2, column 1: name: set again, want a file for each guest'],
    ['memory=9;type="lxc"', 'type = "lxc", want pv, pvh, hvm'],
    ['memory=9;type="pv";builder="hvm"', 'builder = hvm beside type = pv, want type alone'],
    ['memory=9;cpu_weight=65536', 'cpu_weight = "65536", want a whole number from 1 to 65535'],
    [`memory=64;vnuma=[${NODE}]`, 'vnuma of a guest that is not hvm'],
    [vnuma('"x"'), 'vnuma[0] = a text, want a list'],
    [vnuma('["pnode=1","size=64","vcpus=0-2"]'), 'vnuma[0] without vdistances, want pnode, size, vcpus, vdistances'],
    [vnuma('["pnode=1","pnode=2"]'), 'vnuma[0].pnode twice'],
    [vnuma(`["${' '.repeat(500_000)}"]`), 'vnuma[0] = "      '], // in no more time than its text takes
    [vnuma('["node=1"]'), 'vnuma[0] = "node=1", want pnode, size, vcpus, vdistances, each KEY=VALUE'],
    [vnuma(NODE.replace('10', '10,20')), 'vnuma[0].vdistances = "10,20", want 1 of them'],
    [vnuma(NODE.replace('0-2', '0-1')), 'vnuma with vCPUs "0,1", want each of 3 once'],
    [vnuma(NODE.replace('0-2', '')), 'vnuma[0].vcpus = "", want at least one vCPU'],
    [vnuma(NODE.replace('64', '0x40')), 'vnuma[0].size = "0x40", want a whole number'],
    [`${vnuma(NODE)};maxmem=65`, 'vnuma of 64 MB, want the 65 MB of maxmem'],
    [`${vnuma(NODE)};memory=65`, 'memory = 65, want at most the 64 MB of vnuma'],
  ])('that says %s is refused', (text, message) => {
    expect(() => readXlConfig(text)).toThrow(message);
  });
});

test('what xl has no words for stands in comments', () => {
  const guest = readXlConfig(MEMORY);
  const lines = writeXlLines({
    ...guest,
    name: 'a "b"',
    memory: { mode: 'interleave', nodes: [0, 2] },
    cells: [{ vcpus: [0, 1, 2], memoryBytes: 64 * MIB, memory: null, isPreallocated: false }],
    topology: { sockets: 1, dies: 1, cores: 3, threads: 1 },
  });
  expect(lines.split('\n')).toEqual([
    '# not said below: memory interleave on nodes 0,2; Xen goes by the nodes of cpus and cpus_soft',
    '# not said below: virtual nodes; vnuma wants hvm, and for each vCPUs and one node of the host',
    '# not said below: sockets=1,dies=1,cores=3,threads=1',
    String.raw`name = "a \"b\""`,
    'type = "pv"',
    'vcpus = 3',
    'memory = 64',
    '',
  ]);
  expect(readXlConfig(lines)).toMatchObject({ name: 'a "b"', vcpus: 3, memoryBytes: 64 * MIB });
});

test('any guest that xl can describe is the same after it was written and read', () => {
  const ids = (last: number) => fc.uniqueArray(fc.nat(last), { minLength: 1, maxLength: 5 }).map((all) => all.sort((a, b) => a - b));
  const some = fc.oneof(fc.record({ cpus: ids(90) }), fc.record({ nodes: ids(60) }));
  const choice = fc.option(fc.oneof(some, fc.record({ allBut: some })));
  const guests = fc.integer({ min: 1, max: 6 }).chain((vcpus) =>
    fc.record({
      name: fc.option(fc.string({ maxLength: 9 })),
      pins: fc.array(choice, { minLength: vcpus, maxLength: vcpus }),
      softPins: fc.array(choice, { minLength: vcpus, maxLength: vcpus }),
      cuts: fc.integer({ min: 0, max: vcpus }),
      mib: fc.integer({ min: 1, max: 900 }),
      weight: fc.option(fc.integer({ min: 1, max: 10_000 })),
      capPercent: fc.option(fc.integer({ min: 1, max: 400 })),
    }),
  );
  fc.assert(
    fc.property(guests, ({ name, pins, softPins, cuts, mib, weight, capPercent }) => {
      const cells = Array.from({ length: cuts }, (_, cell) => ({
        vcpus: [...pins.keys()].filter((vcpu) => vcpu % cuts === cell),
        memoryBytes: (mib + cell) * MIB,
        memory: { mode: 'strict' as const, nodes: [cell * 7] },
        isPreallocated: true,
      }));
      const guest: GuestDescription = {
        name,
        kind: 'xen-hvm',
        vcpus: pins.length,
        memoryBytes: cells.reduce((sum, cell) => sum + cell.memoryBytes, 0) || mib * MIB,
        pins,
        softPins,
        cells,
        distances: cuts > 0 ? cells.map((_, i) => cells.map((_unused, j) => (i === j ? 10 : 11 + 5 * i + j))) : null,
        topology: null,
        memory: null,
        isPreallocated: cuts === 0,
        weight,
        capPercent,
        unsimulated: [],
        ignored: [],
      };
      expect(said(readXlConfig(writeXlLines(guest)))).toEqual(said(guest));
    }),
  );
});

describe('several guests in one text', () => {
  const names = (text: string): unknown[] => readXlConfigs(text).map(({ name, vcpus }) => [name, vcpus]);

  test('are apart where a comment says that a guest begins', () => {
    const text = `# guest a\n# a note\nname="a"\nmemory=5\nvcpus=3\n\n  # guest b: held\n# a note\nname="b"\nmemory=7 # guest c\n`;
    expect(names(text)).toEqual([['a', 3], ['b', 1]]); // prettier-ignore
    expect(() => readXlConfig(text)).toThrow('line 9, column 1: name: set again, want a file for each guest');
  });

  test.each([
    ['name="a"\nmemory=5\n# a note\nname="b"', 'line 4, column 1: name: set again'],
    ['name="a"\nmemory=5\n# guest b\nvcpus=2\nname="b"', 'line 5, column 1: name: set again'],
    ['name="a"\nmemory=5\n# guest b\nname="b"', 'memory'], // what the first says does not hold for the second
    [
      Array.from({ length: 4097 }, (_, i) => `# guest ${i}\nname="${i}"\nmemory=5\n`).join(''),
      'line 12290, column 1: name: more than 4096 guests',
    ],
  ])('%.40j is refused', (text, message) => {
    expect(() => names(text)).toThrow(message);
  });
});

test('keys of Xen 4.17 to 4.21 are known: some have no effect, colours of caches have one', () => {
  const { ignored, unsimulated } = readXlConfig(
    'name="a"\nmemory=512\nsve="hw"\nsmbios=["system-product-name=x"]\nvirtio=["type=virtio,device22"]\ntrap_unmapped_accesses=1\nllc_colors=["0-3"]\n',
  );
  expect(ignored).toEqual(['line 3: sve', 'line 4: smbios', 'line 5: virtio', 'line 6: trap_unmapped_accesses']);
  expect(unsimulated).toEqual(['line 7: llc_colors']);
});
