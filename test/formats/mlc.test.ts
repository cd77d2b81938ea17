import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { looksLikeMlc, readMlc } from '../../formats/mlc.ts';

const sample = (name: string): string => readFileSync(new URL(`../samples/${name}`, import.meta.url), 'utf8');

test('both matrices and the latencies under load are read, MB/s as GB/s of ten to the ninth', () => {
  const { latencies, bandwidths, loaded } = readMlc(sample('xeon-8269cy.mlc.txt'));
  expect([latencies.length, bandwidths.length, loaded.length]).toEqual([16, 16, 19]);
  expect(latencies[7]).toEqual({ line: 6, cpuNode: 1, node: 3, value: 137.6 });
  expect(bandwidths.find(({ cpuNode, node }) => cpuNode === 2 && node === 1)).toMatchObject({ value: 50.4958 });
  expect(loaded[6]).toMatchObject({ latencyNs: 109.72, GBps: 183.0719 });
});

test('reports with blanks instead of tabs, one after another, are read as well', () => {
  const { latencies, bandwidths, loaded } = readMlc(sample('xeon-skx.mlc.txt'));
  expect(latencies.map(({ cpuNode, node, value }) => [cpuNode, node, value])).toEqual([
    [0, 0, 81.4],
    [0, 1, 131.1],
    [1, 0, 131.1],
    [1, 1, 81.3],
  ]);
  expect([bandwidths.length, loaded.length]).toEqual([0, 19]);
});

test('old versions speak of sockets and memory nodes', () => {
  const text = [
    'Measuring idle latencies (in ns)...',
    '\tMemory node',
    ' Socket\t     0\t     1\t',
    '     0\t  67.1\t 122.4\t',
    '     1\t 123.5\t  67.9',
  ];
  expect(readMlc(text.join('\n')).latencies.map(({ line, cpuNode, node, value }) => [line, cpuNode, node, value])).toEqual([
    [4, 0, 0, 67.1],
    [4, 0, 1, 122.4],
    [5, 1, 0, 123.5],
    [5, 1, 1, 67.9],
  ]);
});

test('a node of memory only has a column and no row; a dash is no figure', () => {
  const text = ['Measuring idle latencies for random access (in ns)...', 'Numa node  Numa node', 'Numa node  0  1', '  0  106.3  437.5'];
  expect(readMlc([...text, '  1  -  90'].join('\r\n')).latencies.map(({ cpuNode, node, value }) => [cpuNode, node, value])).toEqual([
    [0, 0, 106.3],
    [0, 1, 437.5],
    [1, 1, 90],
  ]);
});

test('other parts of the report are passed over', () => {
  const cores = 'Measuring cache-to-cache transfer latency (in ns)...\nNuma node  0  1\n  0  - 115.2\n';
  expect(readMlc(`Measuring idle latencies (in ns)...\nNuma node 0\n 0 80\n\n${cores}`).latencies).toHaveLength(1);
});

test('its text is told from CSV and YAML', () => {
  expect(looksLikeMlc(sample('xeon-skx.mlc.txt'))).toBe(true);
  expect(looksLikeMlc(sample('xeon-8269cy.mlc.txt').split('\n').slice(1).join('\n'))).toBe(true);
  expect(looksLikeMlc(sample('loaded-latency.csv'))).toBe(false);
});

describe('a row that is none is refused by its line', () => {
  const matrix = (row: string): string => `Measuring idle latencies (in ns)...\n\tNuma node\nNuma node\t0\t1\n${row}\n`;
  const loaded = (row: string): string => `Measuring Loaded Latencies for the system\nInject\tLatency\tBandwidth\n=====\n${row}\n`;
  test.each([
    [matrix('0\t81\t131\n1\t131'), 'line 5: 1 figures, want 2, one a node'],
    [matrix('0\t81\tfast'), 'line 4: fast, want a number above 0'],
    [matrix('0.5\t81\t131'), 'line 4: 0.5, want a node'],
    [loaded(' 00000\t282.66'), 'line 4: 2 figures, want 3: delay, latency, bandwidth'],
    [loaded(' 00000\t-4\t215712.8'), 'line 4: -4, want a number above 0'],
  ])('%j', (text, message) => {
    expect(() => readMlc(text)).toThrow(new RangeError(message));
  });

  test('of a million characters too', () => {
    expect(() => readMlc(matrix(`0\t81\t${'x'.repeat(1_000_000)}`))).toThrow(/^line 4: x{60}, want a number above 0$/);
  });
});

test('a matrix as wide as nobody has is read', () => {
  const wide = `Measuring idle latencies (in ns)...\n\tNuma node\nNuma node${'\t0'.repeat(200_000)}\n0${'\t81'.repeat(200_000)}\n`;
  expect(readMlc(wide).latencies).toHaveLength(200_000); // more than a call can have arguments
});
