import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let printed = '';
let rows: string[][] = [];

beforeAll(() => {
  printed = execFileSync(process.execPath, ['dist/cli/main.js', 'validate', '--markdown'], { cwd: root, encoding: 'utf8' });
  rows = printed.split('\n').flatMap((line) => (line.startsWith('| ') ? [line.slice(2, -2).split(' | ')] : []));
  rows = rows.slice(2); // head and rule
});

const statusOf = (name: string): string | undefined => rows.find(([id]) => id === name)?.at(-1);

describe('what numalab validate prints', () => {
  test('is docs/validation.md, to the letter: after a change that moves it, print it anew', () => {
    expect(printed).toBe(readFileSync(`${root}/docs/validation.md`, 'utf8'));
  });

  test('passes every item that is simulated directly, but where among pinned loads a probe moves', () => {
    const direct = rows.filter(([, kind, , simulated]) => kind === 'A' && simulated !== '-');
    expect(direct.length).toBeGreaterThanOrEqual(15);
    expect(direct.flatMap((row) => (row.at(-1)!.startsWith('pass') ? [] : [row[0]]))).toEqual(['P13 same core', 'P13 cross node']);
  });

  test.each(['P11 node 1', 'P15 triad', 'xen-2009-kernbench 7x1', 'xen-2009-kernbench 15x1', 'xen-2009-kernbench 1x2', 'xen-2009-kernbench 7x2'])(
    'predicts %s from the points that were fitted',
    (name) => expect(statusOf(name)).toBe('pass'),
  ); // prettier-ignore

  test('tells its misses', () => {
    const missed = rows.flatMap((row) => (row.at(-1)!.startsWith('fail') ? [row[0]] : []));
    expect(missed).toEqual([
      ...['P06', 'P08 24', 'P08 42', 'P09 24', 'P12', 'P13 same core', 'P13 cross node', 'P17'],
      ...['metis-mean-curve 18', 'metis-wrmem-curve 30', 'metis-wrmem-curve 36', 'metis-wrmem-curve 42'],
      ...['xen-2009-rd-spread 7 off', 'xen-2009-rd-spread 15 on'],
      ...['autonuma-ladder none', 'numa01 unbound', 'P14', 'tiering-pmbench score rate', 'tiering-pmbench moved hot'],
    ]);
    for (const item of [
      'P06',
      'P08',
      'P09',
      'P12',
      'P13',
      'P17',
      'metis-mean-curve',
      'metis-wrmem-curve',
      'xen-2009-rd-spread',
      'autonuma-ladder',
      'numa01',
      'P14',
      'tiering-pmbench',
    ])
      expect(printed).toMatch(new RegExp(`### ${item}\\n[^#]*- miss: (?!not explained)`));
  });
});
