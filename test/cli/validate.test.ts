import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { session } from './session.ts';

const real = lab('1.2.3');
let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'numalab-validate-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const OWN = `
items:
  - id: own
    machine: m
    workload: w
    metric: remote over local latency
    value: 1.5
    accept: ±10%
    class: A
    source: s
    scenario:
      seeds: 1
      words: {machine: lopsided, kind: bare, boot: 0, host-noise: 0, workload: "lmbench-lat:size=128MiB", duration: 400ms}
      runs: {local: {policy: "numactl"}, far: {policy: "numactl:preferred=1"}}
      values: far.latencyNs / local.latencyNs
`;

describe('numalab validate', () => {
  test('tells published, simulated, error and band of a value, and what it rests on', async () => {
    const { code, out } = await session(['validate', 'P04'], real);
    expect(code).toBe(0);
    expect(out).toMatch(/^P04 +A +3\.02 +3\.0\d+ +nothing random +[-+]\S+ % +2\.72 to 3\.32 +pass \(read back\)$/m);
    expect(out).toContain('source: LPD-EPFL/mctop');
    expect(out).toContain('1 pass, 0 fail, 0 skipped');
  });

  test('--json has status, published, simulated, interval, error, fitted and note of each item', async () => {
    const skipped = fileOf('skipped.yaml', `${OWN.slice(0, OWN.indexOf('    scenario:'))}    note: of mine\n    skipped: not yet\n`);
    const { code, out } = await session(['validate', 'P05', 'own', '--items', skipped, '--json'], real);
    expect(code).toBe(0);
    const { items } = JSON.parse(out) as { items: Record<string, unknown>[] };
    expect(items.map(({ id, status }) => [id, status])).toEqual([
      ['P05', 'pass'],
      ['own', 'skipped'],
    ]);
    expect(items[0]).toMatchObject({ published: 2.858, interval: null, predicted: false });
    expect(items[0]!.simulated).toBeCloseTo(2.858, 0);
    expect(items[0]!.error).toBeCloseTo((items[0]!.simulated as number) / 2.858 - 1, 9);
    expect(items[0]!.fitted).toContain('node of the input');
    expect(items[1]).toMatchObject({ simulated: null, error: null, note: 'of mine' });
  });

  test('takes items of a file: these alone, or together with others by name', async () => {
    const path = fileOf('own.yaml', OWN);
    const alone = await session(['validate', '--items', path, '--json'], real);
    const [own] = (JSON.parse(alone.out) as { items: { id: string; simulated: number; status: string }[] }).items;
    // 125 ns over 80 ns, each with a little of its own rise and a fiftieth of hits
    expect(own).toMatchObject({ id: 'own', status: 'pass' });
    expect(own!.simulated).toBeCloseTo(125 / 80, 1);
    const both = await session(['validate', 'own', 'P04', '--items', path], real);
    expect(both.out).toContain('2 pass, 0 fail, 0 skipped');
  });

  test('a miss is told and explained as far as it is known, and ends with exit code 0: it is a result', async () => {
    const path = fileOf('miss.yaml', OWN.replace('value: 1.5', 'value: 3').replace('source: s', 'source: s\n    miss: because'));
    const { code, out } = await session(['validate', '--items', path], real);
    expect(code).toBe(0);
    expect(out).toMatch(/fail$/m);
    expect(out).toContain('miss: because');
  });

  test('--sensitivity tells which assumed figures it hangs on', async () => {
    const { out } = await session(['validate', '--items', fileOf('own.yaml', OWN), '--sensitivity'], real);
    expect(out).toMatch(/own: assumed figures at minus and plus 20 %/);
    expect(out).toMatch(/^own +machine loadedLatency /m);
  });
});

describe('what is not understood is refused before anything is run', () => {
  test.each([
    ['P5', ['validate', 'P5'], 'validate P5: want one of P01'],
    ['a file that is not there', ['validate', '--items', 'nowhere.yaml'], 'nowhere.yaml'],
  ])('%s', async (_, argv, message) => {
    const { code, err, ran } = await session(argv);
    expect([code, ran.length]).toEqual([2, 0]);
    expect(err).toContain(message);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  test.each([
    ['a machine', 'machine: lopsided', 'machine: lopsded', 'own, run local: machine = lopsded'],
    ['a policy', '"numactl:preferred=1"', '"numactl:prefered=1"', 'did you mean preferred?'],
    ['an expression', 'far.latencyNs / local', 'far.latencyNs / / local', 'want a number or a figure of a run'],
  ])('%s in a file', async (_, from, to, message) => {
    const { code, err } = await session(['validate', '--items', fileOf('bad.yaml', OWN.replace(from, to))], real);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  test('a figure that no run has', async () => {
    const { code, err } = await session(['validate', '--items', fileOf('bad.yaml', OWN.replace('far.latencyNs', 'far.latncyNs'))], real);
    expect(code).toBe(2);
    expect(err).toContain('did you mean latencyNs?');
  });
});
