import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { numalab } from '../../cli/numalab.ts';
import { writeWhole } from '../../experiments/store.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'numalab-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function call(line: string): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), progress: () => {}, width: 90 };
  return { code: await numalab(line.split(' '), lab('1.2.3'), terminal), out, err };
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

  test.each([
    ['experiment run packed-stream', 'did you mean packed-streams?'],
    ['experiment run packed-streams --seeds 0', '--seeds = 0, want a whole number from 1 to 1000'],
    ['experiment run packed-streams --size ful', '--size = ful, want reduced or full; did you mean full?'],
  ])('%s is refused with exit code 2', async (line, message) => {
    const { code, out, err } = await call(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });
});

test('a result that cannot be written leaves the old one and nothing else', () => {
  const path = join(folder, 'deck.json');
  writeFileSync(path, 'old');
  expect(() => writeWhole(join(path, 'deck.json'), 'new')).toThrow(); // its folder is a file
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['deck.json']);
});
