import fc from 'fast-check';
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { CpuChoice, GuestDescription } from '../../../formats/guest-description.ts';
import { looksLikeLibvirt, readLibvirt, readLibvirtDomains } from '../../../formats/libvirt/libvirt.ts';
import { writeLibvirtFragments } from '../../../formats/libvirt/writer.ts';
import { asText, fixture } from '../readers.ts';

const GIB = 1024 ** 3;

/** A domain of 1 GiB and `vcpus` vCPUs with more in it. */
const domain = (more: string, vcpu = '<vcpu>3</vcpu>', type = 'kvm'): string =>
  `<domain type='${type}'><name>n</name><memory unit='GiB'>1</memory>${vcpu}${more}</domain>`;
const wrapped = (guest: GuestDescription): string =>
  `<domain type='${guest.kind === 'kvm' ? 'kvm' : 'xen'}'>${guest.name === null ? '' : `<name>${guest.name}</name>`}` +
  `<os><type>${guest.kind === 'xen-pv' ? 'xen' : 'hvm'}</type></os>\n${writeLibvirtFragments(guest)}</domain>`;
const said = ({ unsimulated: _unsimulated, ignored: _ignored, ...rest }: GuestDescription): object => rest;

describe('a domain with cells', () => {
  const guest = readLibvirt(asText(fixture('libvirt-cells.xml')));

  test('has what its file says of CPUs and memory', () => {
    const all = { cpus: [0, 1, 3, 4, 5] };
    expect(said(guest)).toEqual({
      name: 'web',
      kind: 'kvm',
      vcpus: 5,
      memoryBytes: 6 * GIB,
      pins: [all, { cpus: [7] }, all, all, { cpus: [8, 9, 12] }],
      softPins: [null, null, null, null, null],
      cells: [
        { vcpus: [0, 2, 4], memoryBytes: 2 * GIB, memory: null, isPreallocated: false }, // 4 is in no cell: the first
        { vcpus: [1, 3], memoryBytes: 3 * GIB, memory: { mode: 'preferred', nodes: [45] }, isPreallocated: false },
        { vcpus: [], memoryBytes: GIB, memory: { mode: 'strict', nodes: [1, 2] }, isPreallocated: false },
      ],
      distances: [
        [10, 21, 31],
        [21, 10, 17], // from cell 0, and from cell 2, which say it one way
        [31, 17, 10],
      ],
      topology: { sockets: 1, dies: 1, cores: 5, threads: 1 },
      memory: { mode: 'interleave', nodes: [0, 33] },
      isPreallocated: false,
      weight: 200, // 2048 shares, where 1024 are usual
      capPercent: 150, // 5 vCPUs of 15 ms in 50 ms
    });
  });

  test('names what it passes over, with its line', () => {
    expect(guest.unsimulated).toEqual([]);
    expect(guest.ignored).toContain('line 15: cputune.emulatorpin: the emulator has no threads here');
    expect(guest.ignored).toContain('line 43: devices');
  });

  test('is the same after it was written and read again', () => {
    expect(said(readLibvirt(wrapped(guest)))).toEqual(said(guest));
  });

  test('is written as well-formed XML', ({ skip }) => {
    if (spawnSync('xmllint', ['--version']).error) skip('xmllint is not installed');
    execFileSync('xmllint', ['--noout', '-'], { input: wrapped(guest) });
  });
});

describe('memory', () => {
  test.each([
    ["unit='b'", 3000, 3 * 1024], // whole KiB, rounded up
    ["unit='KB'", 5, 5 * 1024], // 5000 bytes are 4.88 KiB
    ["unit='k'", 5, 5 * 1024],
    ['', 7, 7 * 1024],
    ["unit='MB'", 2, 1954 * 1024], // 2,000,000 / 1024 = 1953.125
    ["unit='M'", 2, 2 * 1024 ** 2],
    ["unit='MiB'", 2, 2 * 1024 ** 2],
    ["unit='GB'", 1, 976_563 * 1024], // 1e9 / 1024 = 976,562.5
    ["unit='G'", 3, 3 * GIB],
    ["unit='TiB'", 1, 1024 * GIB],
  ])('in <memory %s>%i is %i bytes', (unit, amount, bytes) => {
    const memory = `<os><type>hvm</type></os><memory ${unit}>${amount}</memory>`;
    expect(readLibvirt(`<domain type='xen'>${memory}</domain>`)).toMatchObject({ vcpus: 1, memoryBytes: bytes });
    const whole = Math.ceil(bytes / 1024 ** 2) * 1024 ** 2; // QEMU is given MiB
    expect(readLibvirt(`<domain type='kvm'>${memory}</domain>`)).toMatchObject({ vcpus: 1, memoryBytes: whole });
  });

  test('of each cell is in whole MiB, as QEMU is given it', () => {
    const guest = readLibvirt(domain("<cpu><numa><cell memory='219100'/><cell memory='3' unit='MB'/></numa></cpu>"));
    expect(guest.cells.map(({ memoryBytes }) => memoryBytes / 1024 ** 2)).toEqual([214, 3]); // 213.96 and 2.86
    expect(guest.memoryBytes / 1024 ** 2).toBe(217);
  });

  test('that the balloon holds back is left out and told, and of cells not simulated', () => {
    const { memoryBytes, ignored, unsimulated } = readLibvirt(domain("<currentMemory unit='MiB'>600</currentMemory>"));
    expect(memoryBytes).toBe(600 * 1024 ** 2);
    expect(unsimulated).toEqual([]);
    expect(ignored).toEqual(['currentMemory = 614400 KiB: taken as its memory; the balloon may give it up to 1048576 KiB later']);
    const cells = "<cpu><numa><cell memory='1' unit='GiB'/></numa></cpu>";
    const inCells = readLibvirt(domain(`<currentMemory unit='MiB'>600</currentMemory>${cells}`));
    expect(inCells.memoryBytes).toBe(GIB);
    expect(inCells.unsimulated).toEqual([
      'currentMemory = 614400 KiB: the balloon takes the rest of 1048576 KiB from cells nobody can tell',
    ]);
  });

  test('backed at the start is that of cells, or all of it', () => {
    const backing = "<memoryBacking><allocation mode='immediate'/></memoryBacking>";
    const cells = "<cpu><numa><cell memory='1' unit='GiB'/></numa></cpu>";
    expect(readLibvirt(domain(backing + cells)).cells).toMatchObject([{ isPreallocated: true, vcpus: [0, 1, 2] }]);
    expect(readLibvirt(domain(backing))).toMatchObject({ isPreallocated: true, cells: [], unsimulated: [] });
    expect(said(readLibvirt(wrapped(readLibvirt(domain(backing)))))).toEqual(said(readLibvirt(domain(backing))));
    expect(said(readLibvirt(wrapped(readLibvirt(domain(backing + cells)))))).toEqual(said(readLibvirt(domain(backing + cells))));
  });
});

describe('placement', () => {
  test('auto passes over cpuset and nodeset and leaves the choice to numad, as the one goes by the other', () => {
    const vcpu = "<vcpu placement='auto' cpuset='1'>3</vcpu>";
    const guest = readLibvirt(domain("<numatune><memory mode='preferred'/></numatune>", vcpu));
    expect(guest).toMatchObject({ pins: [null, null, null], memory: null });
    expect(guest.unsimulated.map((line) => line.replace(/:.*| on nodes.*/, ''))).toEqual(['vcpu.placement = auto', 'line 1']);
    const back = readLibvirt(domain("<numatune><memory placement='auto'/></numatune>", '<vcpu>3</vcpu>'));
    expect(back.unsimulated).toHaveLength(2);
  });

  test('static beside auto holds what it says', () => {
    const guest = readLibvirt(domain("<numatune><memory nodeset='1'/></numatune>", "<vcpu placement='auto'>3</vcpu>"));
    expect(guest.memory).toEqual({ mode: 'strict', nodes: [1] });
    expect(guest.unsimulated).toHaveLength(1);
  });
});

describe('vCPUs that are not there at the start', () => {
  test('are left out, the others numbered anew with their pins and cells', () => {
    const list = "<vcpus><vcpu id='0' enabled='yes'/><vcpu id='1' enabled='no'/><vcpu id='2' enabled='yes'/></vcpus>";
    const pins = "<cputune><vcpupin vcpu='1' cpuset='4'/><vcpupin vcpu='2' cpuset='5'/></cputune>";
    const cells = "<cpu><numa><cell cpus='1-2' memory='7'/><cell cpus='0' memory='8'/></numa></cpu>";
    const guest = readLibvirt(domain(list + pins + cells));
    expect(guest).toMatchObject({ vcpus: 2, pins: [null, { cpus: [5] }], cells: [{ vcpus: [1] }, { vcpus: [0] }] });
    expect(guest.ignored).toContain('vcpu: 1 of 3 vCPUs are not there at the start, and left out');
  });

  test('are those from `current` on', () => {
    expect(readLibvirt(domain('', "<vcpu current='2'>5</vcpu>"))).toMatchObject({ vcpus: 2, pins: [null, null] });
  });
});

describe('CPU time', () => {
  test.each([
    ['<quota>25000</quota>', 75], // 3 vCPUs, a quarter of the usual 100 ms each
    ['<period>20000</period><quota>-1</quota>', null],
    ['<global_period>20000</global_period><global_quota>7000</global_quota>', 35],
    ['<quota>25000</quota><global_quota>60000</global_quota>', 60], // the less of 75 and 60
  ])('%s caps at %s percent of a CPU', (tuning, percent) => {
    expect(readLibvirt(domain(`<cputune>${tuning}</cputune>`)).capPercent).toBe(percent);
  });

  test.each([
    ['<shares>2</shares>', { weight: 1 }, 'line 1: cputune.shares = 2: a weight of 0.195313, taken as 1'],
    ['<shares>262144</shares>', { weight: 10_000 }, 'line 1: cputune.shares = 262144: a weight of 25600, taken as 10000'],
    ['<shares>338</shares>', { weight: 33 }, 'line 1: cputune.shares = 338: a weight of 33.0078, taken as 33'],
    ['<global_quota>33333</global_quota>', { capPercent: 33 }, 'line 1: cputune.quota: a cap in percent of 33.333, taken as 33'],
  ])('%s is whole here, and what that changes is told', (tuning, share, remark) => {
    const guest = readLibvirt(domain(`<cputune>${tuning}</cputune>`));
    expect(guest).toMatchObject(share);
    expect(guest.ignored.filter((one) => !one.includes('cgroup'))).toEqual([remark]);
    expect(said(readLibvirt(wrapped(guest)))).toEqual(said(guest));
  });

  test('of another class, of a share of bandwidth or of cache is not simulated', () => {
    const { unsimulated } = readLibvirt(
      domain("<cputune><vcpusched vcpus='0' scheduler='fifo' priority='1'/><memorytune vcpus='0'/><cachetune/></cputune>"),
    );
    expect(unsimulated).toEqual(['line 1: cputune.vcpusched', 'line 1: cputune.memorytune', 'line 1: cputune.cachetune']);
  });
});

test.each([
  ['qemu', '', 'kvm', 1],
  ['xen', '<os><type>hvm</type></os>', 'xen-hvm', 0],
  ['xen', '<os><type>linux</type></os>', 'xen-pv', 0],
  ['xen', '<os><type>xenpvh</type></os>', 'xen-hvm', 0],
])('type %s with %s is %s', (type, os, kind, unsimulated) => {
  const guest = readLibvirt(domain(os, '<vcpu>1</vcpu>', type));
  expect(guest.kind).toBe(kind);
  expect(guest.unsimulated).toHaveLength(unsimulated);
});

describe('what is not known', () => {
  test('is told: unknown elements, memory that is plugged in, interconnects, clusters', () => {
    const cpu = "<cpu><topology sockets='1' clusters='3' cores='1' threads='1'/><numa><cell memory='9'/><interconnects/></numa></cpu>";
    const guest = readLibvirt(domain(`<frob/><devices><memory model='nvdimm'/></devices>${cpu}<bhyve:commandline xmlns:bhyve='x'/>`));
    expect(guest.unsimulated.map((line) => line.slice('line 1: '.length))).toEqual([
      'cpu.numa.interconnects',
      'devices.memory: nvdimm, memory that is plugged in',
      'frob, which is not known here',
      'bhyve:commandline, which is not known here',
    ]);
    expect(guest.topology).toEqual({ sockets: 1, dies: 1, cores: 3, threads: 1 });
  });

  test.each([
    ['<network/>', 'line 1, column 11: <network>, want <domain>'],
    ["<domain type='lxc'/>", 'line 1, column 21: domain.type = "lxc", want kvm, qemu, xen'],
    ["<domain type='kvm'/>", 'line 1, column 21: <domain> without memory, want <memory>'],
    [domain('', '<vcpu>0</vcpu>'), 'vcpu = "0", want a whole number from 1 to 4096'],
    [domain('', "<vcpu current='4'>3</vcpu>"), 'vcpu.current = "4", want a whole number from 1 to 3'],
    [domain('', "<vcpu cpuset='5-3'>3</vcpu>"), 'vcpu.cpuset = "5-3", want CPUs such as 1-4,^2'],
    [domain('', "<vcpu cpuset='1-3,^1-2'>3</vcpu>"), 'vcpu.cpuset = "1-3,^1-2", want CPUs such as 1-4,^2'],
    [domain('', "<vcpu cpuset='4,^4'>3</vcpu>"), 'vcpu.cpuset = "4,^4", want at least one CPU'],
    [domain('', "<vcpu cpuset='4096'>3</vcpu>"), 'vcpu.cpuset = "4096", want CPUs from 0 to 4095'],
    [domain("<cputune><vcpupin vcpu='3' cpuset='0'/></cputune>"), 'vcpupin.vcpu = "3", want a whole number from 0 to 2'],
    [domain("<cputune><vcpupin vcpu='1' cpuset='0'/><vcpupin vcpu='1' cpuset='2'/></cputune>"), 'vcpupin.vcpu = "1", want each vCPU once'],
    [domain('<cputune><shares>1</shares></cputune>'), 'shares = "1", want a whole number from 2 to 262144'],
    [domain('<cputune><period>999</period></cputune>'), 'period = "999", want 0 or 1000 to 1000000 µs'],
    [domain('<cputune><quota>999</quota></cputune>'), 'quota = "999", want at least 1000 µs'],
    [
      domain("<numatune><memory mode='loose' nodeset='0'/></numatune>"),
      'memory.mode = "loose", want strict, preferred, interleave, restrictive',
    ],
    [domain("<numatune><memnode cellid='0' nodeset='0'/></numatune>"), 'memnode.cellid = "0", want one of the 0 cells of cpu.numa'],
    [domain("<cpu><topology sockets='2' cores='2' threads='1'/></cpu>"), 'topology of 4 vCPUs, want the 3 of <vcpu>'],
    [
      domain("<cpu><numa><cell cpus='0-1' memory='9'/><cell cpus='1' memory='9'/></numa></cpu>"),
      'want each vCPU in one cell: 1 is in cell 0',
    ],
    [domain("<cpu><numa><cell id='1' memory='9'/></numa></cpu>"), 'cell.id = "1", want a whole number from 0 to 0'],
    [domain("<cpu><numa><cell memory='9' unit='sheep'/></numa></cpu>"), 'cell.unit = "sheep", want b, KB, KiB'],
    [
      domain("<cpu><numa><cell memory='9'><distances><sibling id='0' value='11'/></distances></cell></numa></cpu>"),
      'sibling.value = "11", want 10',
    ],
    [domain('', '<vcpu>3</vcpu><vcpu>4</vcpu>'), 'second <vcpu> of <domain>, want one'],
    [`<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>${domain('', '<vcpu>&e;</vcpu>')}`, 'want well-formed XML'],
  ])('is refused: %s', (text, message) => {
    expect(() => readLibvirt(text)).toThrow(message);
  });
});

test('writing refuses pins by node, and says in a comment what libvirt has no words for', () => {
  const guest = readLibvirt(domain(''));
  const nodes: CpuChoice = { nodes: [1] };
  expect(() => writeLibvirtFragments({ ...guest, pins: [nodes, null, null] })).toThrow('pins = nodes 1, want CPUs');
  expect(writeLibvirtFragments({ ...guest, softPins: [null, { cpus: [3, 4] }, { allBut: nodes }] })).toContain(
    '<!-- not said below, as libvirt has no soft affinity: vCPU 1 on CPUs 3-4; vCPU 2 on all but nodes 1 -->',
  );
  const cell = { vcpus: [0], memoryBytes: 2 ** 20, memory: null, isPreallocated: false };
  const inPart = writeLibvirtFragments({
    ...guest,
    weight: 50,
    cells: [
      { ...cell, isPreallocated: true },
      { ...cell, vcpus: [1, 2] },
    ],
  });
  expect(inPart).toMatch(/<!-- said of all memory below.*: memory of cells 0 is backed at the start -->/);
  expect(inPart).toContain('<!-- shares as on hosts with cgroup v1, where a domain that says none has 1024; with v2 it has 100 -->');
});

test('writing says that libvirt backs all cells at the start where only some ask for it', () => {
  const cell = (vcpu: number, isPreallocated: boolean) => ({ vcpus: [vcpu], memoryBytes: 1024 ** 2, memory: null, isPreallocated });
  const written = (...asked: boolean[]): string =>
    writeLibvirtFragments({
      ...readLibvirt(domain('')),
      vcpus: asked.length,
      pins: [],
      softPins: [],
      cells: asked.map((one, i) => cell(i, one)),
    });
  const comment = '<!-- said of all memory below, as libvirt has it for no single cell: memory of cells 1 is backed at the start -->';
  expect(written(false, true, false)).toContain(comment);
  expect(written(false, true, false)).toContain("<allocation mode='immediate'/>");
  expect(written(true, true)).not.toContain('<!--');
  expect(written(false, false)).not.toContain('allocation');
});

test('any guest that libvirt can describe is the same after it was written and read', () => {
  const ids = (last: number) => fc.uniqueArray(fc.nat(last), { minLength: 1, maxLength: 5 }).map((all) => all.sort((a, b) => a - b));
  const binding = fc.record({ mode: fc.constantFrom('strict', 'preferred', 'interleave', 'restrictive'), nodes: ids(60) });
  const guests = fc.integer({ min: 1, max: 6 }).chain((vcpus) =>
    fc.record({
      vcpus: fc.constant(vcpus),
      pins: fc.array(fc.option(fc.record({ cpus: ids(90) })), { minLength: vcpus, maxLength: vcpus }),
      memory: fc.option(binding),
      cellOf: fc.array(fc.nat(3), { minLength: vcpus, maxLength: vcpus }),
      cells: fc.array(fc.record({ mib: fc.integer({ min: 1, max: 900 }), memory: fc.option(binding) }), { maxLength: 4 }),
      weight: fc.option(fc.integer({ min: 1, max: 10_000 })),
      capPercent: fc.option(fc.integer({ min: 1, max: 400 })),
    }),
  );
  fc.assert(
    fc.property(guests, ({ vcpus, pins, memory, cellOf, cells, weight, capPercent }) => {
      const guest: GuestDescription = {
        name: 'any',
        kind: 'kvm',
        vcpus,
        memoryBytes: cells.length > 0 ? cells.reduce((sum, { mib }) => sum + mib * 1024 ** 2, 0) : GIB,
        pins,
        softPins: pins.map(() => null),
        cells: cells.map(({ mib, memory: bound }, cell) => ({
          vcpus: [...cellOf.keys()].filter((vcpu) => cellOf[vcpu]! % cells.length === cell),
          memoryBytes: mib * 1024 ** 2,
          memory: bound,
          isPreallocated: false,
        })),
        distances: cells.length > 0 ? cells.map((_, i) => cells.map((_unused, j) => (i === j ? 10 : 11 + 5 * i + j))) : null,
        topology: { sockets: 1, dies: 1, cores: vcpus, threads: 1 },
        memory,
        isPreallocated: false,
        weight,
        capPercent,
        unsimulated: [],
        ignored: [],
      };
      expect(readLibvirt(wrapped(guest))).toMatchObject(said(guest));
    }),
  );
});

test.each([
  [2048, 'those with v2 have 100'],
  [1024, 'those with v2 have 100'],
  [100, 'those with v2 have 100, so that the usual weight may be meant'],
])('shares of %i are read as of cgroup v1, and that is told', (shares, of) => {
  const { ignored, weight } = readLibvirt(domain(`\n<cputune><shares>${shares}</shares></cputune>`));
  expect(weight).toBe(Math.round((shares * 100) / 1024));
  expect(ignored[0]).toBe(`line 2: cputune.shares = ${shares}: 1024 taken as usual, as hosts with cgroup v1 have it; ${of}`);
});

describe('several domains in one <domains>', () => {
  test('are a guest each', () => {
    const text = `<!-- two -->\n<domains>\n${domain('')}${domain('', '<vcpu>5</vcpu>')}\n</domains>\n`;
    expect(looksLikeLibvirt(text.slice(text.indexOf('\n')))).toBe(true);
    expect(readLibvirtDomains(text).map(({ vcpus }) => vcpus)).toEqual([3, 5]);
    expect(readLibvirtDomains(domain(''))).toEqual([readLibvirt(domain(''))]);
    expect(() => readLibvirt(text)).toThrow('<domains>, want <domain>');
  });

  test.each([
    ['<domains/>', '<domains> without a <domain>, want one or more'],
    [`<domains>${domain('')}<network/></domains>`, '<network>, want <domain>'],
    [`<domains>${domain('').repeat(4097)}</domains>`, 'more than 4096 domains, want fewer'],
  ])('%.40s is refused', (text, message) => {
    expect(() => readLibvirtDomains(text)).toThrow(message);
  });
});
