import { describe, expect, test } from 'vitest';
import { isMachineFile, readMachineFile } from '../../experiments/machine-file.ts';
import { machineFileText } from '../../experiments/machine-file-text.ts';
import { machines } from '../../machines/index.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { vm2cpu } from '../../machines/vm-2cpu.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';

const TEXT = machineFileText(lopsided);
const read = (text: string, taken: readonly string[] = []): MachineSpec => readMachineFile('m.yaml', text, taken);

function refusal(text: string, taken: readonly string[] = []): string {
  try {
    read(text, taken);
  } catch (error) {
    expect((error as Error).name).toBe('InputError');
    return (error as Error).message;
  }
  throw new Error('was not refused');
}

test.each(machines.map((spec) => [spec.name, spec] as const))('%s comes back from its own file as it was, and from JSON', (_, spec) => {
  expect(read(machineFileText(spec, ['a heading', 'of two lines\nand a break']))).toEqual(spec);
  expect(read(JSON.stringify(spec))).toEqual(spec);
});

test('ids of the operating system are kept', () => {
  const spec = { ...lopsided, nodeIds: [4, 7, 9], cpuIds: lopsided.nodeCpus.flatMap((count, node) => Array.from({ length: count }, (_, i) => 100 * node + i)) }; // prettier-ignore
  expect(read(machineFileText(spec))).toEqual(spec);
});

test('a full mesh is one word', () => {
  const text = TEXT.replace(/links:\n {2}value:\n(?: {4}- .*\n)+/, 'links:\n  value: mesh 3.5\n').replace(/nextHop:\n {2}value:.*\n(?: {4}- .*\n)*/, 'nextHop:\n  value: mesh\n'); // prettier-ignore
  expect(read(text).links.value).toEqual([
    { between: [0, 1], capacityGBps: 3.5 },
    { between: [0, 2], capacityGBps: 3.5 },
    { between: [1, 2], capacityGBps: 3.5 },
  ]);
  expect(read(text).nextHop.value).toEqual([
    [0, 1, 2],
    [0, 1, 2],
    [0, 1, 2],
  ]);
});

describe('what is wrong is told with its place, value and what was wanted', () => {
  const line = (key: string): number => TEXT.split('\n').findIndex((one) => one.startsWith(`${key}:`)) + 1;
  test.each([
    [
      'an unknown key',
      `${TEXT}latencyNS: 3\n`,
      /^m\.yaml:\d+:1: latencyNS: no such key, want one of name, summary, .*; did you mean latencyNs\?$/,
    ],
    ['an unknown key of a figure', TEXT.replace('clockGHz:\n  value', 'clockGHz:\n  vlaue'), /^m\.yaml:\d+:3: clockGHz\.vlaue: no such key, want one of value, source; did you mean value\?$/], // prettier-ignore
    ['a missing figure', TEXT.replace(/clockGHz:\n.*\n.*\n/, ''), /^m\.yaml:\d+:1: clockGHz: missing, want a mapping$/],
    ['a number that is none', TEXT.replace(/clockGHz:\n {2}value: .*/, 'clockGHz:\n  value: fast'), new RegExp(`^m\\.yaml:${line('clockGHz') + 1}:10: clockGHz\\.value = fast, want a number such as 2\\.5$`)], // prettier-ignore
    ['infinity', TEXT.replace(/clockGHz:\n {2}value: .*/, 'clockGHz:\n  value: 1e999'), /clockGHz\.value = 1e999, want a number/],
    ['no source', TEXT.replace(/(clockGHz:\n.*\n {2}source: ).*/, '$1""'), /clockGHz\.source = nothing, want where the figure comes from, or assumed: and why$/], // prettier-ignore
    ['a clock of nothing', TEXT.replace(/clockGHz:\n {2}value: .*/, 'clockGHz:\n  value: 0'), new RegExp(`^m\\.yaml:${line('clockGHz') + 1}:3: clockGHz = 0, want more than 0$`)], // prettier-ignore
    ['nothing', '\n', /^m\.yaml: empty, want a machine file \(numalab machine import\)$/],
    [
      'XML of hwloc',
      '<?xml version="1.0"?>\n<topology/>',
      /^m\.yaml: another tool's description, want the machine file that numalab machine import/,
    ],
    [
      'a word in a row',
      TEXT.replace(/(latencyNs:\n.*\n) {4}- .*\n/, '$1    - 90 many 3\n'),
      /:\d+:\d+: latencyNs\.value\[0\] = 90 many 3, want a number such as 2\.5$/,
    ],
    ['a link that is none', TEXT.replace(/ {4}- 0-1 .*/, '    - 0>1 3'), /links\.value = a list of \d, want links such as 0-1 4\.8$/],
    ['a name of another', TEXT, /^m\.yaml:1:7: name = lopsided, want one that no machine of machine list has$/],
    ['too many CPUs', TEXT.replace(/nodeCpus: .*/, 'nodeCpus: [4096, 0, 1]'), /nodeCpus = 4097 CPUs in all, want at most 4096$/],
    ['an id given twice', `${TEXT}nodeIds: [3, 5, 3]\n`, /nodeIds = 3, want each id once$/],
    ['a prototype', `${TEXT}__proto__: {a: 1}\n`, /__proto__: not a name that may be used$/],
  ])('%s', (what, text, message) => {
    expect(refusal(text, what === 'a name of another' ? ['lopsided'] : [])).toMatch(message);
  });
});

test('a machine of 254 nodes, all linked, fits into a file', () => {
  const nodes = Array.from({ length: 254 }, (_, node) => node);
  const matrix = (cell: (a: number, b: number) => number): number[][] => nodes.map((a) => nodes.map((b) => cell(a, b)));
  const spec: MachineSpec = {
    ...vm2cpu,
    name: 'wide',
    sockets: 1,
    nodeSocket: nodes.map(() => 0),
    nodeCpus: nodes.map(() => 1),
    memoryGiB: { value: nodes.map(() => 2), source: 's' },
    slit: { value: matrix((a, b) => (a === b ? 10 : 20)), source: 's' },
    latencyNs: { value: matrix((a, b) => (a === b ? 90 : 180)), source: 's' },
    links: {
      value: nodes.flatMap((a) => nodes.filter((b) => a < b).map((b) => ({ between: [a, b] as const, capacityGBps: 7 }))),
      source: 's',
    },
    nextHop: { value: matrix((_, b) => b), source: 's' },
    controllerGBps: { value: nodes.map(() => 9), source: 's' },
  };
  const start = performance.now();
  expect(read(machineFileText(spec)).nextHop.value[253]![17]).toBe(17);
  expect(performance.now() - start).toBeLessThan(5000);
});

test('words are files by their letters alone', () => {
  expect(['./a', 'a.yaml', 'a.yml', 'b/c', 'a.json'].map(isMachineFile)).toEqual([true, true, true, true, true]);
  expect(['lopsided', 'opteron-6164-4s', 'a.txt'].map(isMachineFile)).toEqual([false, false, false]);
});

test('a machine of a file is built as any other', () => {
  expect(buildMachine(read(TEXT)).latencyNs).toEqual(buildMachine(lopsided).latencyNs);
});
