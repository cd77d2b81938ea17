import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { recordingOf } from '../experiments/recording-fixture.ts';
import { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { executed, INPUTS, MANIFEST, sha256 } from '../experiments/sweep/three-runs-fixture.ts';
import { comparison, deck, runOf } from '../report/page/page-fixture.ts';
import { session } from './session.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'numalab-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);

function write(name: string, value: unknown): string {
  writeFileSync(at(name), JSON.stringify(value));
  return at(name);
}

/** Policies, 1, 2 and 4 guests, two seeds. */
function sweepOf(policies: readonly string[]): SweepFolder {
  const words = policies.flatMap((policy) => ['4', '1', '2'].flatMap((guests) => ['5', '6'].map((seed) => ({ policy, guests, seed }))));
  const runs = words.map((own) => ({ id: sha256(JSON.stringify(own)), words: own }));
  return SweepFolder.create(at('sweep'), { ...MANIFEST, varied: ['policy', 'guests', 'seed'], runs }, INPUTS);
}

describe('numalab report', () => {
  test('makes one page of several files, and the same one again', async () => {
    const files = [write('deck.json', deck), write('compare.json', comparison), write('run.json', runOf('wander', 'vm0'))];
    const { code, out, err } = await session(['report', ...files, '--out', at('deep/page.html')]);
    expect({ code, out, err }).toEqual({ code: 0, out: '', err: `page written to ${at('deep/page.html')}: open it in a browser\n` });
    const page = readFileSync(at('deep/page.html'), 'utf8');
    expect(page).toContain('numalab report deck.json compare.json run.json --out page.html');
    for (const id of ['charts', 'comparisons', 'accesses', 'links', 'timeline']) expect(page).toContain(`<section id="${id}"`);
    await session(['report', ...files, '--out', at('deep/page.html')]);
    expect(readFileSync(at('deep/page.html'), 'utf8')).toBe(page);
  });

  test('makes a page of a sweep: its main figure over a word, and its policies against each other', async () => {
    const sweep = sweepOf(['apart', 'random']);
    sweep.manifest.runs.forEach((_, i) => sweep.put(i, executed(sweep.orderOf(i))));
    const { code, err } = await session(['report', sweep.path, '--out', at('page.html')]);
    expect({ code, err }).toEqual({ code: 0, err: `page written to ${at('page.html')}: open it in a browser\n` });
    const page = readFileSync(at('page.html'), 'utf8');
    expect(page).toContain('12 of 12 runs done.');
    expect(page).toContain('throughput in GB/s over guests');
    expect(page).toContain('lmbench-rd, guests = 1: throughput');
    expect(page).toContain('against apart');
    expect(page).not.toContain('<section id="warnings"');
  });

  test('of a sweep that is not finished it says what is missing and what is damaged, and compares nothing', async () => {
    const sweep = sweepOf(['apart', 'random']);
    for (const i of [0, 7]) sweep.put(i, executed(sweep.orderOf(i)));
    writeFileSync(sweep.resultFile(7), 'torn');
    await session(['report', sweep.path, '--out', at('page.html')]);
    const page = readFileSync(at('page.html'), 'utf8');
    expect(page).toContain('sweep plan.yaml: 10 of 12 runs are missing');
    expect(page).toContain('run 7: its result is damaged');
    expect(page).not.toContain('<section id="comparisons"');
  });

  test.each([
    [[], 'report: want FILE after it'],
    [['none.json'], 'none.json: ENOENT, want a file that can be read'],
    [['.'], '.: has no manifest.json, want the folder of a sweep'],
  ])('%j is refused with exit code 2', async (names, message) => {
    const { code, out, err } = await session(['report', ...names, '--out', at('page.html')]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(existsSync(at('page.html'))).toBe(false);
  });

  test('a damaged file is refused, and the page that stood there stays', async () => {
    writeFileSync(at('page.html'), 'old');
    const file = write('deck.json', { ...deck, charts: 3 });
    const { code, err } = await session(['report', file, '--out', at('page.html')]);
    expect({ code, err }).toEqual({ code: 2, err: 'deck.json: charts = 3, want array\n' });
    expect(readFileSync(at('page.html'), 'utf8')).toBe('old');
  });

  test('a file given twice, or a folder as --out, is refused before anything is read', async () => {
    expect((await session(['report', 'a', 'a'])).err).toBe('a: given twice, want it once\n');
    mkdirSync(at('out'));
    expect((await session(['report', 'a', '--out', at('out')])).err).toContain('is a folder, want a file');
  });
});

test('experiment run writes a page beside its JSON, from the same text', async () => {
  const line = `experiment run packed-streams --seeds 1 --json --out ${at('r.json')} --html ${at('r.html')}`;
  const known = { ...lab('1.2.3'), run: (scenario: Scenario) => recordingOf(scenario, scenario.guests.length * 4) };
  const { code, err } = await session(line.split(' '), known);
  expect({ code, err }).toMatchObject({ code: 0 });
  const page = readFileSync(at('r.html'), 'utf8');
  expect(page).toContain('numalab experiment run packed-streams --size reduced --seeds 1');
  expect(page).toContain('One guest of n streaming vCPUs: packed on a node or spread');
  await session(['report', at('r.json'), '--out', at('again/r.html')]);
  expect(readFileSync(at('again/r.html'), 'utf8')).toBe(page);
});
