import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleStandardDeviation } from 'simple-statistics';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lab } from '../../../cli/lab.ts';
import type { Lab } from '../../../cli/command.ts';
import { predictionInterval, sampleOf } from '../../../experiments/pack/verify.ts';
import { resultText } from '../../../experiments/sweep/result-file.ts';
import type { SweepFolder } from '../../../experiments/sweep/sweep-folder.ts';
import type { Recording } from '../../../sim/recording.ts';
import { session, type Session } from '../../cli/session.ts';
import { temporary, VERSION } from '../sweep/small-sweep-fixture.ts';
import { archiveOf, membersOf, packed, smallStudy, withSums } from './pack-fixture.ts';

const { path, remove } = temporary();
afterAll(remove);

let folder: SweepFolder;
const pack = join(path, 'study.tar.gz');
beforeAll(async () => {
  folder = await smallStudy(path);
  await packed(folder, pack);
});

const here = lab(VERSION);
const verify = (argv: readonly string[], of: Lab = here): Promise<Session> => session(['verify', ...argv], of);

/** Another numalab, whose built-in policies do `factor` times the work. */
function otherCode(version: string, factor: number): Lab {
  const told = (recording: Recording): Recording => ({
    ...recording,
    total: { ...recording.total, throughput: { ...recording.total.throughput, value: recording.total.throughput.value * factor } },
  });
  return { ...lab(version), run: (scenario) => told(here.run(scenario)) };
}

describe('by the code that made it', () => {
  test('all of a pack is identical, policies of its own included', async () => {
    const { code, out, err } = await verify([pack, '--runs', '12']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`the same code, ${folder.manifest.code}\n`);
    expect(out).toContain('identical: 12 identical of 12\n');
    expect(out.match(/policy \.\/mine\.ts/g)?.length).toBe(6);
    expect(out).not.toContain('SHA256SUMS');
  });

  test('so is all of the folder of the sweep', async () => {
    const { code, out } = await verify([folder.path, '--runs', '999']);
    expect(code).toBe(0);
    expect(out).toContain(
      '12 files checked, 12 results of 12 runs\nno SHA256SUMS: only the hashes that manifest and results carry themselves were checked, not the tables\n',
    );
    expect(out).toContain('identical: 12 identical of 12\n');
  });

  test('another result is different, however near', async () => {
    const { code, out } = await verify([folder.path, '--runs', '12'], otherCode(VERSION, 1 + 1e-15));
    expect(code).toBe(1);
    expect(out).toContain('different: the same code gave another result');
    expect(out).toContain('different: 6 identical, 6 different of 12\n'); // policies from files are not run by that engine
  });

  test('a forged result is different, though all its hashes fit', async () => {
    const { id } = folder.manifest.runs[2]!;
    const result = folder.result(2)!;
    const better = resultText(id, { ...result, total: { ...result.total, throughput: { ...result.total.throughput, value: 99 } } });
    const members = membersOf(readFileSync(pack)).map((one) =>
      one.name.endsWith(`/runs/${id}.json`) ? { ...one, content: Buffer.from(better) } : one,
    );
    const forged = join(path, 'forged.tar.gz');
    writeFileSync(forged, archiveOf(withSums(members)));
    const { code, out } = await verify([forged, '--runs', '12']);
    expect(code).toBe(1);
    expect(out).toMatch(/^ +2 .* 99\.0000 .*different: the same code gave another result$/m);
    expect(out).toContain('different: 11 identical, 1 different of 12\n');
  });
});

describe('by other code', () => {
  test('that is said first, and equal results are identical though they name another version', async () => {
    const { code, out } = await verify([pack, '--runs', '12'], lab('1.3.0'));
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^other code: made by 1\.2\.3\+[0-9a-f]{12}\.node\d+, this is 1\.3\.0\+/);
    expect(out).toContain('identical: 12 identical of 12\n');
  });

  test('a figure that chance could have left is within the interval', async () => {
    const { code, out } = await verify([pack, '--runs', '12', '--json'], otherCode('1.3.0', 1 + 1e-12));
    const told = JSON.parse(out);
    expect([code, told.overall]).toEqual([0, 'within the interval']);
    const judged = told.verified.filter(({ outcome }: { outcome: string }) => outcome === 'within the interval');
    expect(judged.length).toBe(6);
    for (const { words, interval } of judged) {
      const alike = folder.manifest.runs.flatMap((run, i) =>
        run.words.policy === words.policy && run.words.guests === words.guests ? [i] : [],
      );
      const values = alike.map((i) => folder.result(i)!.total.throughput.value!);
      expect(interval).toEqual({ ...predictionInterval(values, 1 - 0.05 / 12), seeds: 3 });
    }
  });

  test('one that it could not is different', async () => {
    const { code, out } = await verify([pack, '--runs', '12'], otherCode('1.3.0', 100));
    expect(code).toBe(1);
    expect(out).toContain('different: outside the interval');
    expect(out).toContain('different: 6 identical, 6 different of 12\n');
  });

  test('another figure can be compared', async () => {
    const { code, out } = await verify([pack, '--runs', '12', '--metric', 'elapsedNs'], otherCode('1.3.0', 100));
    expect(code).toBe(0); // a hundred times the work in the same time: this figure is what it was
    expect(out).toContain('within the interval: 6 identical, 6 within the interval of 12\n');
  });

  test('where a policy is gone the run cannot be made, which is told', async () => {
    const without = lab('1.3.0');
    const { code, out } = await verify([pack, '--runs', '12'], {
      ...without,
      policies: without.policies.filter(({ name }) => name !== 'kvm-unpinned'),
    });
    expect(code).toBe(1);
    expect(out).toMatch(/different: cannot be run here: .*kvm-unpinned/);
  });

  test('two seeds are too few for an interval', async () => {
    const gone = folder.manifest.runs.filter(({ words }) => words.seed === '3').map(({ id }) => `/runs/${id}.json`);
    const members = membersOf(readFileSync(pack)).filter(({ name }) => !gone.some((end) => name.endsWith(end)));
    const few = join(path, 'few.tar.gz');
    writeFileSync(few, archiveOf(withSums(members)));
    const { code, out } = await verify([few], otherCode('1.3.0', 1.001));
    expect(code).toBe(1);
    expect(out).toContain('8 results of 12 runs');
    expect(out).toContain('no interval: the study has 2 seeds of these words, want 3');
  });
});

describe('the sample', () => {
  test('is drawn by its seed, without putting back, in order', () => {
    const indices = Array.from({ length: 100 }, (_, i) => 3 * i);
    const drawn = sampleOf(indices, 10, '1');
    expect(new Set(drawn).size).toBe(10);
    expect(drawn).toEqual([...drawn].sort((a, b) => a - b));
    expect(drawn.every((index) => indices.includes(index))).toBe(true);
    expect(sampleOf(indices, 10, '1')).toEqual(drawn);
    expect(sampleOf(indices, 10, '2')).not.toEqual(drawn);
  });

  test('draws each alike: 200 seeds of 10 of 20 leave none out in less than 60 or more than 140', () => {
    const times = new Array<number>(20).fill(0);
    for (let seed = 0; seed < 200; seed++) for (const index of sampleOf([...times.keys()], 10, String(seed))) times[index]!++;
    expect(Math.min(...times)).toBeGreaterThan(60); // 100 +- 5.7 standard deviations of 7.07
    expect(Math.max(...times)).toBeLessThan(140);
  });
});

test('the interval of 1, 2 and 6 is 3 +- 4.3027 * sqrt(7) * sqrt(4/3)', () => {
  // mean 3; squares of differences 4 + 1 + 9 = 14, over 2 is 7; t of 2 degrees at 97.5 % is 4.30265
  const { low, high, seeds, level } = predictionInterval([1, 2, 6], 0.95);
  expect([low, high].map((value) => Number(value.toFixed(3)))).toEqual([-10.145, 16.145]);
  expect([seeds, level]).toEqual([3, 0.95]);
});

test('the interval holds one more draw of the same law in 95 % of 4,000 tries', () => {
  let state = 20261126;
  const uniform = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 + 2 ** -33;
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  let inside = 0;
  for (let i = 0; i < 4_000; i++) {
    const { low, high } = predictionInterval([normal(), normal(), normal(), normal()], 0.95);
    const value = normal();
    if (value >= low && value <= high) inside++;
  }
  expect(inside / 4_000).toBeGreaterThan(0.938); // 0.95 +- 3.5 * sqrt(0.95 * 0.05 / 4000)
  expect(inside / 4_000).toBeLessThan(0.962);
});

test('docs/pack.md says how wide the interval of three and of ten seeds is, by the standard deviation', () => {
  const reach = (count: number): number => {
    const values = Array.from({ length: count }, (_, i) => i);
    const { low, high } = predictionInterval(values, 1 - 0.05 / 10);
    return (high - low) / 2 / sampleStandardDeviation(values);
  };
  const page = readFileSync(new URL('../../../docs/pack.md', import.meta.url), 'utf8');
  expect(page).toContain(`it reaches ${reach(3).toFixed(0)} standard deviations to either side, of ten ${reach(10).toFixed(1)}.`);
});
