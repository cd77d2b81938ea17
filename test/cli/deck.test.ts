import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { numalab } from '../../cli/numalab.ts';
import { writeWhole } from '../../experiments/store.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { recordingOf } from '../experiments/recording-fixture.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'numalab-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An engine that gives every guest a second of work more under `apart`. */
function ranked(scenario: Scenario): Recording {
  const rank = scenario.policy.name === 'apart' ? 2 : 1;
  return recordingOf(scenario, scenario.guests.length * (rank + Number(scenario.seed) / 1e6));
}

async function call(line: string, run = lab('1.2.3').run): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), progress: () => {}, width: 90 };
  return { code: await numalab(line.split(' '), { ...lab('1.2.3'), run }, terminal), out, err };
}

describe('numalab experiment', () => {
  test('list names every chart with its question', async () => {
    const { code, out } = await call('experiment list --json');
    expect(code).toBe(0);
    const { experiments } = JSON.parse(out) as { experiments: { name: string; runs: number }[] };
    expect(experiments.map(({ name }) => name)).toContain('packed-streams');
    expect(experiments.find(({ name }) => name === 'packed-streams')!.runs).toBe(8); // two policies, 1, 2, 4 and 6 vCPUs
  });

  test('run draws a plot, says the question, tells the figures and what they show', async () => {
    const { code, out } = await call('experiment run packed-streams --seeds 2');
    expect(code).toBe(0);
    expect(out).toContain('o kvm-unpinned   x kvm-numactl');
    expect(out).toContain('When is holding a guest on one node a mistake?');
    expect(out).toMatch(/kvm-unpinned +6 +1\d\.\d+ ± /); // six streams of 3.664 GB/s at most, some far from their memory: less than 22
    expect(out).toMatch(/kvm-numactl against kvm-unpinned \(packed-streams\)[^]*\n6 +0\.6\d\d .* worse +queueController/);
    for (const line of out.split('\n').filter((one) => one.includes('│') || one.includes('┤'))) expect(line.length).toBeLessThanOrEqual(90);
  });

  test('run --json --out prints and writes the same, whole, with nothing left beside it', async () => {
    const path = join(folder, 'deep', 'result.json');
    const { code, out, err } = await call(`experiment run packed-streams --seeds 1 --json --out ${path}`);
    expect(code).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(out);
    expect(err).toContain('result written');
    expect(readdirSync(join(folder, 'deep'))).toEqual(['result.json']);
  });

  test('list tells what each open question takes, reduced and full', async () => {
    const { out } = await call('experiment list --json');
    const { experiments } = JSON.parse(out) as { experiments: { name: string; question: string; reducedSeconds: number | null; fullSeconds: number | null }[] }; // prettier-ignore
    const asked = experiments.filter(({ reducedSeconds }) => reducedSeconds !== null);
    expect(asked.map(({ name }) => name)).toContain('temporary-migration');
    for (const { reducedSeconds, fullSeconds } of asked) {
      expect(reducedSeconds!).toBeLessThan(60);
      expect(fullSeconds!).toBeGreaterThan(reducedSeconds!);
    }
    expect((await call('experiment list')).out).toMatch(/guests-apart .* [\d.]+ s +[\d.]+ min +Schedule guests apart/);
  });

  test('run of a question draws its charts and then answers', async () => {
    const { code, out } = await call('experiment run guests-apart --seeds 2', ranked);
    expect(code).toBe(0);
    expect(out).toContain('(guests-apart-bursty)');
    expect(out).toContain('(guests-apart-alone)');
    const [, said] = out.split('The deck: "Schedule guests apart, like Xen but without pinning"\n\n');
    expect(said!.replaceAll('\n', ' ')).toMatch(
      /^Yes, wherever a difference is shown: apart is better than xen-numa-on at all 3 points, .* 2 seeds with 95 % intervals/,
    );
    for (const line of said!.split('\n')) expect(line.length).toBeLessThanOrEqual(90);
  });

  test('run of a question in JSON has the answer, the table behind it, and words to run each point with', async () => {
    const { code, out } = await call('experiment run temporary-migration --seeds 2 --json', ranked);
    expect(code).toBe(0);
    const result = JSON.parse(out) as { question: string; deck: string; answer: string; answerTable: { columns: string[]; rows: string[][] }; charts: { points: { words: { guests: { name: string }[] } }[] }[] }; // prettier-ignore
    expect(result).toMatchObject({ question: 'temporary-migration', deck: 'Rebalancing with page migration? ... maybe temporary?' });
    expect(result.answer).toMatch(/^Pages should stay, for as long as was tried: /); // all alike is no gain
    expect(result.answerTable.rows.map((row) => row.length)).toEqual(Array<number>(4).fill(result.answerTable.columns.length));
    expect(result.charts[1]!.points[0]!.words.guests.map(({ name }) => name)).toEqual(['traveller', 'stream']);
  });

  test.each([
    ['experiment run guests-appart', 'did you mean guests-apart?'],
    ['experiment run packed-stream', 'did you mean packed-streams?'],
    ['experiment run packed-streams --seeds 0', '--seeds = 0, want a whole number from 1 to 1000'],
    ['experiment run packed-streams --size ful', '--size = ful, want reduced or full; did you mean full?'],
  ])('%s is refused with exit code 2', async (line, message) => {
    const { code, out, err } = await call(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });
});

describe('numalab deck', () => {
  /** As many nodes as the machine has, so that a page can be drawn of it. */
  const whole = (scenario: Scenario): Recording => {
    const recording = ranked(scenario);
    const nodes = scenario.machine.nodeCount;
    const blocksByNode = Array.from({ length: nodes }, (_, node) => node);
    const linesByPair = Array.from({ length: nodes ** 2 }, (_, pair) => pair);
    return { ...recording, timeline: null, linesByPair, guests: recording.guests.map((guest) => ({ ...guest, blocksByNode })) };
  };

  test.each([
    ['--out @a/deck.json', ['deck.html', 'deck.json'], 'deck.html'],
    ['--out @a/full', ['full', 'full.html'], 'full.html'],
    ['--out @a/deck.json --html @a/page.html', ['deck.json', 'page.html'], 'page.html'],
  ])('%s writes there and nowhere else', async (flags, files, page) => {
    const { code, out, err } = await call(`deck --seeds 1 ${flags.replaceAll('@', `${folder}/`)}`, whole);
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining(`page written to ${join(folder, 'a', page)}`) as string });
    expect(readdirSync(join(folder, 'a')).sort()).toEqual(files);
    expect(out).not.toMatch(/Infinity|NaN/);
    expect(out).toMatch(/^ *1 +1\.00 +\? +no difference shown/m); // one seed, and all policies alike
  });
});

test('a result that cannot be written leaves the old one and nothing else', () => {
  const path = join(folder, 'deck.json');
  writeFileSync(path, 'old');
  expect(() => writeWhole(join(path, 'deck.json'), 'new')).toThrow(); // its folder is a file
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['deck.json']);
});
