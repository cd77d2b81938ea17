import { describe, expect, test } from 'vitest';
import { looksLikeVng, readVng } from '../../../formats/qemu/vng.ts';

const GiB = 1024 ** 3;

test('a command line of vng is read whole', () => {
  const text =
    "taskset -c 8-11 vng -v -r ./vmlinuz --name Web --cpus 6,sockets=2,cores=3 -m 5G --numa 4G,cpus=0-2,cpus=5 --numa=1G,cpus=3-4 --numa-distance 0,1=51 -- 'uname -r; id'";
  expect(readVng(text)).toEqual({
    name: 'Web',
    kind: 'kvm',
    vcpus: 6,
    memoryBytes: 5 * GiB,
    pins: Array(6).fill({ cpus: [8, 9, 10, 11] }),
    softPins: Array(6).fill(null),
    cells: [
      { vcpus: [0, 1, 2, 5], memoryBytes: 4 * GiB, memory: null, isPreallocated: false },
      { vcpus: [3, 4], memoryBytes: GiB, memory: null, isPreallocated: false },
    ],
    distances: [[10, 51], [51, 10]], // prettier-ignore
    topology: { sockets: 2, dies: 1, cores: 3, threads: 1 },
    memory: null,
    isPreallocated: false,
    weight: null,
    capPercent: null,
    unsimulated: [],
    ignored: ['line 1: -v', 'line 1: -r', 'line 1: the command after --'],
  });
});

test('memory is 1 GiB unless said, and a guest may be flat', () => {
  const { memoryBytes, cells, topology } = readVng('vng --cpu 3');
  expect([memoryBytes, cells, topology]).toEqual([GiB, [], null]);
});

describe('what vng or QEMU would refuse is refused in its place', () => {
  test.each([
    ['vng -m 1G', 'line 1, column 1: without --cpus, want --cpus N'],
    [
      'vng --cpus 4 -m 2G --numa 1G,cpus=0,2 --numa 1G,cpus=1',
      'line 1, column 37: -numa node,cpus = "0,2": QEMU says "Invalid parameter \'2\'"',
    ],
    ['vng --cpus 2 -m 3G --numa 1G,cpus=0 --numa 1G,cpus=1', 'total memory for NUMA nodes (2147483648) should equal RAM size (3221225472)'],
    ['vng --cpus 2 -m 2G --numa 1X,cpus=0', '-object size = "1X", want a size'],
    ['vng --cpus 2 --numa-distance 0:1=20', '--numa-distance "0:1=20", want SRC,DST=VAL such as 0,1=21'],
    ['vng --cpus', '--cpus at the end, want a value after it'],
  ])('%s', (text, message) => {
    expect(() => readVng(text)).toThrow(message);
  });
});

test('what is not simulated is listed', () => {
  expect(readVng("vng --cpus 2 --qemu-opts '-numa node' --balloon --frob").unsimulated).toEqual([
    'line 1: --qemu-opts "-numa node"',
    'line 1: --balloon',
    'line 1: "--frob" (a flag that this reader does not know)',
  ]);
});

test('a text is taken for one of vng by its program', () => {
  expect(['sudo vng --cpus 2', '/usr/bin/virtme-run --cpus 2', 'qemu-kvm -m 1G', 'serving'].map(looksLikeVng)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('short flags may stand together, and before their value', () => {
  const { vcpus, memoryBytes, ignored, unsimulated } = readVng('vng -vr -p6 -m3G -qSrv6.9 -o-smp -- ls -la');
  expect([vcpus, memoryBytes / 1024 ** 3, unsimulated]).toEqual([6, 3, ['line 1: -o "-smp"']]);
  expect(ignored.map((one) => one.slice('line 1: '.length))).toEqual(['-v', '-r', '-q', '-S', '-r', 'the command after --']);
  expect(readVng('vng -vz --cpus 2').unsimulated).toEqual(['line 1: "-z" (a flag that this reader does not know)']);
  expect(() => readVng('vng -vp0')).toThrow('line 1, column 8');
});

test('a word of very many short flags is read in the time of its length', () => {
  expect(readVng(`vng -${'v'.repeat(300_000)}p6`).vcpus).toBe(6);
});

test('commands of a script around it are passed over and told', () => {
  const { vcpus, ignored } = readVng('#!/bin/sh\nmake -j3\nvng --cpus 6 -v | tee log\n');
  expect([vcpus, ignored]).toEqual([6, ['line 2: "make"', 'line 3: "tee"', 'line 3: -v']]);
  expect(() => readVng('vng --cpus 2\nvng --cpus 3')).toThrow('line 2, column 1: "vng": a second command');
  expect(() => readVng('vng --cpus 2\n-m 3G')).toThrow('line 2, column 1: "-m": a second command');
});
