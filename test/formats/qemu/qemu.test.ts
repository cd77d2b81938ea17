import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GuestCell, GuestDescription } from '../../../formats/guest-description.ts';
import { looksLikeQemu, readQemu } from '../../../formats/qemu/qemu.ts';
import { writeQemuOptions } from '../../../formats/qemu/writer.ts';
import { asText, fixture } from '../readers.ts';
import { refusal } from './refusal-fixture.ts';

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const lopsided = (): GuestDescription => readQemu(asText(fixture('qemu-lopsided.sh')));
const vcpusOf = (text: string): number[][] => readQemu(text).cells.map(({ vcpus }) => [...vcpus]);
const sizesOf = (text: string): number[] => readQemu(text).cells.map(({ memoryBytes }) => memoryBytes);

test('a command line is read whole', () => {
  expect(lopsided()).toEqual({
    name: 'web',
    kind: 'kvm',
    vcpus: 6,
    memoryBytes: 3584 * MiB,
    pins: Array(6).fill({ cpus: [0, 1, 2, 5] }),
    softPins: Array(6).fill(null),
    cells: [
      { vcpus: [0, 1, 4], memoryBytes: 2 * GiB, memory: { mode: 'strict', nodes: [2] }, isPreallocated: true },
      { vcpus: [2, 3, 5], memoryBytes: GiB, memory: { mode: 'interleave', nodes: [0, 2] }, isPreallocated: false },
      { vcpus: [], memoryBytes: 512 * MiB, memory: { mode: 'preferred', nodes: [1] }, isPreallocated: false },
    ],
    distances: [[10, 17, 28], [17, 10, 31], [28, 31, 10]], // prettier-ignore
    topology: { sockets: 2, dies: 1, cores: 3, threads: 1 },
    memory: null,
    isPreallocated: false,
    weight: null,
    capPercent: null,
    unsimulated: [],
    ignored: ['line 4: -cpu', 'line 13: -drive', 'line 13: -nographic', 'line 3: -machine q35'],
  });
});

describe('-smp is completed as QEMU 6.2 and later do', () => {
  test.each([
    ['4', 4, null],
    ['cpus=6', 6, null],
    ['sockets=2,cores=3', 6, [2, 1, 3, 1]], // cpus from the product
    ['8,threads=2', 8, [1, 1, 4, 2]], //       cores before sockets
    ['8,sockets=2', 8, [2, 1, 4, 1]],
    ['8,cores=2', 8, [4, 1, 2, 1]],
    ['12,sockets=2,cores=3', 12, [2, 1, 3, 2]], // threads at last
    ['24,sockets=2,dies=3,cores=2,threads=2', 24, [2, 3, 2, 2]],
  ] as const)('-smp %s', (text, vcpus, levels) => {
    const { vcpus: found, topology } = readQemu(`-smp ${text} -m 1G`);
    expect([found, topology && Object.values(topology)]).toEqual([vcpus, levels]);
  });

  test.each([
    ['2,maxcpus=6,sockets=3', [1, 1, 2, 1]], //             the first socket of 3
    ['4,sockets=2,cores=5,maxcpus=10', [1, 1, 4, 1]], //    four cores of it
    ['2,sockets=1,cores=2,threads=2,maxcpus=4', [1, 1, 1, 2]],
    ['2,maxcpus=4,sockets=1,dies=1,cores=4', [1, 1, 2, 1]],
  ] as const)('vCPUs that may be plugged in later are none yet, nor are their sockets and cores: -smp %s', (text, levels) => {
    const { topology, ignored, unsimulated } = readQemu(`-smp ${text} -m 1G`);
    expect(Object.values(topology!)).toEqual(levels);
    expect([ignored.map((one) => one.replace(/\d+/, 'N')), unsimulated]).toEqual([
      [
        '-smp maxcpus=N: vCPUs that may be plugged in later; libvirt plugs those in at the start that its XML has as hotpluggable and enabled',
      ],
      [],
    ]);
  });

  test.each([
    '3,maxcpus=4,sockets=2,cores=2', //          a whole socket and half of one
    '3,maxcpus=4,sockets=1,cores=2,threads=2', // a core with one of its threads
    '2,maxcpus=4,sockets=1,dies=2,cores=2', //   one die of a socket
  ])('a topology that is there in part is not simulated: -smp %s', (text) => {
    const { vcpus, topology, unsimulated } = readQemu(`-smp ${text} -m 1G`);
    expect([topology, unsimulated]).toEqual([null, [`-smp: a topology of 4 vCPUs of which ${vcpus} are there, sockets or cores in part`]]);
  });

  test('a number alone is one socket, and in machines up to 6.1 that many', () => {
    const said = (machine: string): unknown => readQemu(`-machine ${machine} -smp 3 -m 1G`).topology;
    expect([said('pc-q35-6.2'), said('pc-q35-6.1'), said('pc-i440fx-5.1+pve0'), said('virt-4.2'), said('q35+pve1')]).toEqual([
      null,
      ...Array<object>(3).fill({ sockets: 3, dies: 1, cores: 1, threads: 1 }),
      null,
    ]);
  });
});

describe('nodes are completed as QEMU does', () => {
  test('sizes that nobody says are equal parts, all but the last a multiple of 8 MiB', () => {
    // 1000 / 3 = 333.33 MiB, down to 328; 333.33 + 5.33 down to 336; 1000 - 328 - 336 = 336
    const nodes = '-m 1000 -smp 3 -numa node,cpus=0 -numa node,cpus=1 -numa node,cpus=2';
    expect(sizesOf(nodes)).toEqual([328, 336, 336].map((size) => size * MiB));
    // up to 2.9 nothing is carried: 1000 - 2 * 328 = 344
    expect(sizesOf(`-machine pc-i440fx-2.9 ${nodes}`)).toEqual([328, 328, 344].map((size) => size * MiB));
  });

  test('vCPUs that nobody says go socket by socket over the nodes', () => {
    expect(vcpusOf('-m 1G -smp 6,sockets=3,cores=2 -numa node -numa node')).toEqual([[0, 1, 4, 5], [2, 3]]); // prettier-ignore
  });

  test('vCPUs that no node says beside others that are said are on the first', () => {
    const node = (id: number, more: string): string =>
      `-object memory-backend-ram,id=m${id},size=${id + 1}G -numa node,memdev=m${id}${more} `;
    const guest = readQemu(`-m 6G -smp 6,maxcpus=8 ${node(0, '')}${node(1, ',cpus=1,cpus=4')}${node(2, ',cpus=2')}`);
    expect(guest.cells.map(({ vcpus }) => vcpus)).toEqual([[0, 3, 5], [1, 4], [2]]); // prettier-ignore
    expect(guest.ignored).toContain('-numa: vCPUs 0,3,5 are on no node: the guest is told node 0 (QEMU warns that this is obsolete)');
  });

  test.each([
    ['xenial', true],
    ['bionic', true],
    ['focal', true],
    ['focal-hpb', true],
    ['jammy', false],
    ['noble-v2', false],
  ])("of Ubuntu's %s are those of its QEMU", (release, prefersSockets) => {
    for (const type of ['i440fx', 'q35']) {
      const { topology, ignored } = readQemu(`-M pc-${type}-${release} -m 1G -smp 8,threads=2`);
      expect(topology).toEqual({ sockets: prefersSockets ? 4 : 1, dies: 1, cores: prefersSockets ? 1 : 4, threads: 2 });
      expect(ignored).toEqual([`line 1: -machine pc-${type}-${release}`]);
    }
  });

  test.each([
    ['xenial', [328, 328, 344]], // 2.5: nothing is carried
    ['bionic', [328, 336, 336]],
    ['focal', [328, 336, 336]],
  ])("of Ubuntu's %s divide memory as its QEMU did", (release, sizes) => {
    const nodes = '-m 1000 -smp 3 -numa node,cpus=0 -numa node,cpus=1 -numa node,cpus=2';
    expect(sizesOf(`-M pc-q35-${release} ${nodes}`)).toEqual(sizes.map((size) => size * MiB));
    expect(refusal(`-M pc-q35-jammy ${nodes}`)).toContain('no node has memory');
  });

  test('of a release that is not known are of the newest QEMU, or the last that takes nodes without memdev, and that is told', () => {
    expect(readQemu('-M pc-q35-plucky -m 1G').ignored).toContain('-machine "pc-q35-plucky": taken for a machine of the newest QEMU, as its version is not known'); // prettier-ignore
    expect(readQemu('-M pc-q35-focal-odd -m 1G -numa node').ignored).toContain('-machine "pc-q35-focal-odd": taken for a machine of QEMU 5.0, as nodes have no memdev, as its version is not known'); // prettier-ignore
    for (const type of ['pc', 'q35', 'pc-q35-6.1', 'microvm']) expect(readQemu(`-M ${type} -m 1G`).ignored).toEqual([`line 1: -machine ${type}`]); // prettier-ignore
  });

  test('a vCPU is a socket of its own in machines up to 6.1, and in any that takes nodes without memdev', () => {
    const nodes =
      '-m 1G -smp 4 -object memory-backend-ram,id=a,size=768M -object memory-backend-ram,id=b,size=256M -numa node,memdev=a -numa node,memdev=b';
    const together = [[0, 1, 2, 3], []];
    const round = [[0, 2], [1, 3]]; // prettier-ignore
    const found = ['q35', 'pc-q35-6.2', 'pc-i440fx-6.1', 'pc-q35-rhel8.6.0', 'pc-q35-rhel8.5.0', 'pc-1.3', 'pc-i440fx-10.0'].map((name) => vcpusOf(`-machine ${name} ${nodes}`)); // prettier-ignore
    expect(found).toEqual([together, together, round, together, round, round, together]);
    expect(vcpusOf('-m 1G -smp 4 -numa node -numa node')).toEqual(round);
    expect(readQemu('-m 1G -smp 4 -numa node -numa node').ignored).toEqual(['-numa node without memdev: QEMU 5.1 on wants it']);
    expect(readQemu('-M pc-i440fx-4.2 -m 1G -smp 8,threads=2').topology).toEqual({ sockets: 4, dies: 1, cores: 1, threads: 2 });
  });

  test('-numa cpu takes all vCPUs with the ids it says', () => {
    const text =
      '-m 1G -smp 8,sockets=2,cores=2,threads=2 -numa node -numa node -numa cpu,node-id=1,socket-id=0 -numa cpu,node-id=0,socket-id=1,core-id=0 -numa cpu,node-id=1,socket-id=1,core-id=1';
    expect(vcpusOf(text)).toEqual([[4, 5], [0, 1, 2, 3, 6, 7]]); // prettier-ignore
  });

  test('nodes may come in any order of their ids, and a number without a suffix is MiB', () => {
    const text = '-m 768 -smp 3 -numa node,nodeid=1,mem=256,cpus=1 -numa node,nodeid=0,mem=512M,cpus=0,cpus=2';
    expect([sizesOf(text), vcpusOf(text)]).toEqual([[512 * MiB, 256 * MiB], [[0, 2], [1]]]); // prettier-ignore
  });

  test('distances of one way hold for both, and once a pair differs all must be said', () => {
    const nodes = '-m 1G -smp 3 -numa node,cpus=0 -numa node,cpus=1 -numa node,cpus=2';
    const dist = (...pairs: string[]): string =>
      `${nodes} ${pairs.map((pair) => `-numa dist,src=${pair[0]},dst=${pair[1]},val=${pair.slice(2)}`).join(' ')}`;
    expect(readQemu(dist('0114', '0222', '2119')).distances).toEqual([[10, 14, 22], [14, 10, 19], [22, 19, 10]]); // prettier-ignore
    expect(readQemu(dist('0114', '1015', '0222', '2023', '1219', '2118')).distances).toEqual([[10, 14, 22], [15, 10, 19], [23, 18, 10]]); // prettier-ignore
    expect(refusal(dist('0114', '1015', '0222', '1219'))).toContain('the distance from node 2 to 0 is missing');
    expect(refusal(dist('0114', '0222'))).toContain('the distance between node 1 and 2 is missing');
  });
});

describe('what QEMU refuses is refused, with the place, the option and what was wanted', () => {
  const two = '-m 1G -smp 4 -numa node,cpus=0-1';
  test.each([
    [
      `${two} -numa node,cpus=2,3`,
      `line 1, column 52: -numa node,cpus = "2,3": QEMU says "Invalid parameter '3'", want no commas but cpus= again`,
    ],
    [`${two} -numa node,cpus=1-3`, '-numa cpus = "1-3", vCPU 1 is on node 0 already'],
    [`${two} -numa node,cpus=2-4`, '-numa cpus = "2-4", want vCPUs below maxcpus (4)'],
    [`${two} -numa node,nodeid=2,cpus=2-3`, 'node 1 is missing of 2'],
    [`${two} -numa node,nodeid=0,cpus=2-3`, 'node 0 is there already'],
    [`${two},mem=300M -numa node,cpus=2-3,mem=600M`, 'total memory for NUMA nodes (943718400) should equal RAM size (1073741824)'],
    [`${two} -numa node,cpu=2`, '-numa "cpu": unknown key, want one of type, nodeid, cpus'],
    [`${two} -numa node,memdev=x,cpus=2-3`, '-numa memdev = "x", want the id of a memory backend, of which there is none'],
    [`-M pc-q35-5.1 ${two},cpus=2-3,mem=1G`, 'mem = "1G", want memdev: machines of QEMU since 5.1 take no mem'],
    [`-M pc-q35-5.2 ${two},cpus=2-3`, 'no node has memory, want memdev of each: QEMU since 5.2 divides none'],
    [`-object memory-backend-ram,id=x,size=1G ${two},memdev=x,mem=1G`, '-numa mem = "1G", want one of mem and memdev'],
    [
      `-object memory-backend-ram,id=x,size=1G ${two},memdev=x -numa node,cpus=2-3,mem=1G`,
      'mem = "1G", want memdev: machines of QEMU since 5.1',
    ],
    ['-object memory-backend-ram,id=x,size=1G,policy=bind -m 1G', '-object policy = "bind", want host-nodes with it'],
    ['-object memory-backend-ram,id=x,size=1G,host-nodes=1 -m 1G', '-object host-nodes = "1", want a policy other than default'],
    ['-object memory-backend-ram,id=x,size=1G,host-nodes=0,2,policy=bind -m 1G', '-object "2": unknown key'],
    ['-object memory-backend-ram,id=x,size=1G -object memory-backend-ram,id=x,size=1G', '-object id = "x", want an id that no other'],
    ['-smp 0', '-smp cpus = "0", want a whole number from 1 to 4096'],
    ['-smp 4,sockets=3', 'sockets (3) * dies (1) * cores (1) * threads (1) is not maxcpus (4)'],
    ['-smp 8,maxcpus=4', '-smp maxcpus = "4", want no less than the 8 cpus'],
    ['-m 1Q', '-m size = "1Q", want a size such as 4G'],
    ['-m 99999999999999999999', 'want a size'],
    ['-m', '-m at the end, want a value after it'],
    [`${two} -numa node,cpus=2-3 -numa dist,src=0,dst=0,val=11`, '-numa val = "11", want 10 from a node to itself'],
    [
      `${two} -numa node,cpus=2-3 -numa hmat-lb,initiator=0,target=1,hierarchy=memory,data-type=access-latency,bandwidth=1G`,
      '-numa bandwidth = "1G", want latency with data-type=access-latency',
    ],
  ])('%s', (text, message) => {
    expect(refusal(text)).toContain(message);
  });
});

describe('what has an effect that is not simulated is listed', () => {
  test.each([
    ['-overcommit cpu-pm=on', 'line 1: -overcommit cpu-pm=on: a vCPU keeps its CPU while it is idle'],
    ['-device host-spapr-cpu-core,core-id=2', 'line 1: -device host-spapr-cpu-core'],
    ['-readconfig mine.cfg', 'line 1: -readconfig mine.cfg'],
    ['-object memory-backend-file,id=x,size=1G,mem-path=a,pmem=on', 'line 1: -object x: pmem=on'],
    ['-icount shift=3', 'line 1: -icount shift=3'],
    ['-accel tcg', 'no KVM (-enable-kvm, -accel kvm): QEMU would emulate the CPUs'],
    ['-frobnicate 7', 'line 1: -frobnicate 7 (an option that this reader does not know)'],
    ['-machine hmat=on', 'line 1: -machine hmat=on: guests believe distances (SLIT) and no HMAT'],
  ])('%s', (option, message) => {
    expect(readQemu(`-m 1G ${option}`).unsimulated).toEqual([message]);
  });

  test('a program that is not asked to use KVM would emulate', () => {
    const unsimulated = (text: string): number => readQemu(text).unsimulated.length;
    expect(
      ['qemu-system-x86_64', 'qemu-system-x86_64 -enable-kvm', 'qemu-system-x86_64 -machine q35,accel=kvm:tcg', '/usr/bin/kvm'].map(
        unsimulated,
      ),
    ).toEqual([1, 0, 0, 0]);
  });

  test.each([
    ['-accel kvm -accel tcg', 0],
    ['-accel tcg -accel kvm', 1],
    ['-accel hvf -accel kvm -accel tcg', 0],
    ['-machine accel=whpx:kvm:tcg', 0],
    ['-machine accel=tcg:kvm', 1],
    ['-accel tcg -enable-kvm', 0],
  ])('of several accelerators the first that works counts: %s', (options, count) => {
    expect(readQemu(`qemu-system-x86_64 ${options}`).unsimulated).toHaveLength(count);
  });
});

test('memory of a guest without nodes is that of its backend, and can be backed at the start', () => {
  const flat = readQemu(
    '-m 2G -object memory-backend-ram,id=ram,size=2G,host-nodes=1-2,policy=interleave,prealloc=on -machine memory-backend=ram',
  );
  expect([flat.memory, flat.isPreallocated, flat.cells]).toEqual([{ mode: 'interleave', nodes: [1, 2] }, true, []]);
  const all = readQemu('-m 1G -smp 2 -mem-prealloc -numa node,cpus=0 -numa node,cpus=1');
  expect([all.isPreallocated, all.cells.map((cell) => cell.isPreallocated)]).toEqual([false, [true, true]]);
});

test('objects are read as libvirt writes them, in JSON', () => {
  const { cells } = readQemu(
    `-m 1G -smp 1 -object '{"qom-type":"memory-backend-ram","id":"r","size":1073741824,"host-nodes":[0,3],"policy":"bind","prealloc":true}' -numa node,memdev=r,cpus=0`,
  );
  expect(cells).toEqual([{ vcpus: [0], memoryBytes: GiB, memory: { mode: 'strict', nodes: [0, 3] }, isPreallocated: true }]);
  expect(refusal(`-m 1G -object '{"qom-type":{}}'`)).toContain('-object: without qom-type, want the kind of object');
});

test('nested JSON of a device or a machine is passed over; of what is read it is refused by its key', () => {
  const queues = `-m 1G -smp 3 -device '{"driver":"virtio-blk-pci","iothread-vq-mapping":[{"iothread":"a","vqs":[0,1]},{"iothread":"b"}]}'`;
  const cache = `-machine '{"type":"q35","smp-cache":[{"cache":"l3","topology":"die"}]}'`;
  expect(readQemu(`${queues} ${cache}`)).toMatchObject({ vcpus: 3, ignored: ['line 1: -device virtio-blk-pci', 'line 1: -machine q35'], unsimulated: [] }); // prettier-ignore
  expect(refusal(`-m 1G -numa '{"type":"node","cpus":[0,{"x":[2]}]}'`)).toBe('line 1, column 14: -numa "cpus.1.x": unknown key, want one of type, nodeid, cpus, mem, memdev, initiator'); // prettier-ignore
  expect(refusal(`-m 1G -object '{"qom-type":"memory-backend-ram","id":"r","size":4096,"host-nodes":[[0]]}'`)).toContain('-object "host-nodes.0": unknown key'); // prettier-ignore
  expect(refusal(`-m 1G -device '{"id":"d"}'`)).toContain('-device: without driver, want the kind of device');
  const deep = (levels: number): string => `-m 1G -device '{"driver":"d","a":${'['.repeat(levels)}1${']'.repeat(levels)}}'`;
  expect([refusal(deep(7)), refusal(deep(8)), refusal(deep(50_000))]).toEqual(['none', ...Array(2).fill('line 1, column 16: -device, want a JSON object of texts, numbers, true and false, at most 8 levels deep')]); // prettier-ignore
});

describe('the writer', () => {
  test('says one option a line, and what it says is read as it was', () => {
    const { pins, ignored, ...web } = lopsided();
    expect([pins.length, ignored.length]).toEqual([6, 4]);
    const text = writeQemuOptions(lopsided());
    expect(text.split('\n').slice(0, 8)).toEqual([
      '-name guest=web \\',
      '-smp cpus=6,sockets=2,dies=1,cores=3,threads=1 \\',
      '-m size=3584M \\',
      '-object memory-backend-ram,id=ram0,size=2048M,host-nodes=2,policy=bind,prealloc=on \\',
      '-object memory-backend-ram,id=ram1,size=1024M,host-nodes=0,host-nodes=2,policy=interleave \\',
      '-object memory-backend-ram,id=ram2,size=512M,host-nodes=1,policy=preferred \\',
      '-numa node,nodeid=0,memdev=ram0,cpus=0-1,cpus=4 \\',
      '-numa node,nodeid=1,memdev=ram1,cpus=2-3,cpus=5 \\',
    ]);
    expect(readQemu(text)).toEqual({ ...web, pins: Array(6).fill(null), ignored: [] });
  });

  test('has no word for a cpuset', () => {
    expect(() => writeQemuOptions({ ...lopsided(), cells: [], memory: { mode: 'restrictive', nodes: [1] } })).toThrow(
      'memory.mode = restrictive',
    );
  });

  test('and the reader are inverse for any guest that QEMU can say', () => {
    const binding = fc.option(
      fc.record({
        mode: fc.constantFrom('strict' as const, 'preferred' as const, 'interleave' as const),
        nodes: fc.uniqueArray(fc.nat(200), { minLength: 1, maxLength: 5 }).map((nodes) => nodes.sort((a, b) => a - b)),
      }),
    );
    const guest = fc
      .record({
        nodes: fc.integer({ min: 0, max: 4 }),
        vcpus: fc.integer({ min: 1, max: 9 }),
        name: fc.option(fc.string({ minLength: 1, maxLength: 12 })),
      })
      .chain(({ nodes, vcpus, name }) =>
        fc
          .record({
            homes: fc.array(fc.nat(Math.max(0, nodes - 1)), { minLength: vcpus, maxLength: vcpus }),
            sizes: fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: Math.max(1, nodes), maxLength: Math.max(1, nodes) }),
            bindings: fc.array(binding, { minLength: Math.max(1, nodes), maxLength: Math.max(1, nodes) }),
            prealloc: fc.array(fc.boolean(), { minLength: Math.max(1, nodes), maxLength: Math.max(1, nodes) }),
            distances: fc.option(fc.array(fc.integer({ min: 11, max: 254 }), { minLength: nodes * nodes, maxLength: nodes * nodes })),
          })
          .map(({ homes, sizes, bindings, prealloc, distances }): GuestDescription => ({
            name,
            kind: 'kvm',
            vcpus,
            memoryBytes: sizes.reduce((sum, size) => sum + size * MiB, 0),
            pins: Array<null>(vcpus).fill(null),
            softPins: Array<null>(vcpus).fill(null),
            cells: Array.from({ length: nodes }, (_, node): GuestCell => ({
              vcpus: homes.flatMap((home, vcpu) => (home === node ? [vcpu] : [])),
              memoryBytes: sizes[node]! * MiB,
              memory: bindings[node]!,
              isPreallocated: prealloc[node]!,
            })),
            distances:
              distances === null || nodes < 2
                ? null
                : Array.from({ length: nodes }, (_, src) =>
                    Array.from({ length: nodes }, (_unused, dst) => (src === dst ? 10 : distances[src * nodes + dst]!)),
                  ),
            topology: vcpus % 2 === 0 ? { sockets: 2, dies: 1, cores: vcpus / 2, threads: 1 } : null,
            memory: nodes === 0 ? bindings[0]! : null,
            isPreallocated: nodes === 0 && prealloc[0]!,
            weight: null,
            capPercent: null,
            unsimulated: [],
            ignored: [],
          })),
      );
    fc.assert(
      fc.property(guest, (description) => {
        fc.pre(description.name === null || !/[\0\r]/.test(description.name));
        const read = readQemu(writeQemuOptions(description));
        expect({ ...read, ignored: [] }).toEqual(description);
      }),
      { numRuns: 300 },
    );
  });
});

test('a text is taken for a QEMU command line by its program or its first option', () => {
  const texts = [
    'sudo /usr/bin/qemu-system-aarch64 -m 1G',
    '-smp 2 \\\n-m 1G',
    'vng --cpus 2',
    '<domain type="kvm"/>',
    'name = "kvm"\nvcpus = 2',
  ];
  expect(texts.map(looksLikeQemu)).toEqual([true, true, false, false, false]);
});

test('a command line of a megabyte is read in no time', () => {
  const begin = performance.now();
  const text = `-m 1G -smp 4096 ${Array.from({ length: 20_000 }, (_, i) => `-device x${i},a=,,b`).join(' ')} -numa node,${'cpus=0-4095,'.repeat(1000)}nodeid=0`;
  expect(readQemu(text).cells[0]!.vcpus).toHaveLength(4096);
  expect(performance.now() - begin).toBeLessThan(2000);
});
