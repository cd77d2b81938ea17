import { expect, test } from 'vitest';
import { table } from '../../report/table.ts';

test('a table stands in columns, names to the left and numbers to the right', () => {
  const rows = [
    ['kvm-unpinned', 7, 23.456, '1.23 s'],
    ['apart', 15, 3.1, '-'],
  ];
  expect(table(['policy', 'guests', 'GB/s', 'elapsed'], rows).split('\n')).toEqual([
    'policy        guests  GB/s  elapsed',
    '------------  ------  ----  -------',
    'kvm-unpinned       7  23.5   1.23 s',
    'apart             15  3.10        -',
  ]);
});

test('a column stands where it is told', () => {
  const columns = [
    { title: 'id', align: 'left' },
    { title: 'verdict', align: 'right' },
  ] as const;
  expect(table(columns, [[1, 'no'], [22, 'yes']]).split('\n').slice(2)).toEqual(['1        no', '22      yes']); // prettier-ignore
});

test('names stay on the left though one of them begins with a figure', () => {
  expect(table(['guest'], [['7up'], ['vm'], ['x']]).split('\n')[3]).toBe('vm');
});

test('a name cannot break out of its cell', () => {
  expect(table(['guest\x07', 'GB/s'], [['a\nb\x1b[31m', 1]]).split('\n')).toEqual(['guest   GB/s', '------  ----', 'ab[31m     1']);
});

test('a table without rows is its head', () => expect(table(['guest', 'GB/s'], [])).toBe('guest  GB/s'));

test('a row of the wrong length is refused', () => {
  expect(() => table(['a', 'b'], [[1, 2], [3]])).toThrow('table: row 1 has 1 cells, want 2');
});

test('no colour is written even where it could be', () => {
  const before = process.env.FORCE_COLOR;
  process.env.FORCE_COLOR = '1';
  try {
    expect(table(['a'], [[1]])).not.toContain('\x1b');
  } finally {
    if (before === undefined) delete process.env.FORCE_COLOR;
    else process.env.FORCE_COLOR = before;
  }
});
