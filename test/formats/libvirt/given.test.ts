import { describe, expect, test } from 'vitest';
import type { GuestDescription } from '../../../formats/guest-description.ts';
import { readLibvirt } from '../../../formats/libvirt/libvirt.ts';
import { writeLibvirtFragments } from '../../../formats/libvirt/writer.ts';

/** What QEMU, or libxl, is given for a domain, where that is more than its words say. */

const GIB = 1024 ** 3;

/** A domain of 1 GiB and `vcpus` vCPUs with more in it. */
const domain = (more: string, vcpu = '<vcpu>3</vcpu>', type = 'kvm'): string =>
  `<domain type='${type}'><name>n</name><memory unit='GiB'>1</memory>${vcpu}${more}</domain>`;

describe('DIMMs that are there at the start', () => {
  const cells = "<cpu><numa><cell memory='1' unit='GiB'/><cell memory='2' unit='GiB'/></numa></cpu>";
  const dimm = (target: string, more = ''): string => `<memory model='dimm'>${more}<target>${target}</target></memory>`;
  const guest = (...dimms: string[]): GuestDescription => readLibvirt(domain(`${cells}<devices>\n${dimms.join('\n')}</devices>`));

  test('are memory of their cells', () => {
    const {
      cells: found,
      memoryBytes,
      ignored,
      unsimulated,
    } = guest(
      dimm("<size unit='MiB'>512</size><node>1</node>"),
      dimm('<size>524287</size><node>0</node>'), // rounded up to MiB
      dimm("<size unit='MiB'>256</size><node>1</node>"),
    );
    expect([...found.map((cell) => cell.memoryBytes), memoryBytes].map((bytes) => bytes / 1024 ** 2)).toEqual([1536, 2816, 4352]);
    expect(unsimulated).toEqual([]);
    expect(ignored[0]).toBe('line 2: devices.memory: a DIMM of 524288 KiB, memory of cell 1 from the start');
  });

  test('are not simulated where they have a source of their own', () => {
    const { memoryBytes, unsimulated } = guest(dimm("<size unit='MiB'>512</size>", '<source><nodemask>1</nodemask></source>'));
    expect([memoryBytes, unsimulated]).toEqual([3 * GIB, ['line 2: devices.memory: dimm, memory that is plugged in']]);
  });

  test.each([
    ["<size unit='MiB'>512</size><node>2</node>", 'node = "2", want one of the 2 cells'],
    ['<node>1</node>', 'without size, want <size>'],
  ])('are refused: %s', (target, message) => {
    expect(() => guest(dimm(target))).toThrow(message);
  });
});

describe('memory is all backed at the start', () => {
  const cells = "<cpu><numa><cell memory='1' unit='GiB'/><cell memory='2' unit='GiB'/><cell memory='3' unit='GiB'/></numa></cpu>";
  const backed = (more: string): boolean[] => readLibvirt(domain(more + cells)).cells.map((cell) => cell.isPreallocated);
  const pages = (inner: string): string => `<memoryBacking><hugepages>${inner}</hugepages></memoryBacking>`;

  test.each([
    ['<memoryBacking><locked/></memoryBacking>', true],
    [pages(''), true],
    [pages("<page size='1' unit='G'/>"), true],
    [pages("<page size='2048' nodeset='0'/>"), true], // without cells, as libvirt takes it
    [pages("<page size='4'/>"), false], // the small pages of x86
    ["<devices><hostdev mode='subsystem' type='pci'/></devices>", true],
    ["<devices><interface type='hostdev'/></devices>", true],
    ["<devices><hostdev mode='subsystem' type='usb'/><interface type='bridge'/></devices>", false],
    ["<memoryBacking><access mode='shared'/></memoryBacking>", false],
  ])('with %s: %s', (more, isBacked) => {
    expect(readLibvirt(domain(more))).toMatchObject({ isPreallocated: isBacked, unsimulated: [] });
    if (!more.includes('nodeset')) expect(backed(more)).toEqual([isBacked, isBacked, isBacked]);
  });

  test('and says so, not that it has no effect', () => {
    const ignored = (more: string): readonly string[] => readLibvirt(domain(`\n${more}`)).ignored;
    expect(ignored('<memoryBacking><locked/></memoryBacking>')).toEqual([]);
    expect(ignored("<memoryBacking><allocation mode='immediate' threads='4'/><nosharepages/></memoryBacking>")).toEqual(['line 2: memoryBacking.nosharepages']); // prettier-ignore
    expect(ignored("<memoryBacking><allocation mode='ondemand'/></memoryBacking>")).toEqual(['line 2: memoryBacking.allocation']);
  });

  // SNP and TDX have theirs of guest_memfd, as they ask for it
  test.each([
    ['sev', true],
    ['sev-snp', false],
    ['tdx', false],
  ])('for a guest whose memory is encrypted, not simulated: %s: %s', (type, isBacked) => {
    // prettier-ignore
    const { unsimulated, ignored, isPreallocated } = readLibvirt(domain(`\n<launchSecurity type='${type}'><policy>0x3</policy></launchSecurity>`));
    expect(unsimulated).toEqual([`line 2: launchSecurity ${type}: memory that is encrypted`]);
    expect([ignored, isPreallocated]).toEqual([[], isBacked]);
  });

  test('where a cell has huge pages', () => {
    expect(backed(pages("<page size='2048' nodeset='1-2'/>"))).toEqual([false, true, true]);
    expect(backed(pages("<page size='4' nodeset='0,2'/><page size='1' unit='GiB'/>"))).toEqual([false, true, false]);
    const { ignored } = readLibvirt(domain(`\n${pages('')}`));
    expect(ignored).toEqual([
      'line 2: memoryBacking.hugepages: what has pages above 4 KiB is backed at the start; how large a page is mapped is the scenario’s word "mapping"',
    ]);
  });

  test('on Xen, whatever is said, and a cell on the node of its number', () => {
    const os = '<os><type>hvm</type></os>';
    expect(readLibvirt(domain(os, '<vcpu>3</vcpu>', 'xen'))).toMatchObject({ isPreallocated: true, topology: null });
    const guest = readLibvirt(domain(os + cells, '<vcpu>3</vcpu>', 'xen'));
    expect(guest.cells.map(({ memory, isPreallocated }) => [memory, isPreallocated])).toEqual([
      [{ mode: 'strict', nodes: [0] }, true],
      [{ mode: 'strict', nodes: [1] }, true],
      [{ mode: 'strict', nodes: [2] }, true],
    ]);
  });
});

describe('a topology', () => {
  test('that is not said is a socket for each vCPU, and written for one socket', () => {
    const guest = readLibvirt(domain('', "<vcpu current='5'>7</vcpu>"));
    expect(guest.topology).toEqual({ sockets: 5, dies: 1, cores: 1, threads: 1 });
    expect(writeLibvirtFragments({ ...guest, topology: null })).toContain(`<topology sockets='1' dies='1' cores='5' threads='1'/>`);
  });

  test.each([
    ["<vcpu current='4'>12</vcpu>", { sockets: 1, dies: 1, cores: 2, threads: 2 }], // of 3 sockets of 4 one is whole
    ["<vcpu current='2'>12</vcpu>", { sockets: 1, dies: 1, cores: 1, threads: 2 }],
    ["<vcpu current='5'>12</vcpu>", null],
    ["<vcpu current='3'>12</vcpu>", null], // half a core
  ])('has those sockets and cores that are there at the start: %s', (vcpu, topology) => {
    const guest = readLibvirt(domain("<cpu><topology sockets='3' cores='2' threads='2'/></cpu>", vcpu));
    expect(guest.topology).toEqual(topology);
    expect(guest.unsimulated).toHaveLength(topology ? 0 : 1);
  });

  test('counts the dies of a socket', () => {
    const cpu = (vcpus: number): GuestDescription =>
      readLibvirt(domain("<cpu><topology sockets='2' dies='3' cores='2' threads='1'/></cpu>", `<vcpu>${vcpus}</vcpu>`));
    expect(cpu(12).topology).toEqual({ sockets: 2, dies: 3, cores: 2, threads: 1 });
    expect(() => cpu(4)).toThrow('topology of 12 vCPUs, want the 4 of <vcpu>');
  });

  test('has the sockets of vCPUs that are there, whichever they are', () => {
    const there = ['yes', 'no', 'no', 'yes', 'yes', 'no', 'no', 'yes'].map((one, id) => `<vcpu id='${id}' enabled='${one}'/>`);
    const guest = (pairs: string[]): GuestDescription =>
      readLibvirt(domain(`<vcpus>${pairs.join('')}</vcpus><cpu><topology sockets='4' cores='2' threads='1'/></cpu>`, '<vcpu>8</vcpu>'));
    expect(guest(there).topology).toEqual({ sockets: 4, dies: 1, cores: 1, threads: 1 }); // one core of each
  });
});

test.each([
  ["<memtune><hard_limit unit='GiB'>3</hard_limit></memtune>", []],
  ["<memtune><hard_limit unit='KiB'>9007199254740988</hard_limit></memtune>", []], // as libvirt writes none
  [
    "<memtune>\n<hard_limit unit='MiB'>1024</hard_limit>\n<soft_limit unit='MiB'>1023</soft_limit></memtune>",
    ["line 3: memtune.soft_limit: less than the guest's memory"],
  ],
])('limits hold back what is more than they are: %j', (memtune, unsimulated) => {
  const guest = readLibvirt(domain(memtune));
  expect(guest.unsimulated).toEqual(unsimulated);
  expect(guest.ignored).toEqual(unsimulated.length > 0 ? [] : ['line 1: memtune']);
});

describe('options that are handed on to QEMU', () => {
  const guest = (...options: string[]): GuestDescription =>
    readLibvirt(
      domain(`<qemu:commandline xmlns:qemu='x'>${options.map((one) => `\n<qemu:arg value='${one}'/>`).join('')}<qemu:env name='A' value='-smp'/></qemu:commandline>`), // prettier-ignore
    );

  test('are passed over where they change nothing of CPUs and memory', () => {
    const { ignored, unsimulated } = guest(
      '-device',
      'ivshmem-plain,id=a',
      '-cpu',
      'host',
      '-no-hpet',
      '-device',
      '{"driver":"pcie-root-port"}',
    );
    expect([ignored, unsimulated]).toEqual([['line 1: qemu:commandline'], []]);
  });

  test('are not simulated where they may', () => {
    const { ignored, unsimulated } = guest(
      '-device',
      'vfio-pci,host=3',
      '-smp',
      '7',
      '-no-hpet',
      '-frob',
      '-device',
      '{"a":1,"driver":"pc-dimm"}',
      '-netdev',
      'vhost-vdpa,id=n',
      '-frob',
      'net', // goes with it, though there is a -net
      '-m',
      '9G',
    );
    expect([ignored, unsimulated]).toEqual([
      [],
      [
        'line 2: qemu:commandline -device',
        'line 4: qemu:commandline -smp',
        'line 7: qemu:commandline -frob',
        'line 8: qemu:commandline -device',
        'line 10: qemu:commandline -netdev',
        'line 12: qemu:commandline -frob',
        'line 14: qemu:commandline -m',
      ],
    ]);
  });
});
