import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { inProcess } from '../../experiments/runs/in-process.ts';
import type { Engine } from '../../experiments/runs/execute.ts';
import type { Comparison } from '../../experiments/compare/comparison.ts';
import type { RunResult } from '../../experiments/run-result.ts';
import { drift, pinned, registries } from '../experiments/scenario-fixtures.ts';
import { recordingOf } from '../experiments/recording-fixture.ts';
import { session } from './session.ts';

const folder = mkdtempSync(join(tmpdir(), 'numalab-compare-'));
afterAll(() => rmSync(folder, { recursive: true }));

const BASE = 'compare --policy drift --policy pinned --seeds 3';
type Json = Comparison & {
  command: string;
  examples: RunResult[];
  others: Comparison[];
  until: object | null;
  family: object;
};
const json = async (line: string): Promise<Json> => JSON.parse((await session(`${line} --json`.split(' '))).out) as Json;

describe('a policy compared with itself under another name', () => {
  const alias = { ...drift, name: 'drift-again' };
  const own = { policies: [drift, alias, pinned] };

  test('differs by exactly nothing, and is said to', async () => {
    const { out } = await session('compare --policy drift --policy drift-again --seeds 4'.split(' '), own);
    expect(out).toMatch(/^drift-again +2\.5 ± 2\.1 +0 ± 0 +0 ± 0 +1\.0 +no difference shown$/m);
    expect(out).toContain('no difference shown at this precision: drift-again (± 0 %)');
    const { policies } = JSON.parse(
      (await session('compare --policy drift --policy drift-again --seeds 4 --json'.split(' '), own)).out,
    ) as Json;
    expect(policies[1]).toMatchObject({
      verdict: 'no difference shown',
      isTooSmall: false,
      precision: 0,
      difference: { mean: 0, low: 0, high: 0, relative: { mean: 0, low: 0, high: 0 }, pValue: 1, method: 't' },
      effect: { cohenDz: null, hedgesG: null, superiority: 0.5, cliffsDelta: 0 },
      causes: [],
    });
  });
});

test('a difference that is sure but below a ten-thousandth is too small to matter, which is not the same as none shown', async () => {
  // The engine's work is what it is told: 1e6 + seed; drift-again does 2 more, 0.0002 % of it.
  const alias = { ...drift, name: 'drift-again' };
  const own = { policies: [drift, alias, pinned], run: (scenario: Parameters<Engine['run']>[0]) => recordingOf(scenario, 1e6 + Number(scenario.seed) + (scenario.policy.name === 'drift-again' ? 2 : 0)) }; // prettier-ignore
  const line = 'compare --policy drift --policy drift-again --seeds 4';
  const { out } = await session(line.split(' '), own);
  expect(out).toMatch(/^drift-again .* too small to matter \(< 0\.01 %\)$/m);
  expect(out).not.toContain('no difference shown');
  const { policies } = JSON.parse((await session([...line.split(' '), '--json'], own)).out) as Json;
  expect(policies.map(({ verdict, isTooSmall }) => [verdict, isTooSmall])).toEqual([['baseline', false], ['no difference shown', true]]); // prettier-ignore
});

describe('what a run told that ended well', () => {
  const idle = 'guest vm1 had not got beyond its setting up when the run ended';
  const told = (
    policy: string,
    seeds: readonly string[],
  ): { run: (scenario: Parameters<Engine['run']>[0]) => ReturnType<typeof recordingOf> } => ({
    run: (scenario) => {
      const isTold = scenario.policy.name === policy && seeds.includes(scenario.seed);
      const work = Number(scenario.seed) ** (scenario.policy.name === 'pinned' ? 2 : 1); // so that no interval is narrow
      return { ...recordingOf(scenario, work), message: isTold ? idle : null };
    },
  });

  test('is a note, once', async () => {
    const { err, code } = await session(BASE.split(' '), told('pinned', ['2', '3']));
    expect([code, err]).toEqual([0, `note: ${idle} (pinned, seed 2; 2 of 6 runs told such a thing)\n`]);
    expect((await session(BASE.split(' '), told('drift', ['3']))).err).toBe(`note: ${idle} (drift, seed 3)\n`);
    expect((await session(BASE.split(' '))).err).toBe('');
  });

  test('is one also where more seeds are added, and beside JSON', async () => {
    const line = 'compare --policy drift --policy pinned --seeds 40 --until half-width=0.001% --json';
    const { err } = await session(line.split(' '), told('pinned', ['1', '39']));
    expect(err).toBe(`note: ${idle} (pinned, seed 1; 2 of 80 runs told such a thing)\n`);
  });
});

describe('the warm-up', () => {
  test('is looked for in runs of a stated duration, and the runs are looked at for it', async () => {
    const { ran, out } = await session(BASE.split(' '));
    expect(ran.map(({ timelinePoints }) => timelinePoints)).toEqual([400, 400, 400, 400, 400, 400]);
    expect(out).toContain('\nwarm-up: nothing to cut (MSER-5)\n');
    expect((await json(BASE)).warmUp).toMatchObject({ rule: 'mser-5', cutNs: 0, settles: true });
  });

  test('is cut as asked: of steady work that changes nothing', async () => {
    expect((await session(`${BASE} --warm-up 500ms`.split(' '))).out).toContain('\nwarm-up: 500 ms cut off every run, as asked\n');
    const { warmUp, policies } = await json(`${BASE} --warm-up 500ms`);
    expect(warmUp).toMatchObject({ rule: 'stated', cutNs: 500e6 });
    expect(policies.map(({ mean }) => mean.mean)).toEqual([expect.closeTo(2, 9), expect.closeTo(3, 9)]);
  });

  test('is left where none is wanted, and where work ends by itself', async () => {
    const none = await session(`${BASE} --warm-up none`.split(' '));
    expect(none.ran[0]!.timelinePoints).toBeUndefined();
    expect(none.out).not.toContain('warm-up');
    expect(none.out).not.toContain('different units');
    const ending = await session(`${BASE} --workload compile`.split(' '));
    expect(ending.ran[0]!.timelinePoints).toBeUndefined();
    expect(ending.out).not.toContain('warm-up');
  });

  test('asked for as a time is said to be left where the runs end by themselves', async () => {
    const line = `${BASE} --workload compile --warm-up 500ms`;
    expect((await session(line.split(' '))).out).toContain(
      '\nwarm-up: 500 ms not cut as asked, as the runs end by themselves: all of them counts\n',
    );
    expect((await json(line)).warmUp).toMatchObject({ rule: 'none', cutNs: 0, askedNs: 500e6 });
  });

  test('is not cut off work that ends by itself in a run with a duration: what it did early is still there', async () => {
    const file = join(folder, 'mixed.yaml');
    const guest = (workload: string): string => `  - { count: 1, memory: 256MiB, workload: '${workload}' }\n`;
    writeFileSync(
      file,
      `duration: 100ms\nboot: 0\nmachine: lopsided\nguests:\n${guest('lmbench-rd:size=8MiB')}${guest('hackbench:groups=1,loops=5')}`,
    );
    const line = `compare --policy pin --policy kvm-unpinned --scenario ${file} --seeds 2`;
    const { openPool: _, ...real } = lab('1.2.3');
    const told = async (warmUp: string) =>
      JSON.parse((await session([...line.split(' '), '--json', '--warm-up', warmUp], real)).out) as Json;
    const [none, cut] = [await told('none'), await told('50ms')];
    expect(none.others[0]!.policies[0]!.mean.mean).toBeGreaterThan(0); // hackbench is over long before 50 ms
    expect(cut.others[0]!.policies.map(({ mean }) => mean)).toEqual(none.others[0]!.policies.map(({ mean }) => mean));
    expect(cut.others[0]!.warmUp).toMatchObject({ cutNs: 0, why: 'work ends by itself' });
    expect(cut.warmUp).toMatchObject({ cutNs: 50e6, why: null });
    const { out } = await session([...line.split(' '), '--warm-up', '50ms'], real);
    expect(out).toContain('\nwarm-up: not cut, as this work ends by itself: all that was measured of it counts\n');
    expect(out).not.toContain('got nothing done');
    const [gbps, loops] = [cut.metric.unit, cut.others[0]!.metric.unit];
    expect(out).toMatch(
      new RegExp(
        `\n\nguests that count in different units \\(${gbps}, ${loops}\\) are compared apart: each unit is a family of its own \\(Holm\\)\n$`,
      ),
    );
  });

  test('longer than what is measured is refused with how much that is, without the setting up', async () => {
    const { openPool: _, ...real } = lab('1.2.3');
    const line =
      'compare --policy pin --policy apart --machine lopsided --memory 64MiB --guests 1 --boot 0 --seeds 2 --duration 100ms --warm-up 99ms';
    const { code, err } = await session(line.split(' '), real);
    const [, measuredMs] = /^--warm-up = 99ms: leaves nothing of seed 1, of which (\d+)ms were measured; want less/.exec(err)!;
    expect([code, Number(measuredMs) > 10, Number(measuredMs) < 99]).toEqual([2, true, true]);
  });

  test('that leaves nothing of what was done is named as the reason', async () => {
    // A guest that does all of its work in the first quarter of what is measured.
    const early = {
      run: (scenario: Parameters<Engine['run']>[0]) => {
        const recording = recordingOf(scenario, 8);
        const guests = recording.timeline!.guests.map((guest) => ({
          ...guest,
          work: recording.timeline!.timesNs.map((ns) => Math.min(16, (16 * Math.max(0, ns - 1e9)) / 0.5e9)),
        }));
        return { ...recording, timeline: { ...recording.timeline!, guests } };
      },
    };
    const { out } = await session(`${BASE} --guests 1 --warm-up 600ms`.split(' '), early);
    expect(out).toContain('\ndrift and pinned got nothing done in what the cut of 600 ms left, so no work can be compared; --warm-up none');
  });

  test.each([
    ['never', '--warm-up = never, want mser, none, or a time such as 500ms'],
    ['2s', '--warm-up = 2s: leaves nothing of seed 1, of which 2s were measured; want less, or a longer --duration'],
  ])('%s is refused', async (text, wanted) => {
    const { code, err } = await session([...BASE.split(' '), '--warm-up', text]);
    expect(code).toBe(2);
    expect(err).toContain(wanted);
  });
});

describe('--until', () => {
  test('says how many seeds it took, or that the most allowed were not enough', async () => {
    // Seeds are what a run does: pinned is always 1 more, so all is certain from the start.
    const line = 'compare --policy drift --policy pinned --until half-width=1%';
    expect((await session(line.split(' '))).out).toContain('\nhalf-width=1% reached with 10 seeds\n');
    expect((await json(line)).until).toEqual({ wanted: 'half-width=1%', isReached: true, seeds: 10, mostSeeds: 200 });
    const swinging = {
      run: (scenario: Parameters<Engine['run']>[0]) => recordingOf(scenario, scenario.policy.name === 'pinned' ? Number(scenario.seed) : 8),
    };
    const { out } = await session(`${line} --seeds 17`.split(' '), swinging);
    expect(out).toContain('\nhalf-width=1% not reached with 17 seeds, the most allowed (--seeds)\n');
    expect(out).toMatch(/^no difference shown at this precision: pinned \(± \d+ %\)$/m);
  });

  test('is refused when it is no precision', async () => {
    const { code, err } = await session('compare --policy drift --policy pinned --until p=0.05'.split(' '));
    expect([code, err]).toEqual([2, expect.stringContaining('--until = p=0.05, want half-width=2%')]);
  });
});

test('--quantiles adds quantiles over the seeds and effect sizes', async () => {
  const { out } = await session('compare --policy drift --policy pinned --seeds 10 --quantiles'.split(' '));
  // 1 to 10: the median 5.5 between the 2nd and the 9th. Pinned is 1 more for every seed; of the 100 pairs it is more in 55 and less in 36.
  expect(out).toMatch(/^drift +1\.90 \(\? to 4\.00\) +5\.50 \(2\.00 to 9\.00\) +9\.10 \(7\.00 to \?\) +- +- +-$/m);
  expect(out).toMatch(/^pinned \(oracle\) +2\.90 \(\? to 5\.00\) +6\.50 \(3\.00 to 10\.0\) +10\.1 \(8\.00 to \?\) +1\.0 +0\.19 +-$/m);
});

test('with several policies the family is told; with several cases that each has its own', async () => {
  const three = 'compare --policy drift --policy pinned --policy drift:stay=3ms --seeds 3';
  expect((await session(three.split(' '))).out).toContain(
    '; differences paired by seed; the 2 verdicts hold together (Holm), each interval is as wide as the level its policy is tested at\n',
  );
  expect((await session(BASE.split(' '))).out).toContain('; differences paired by seed\n');
  expect((await json(three)).family).toEqual({ correction: 'Holm', size: 2, cases: 1, spansCases: false });
  const { out } = await session(`${three} --over guests=1,2`.split(' '));
  expect(out).toContain('each of the 2 cases is a family of its own: over all of them more than 5.00 % may go wrong');
});

test('--out keeps the whole with a run of each policy as it went on, under the command that asked for it', async () => {
  const file = join(folder, 'out.json');
  const { code, out } = await session(`${BASE} --out ${file} --warm-up none`.split(' '));
  expect(code).toBe(0);
  expect(out).toMatch(/^pinned \(oracle\)/m); // the text is there as ever
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Json;
  expect(kept.command).toBe(`numalab compare --policy drift --policy pinned --seeds 3 --warm-up none --out ${file}`);
  expect(kept.examples.map(({ policy, seed }) => [policy, seed])).toEqual([['drift', '1'], ['pinned', '1']]); // prettier-ignore
  expect(kept.examples.every(({ timeline }) => timeline!.timesNs.length > 200)).toBe(true);
  const { examples: _, ...rest } = kept;
  expect(await json(`${BASE} --warm-up none`)).toEqual({
    ...rest,
    command: 'numalab compare --policy drift --policy pinned --seeds 3 --warm-up none --json',
  });
});

describe('--html', () => {
  const at = (name: string): string => join(folder, name);
  const { openPool: _, ...real } = lab('1.2.3');
  const line = 'compare --policy pin --policy apart --seeds 2 --duration 20ms --boot 0 --machine lopsided';

  test('writes the page that numalab report makes of the JSON of --out', async () => {
    const { code, out, err } = await session(`${line} --out ${at('both.json')} --html ${at('page.html')}`.split(' '), real);
    expect([code, err]).toEqual([0, expect.stringMatching(/^note: .* beyond its setting up .* 4 of 4 runs .*\npage written to \S*page\.html: open it in a browser\n$/)]); // prettier-ignore
    expect(out).toMatch(/^pin .* baseline$/m);
    const written = readFileSync(at('page.html'), 'utf8');
    expect(written).toContain('<section id="comparisons"');
    expect(written).toContain('<section id="timeline"'); // of the examples, which --json leaves out
    await session(['report', at('both.json'), '--out', at('again/page.html')], real);
    expect(readFileSync(at('again/page.html'), 'utf8')).toBe(written);
  });

  test('needs no --out, and has all cases of --over; --json says the same as without', async () => {
    const cases = `${line} --over guests=1,3 --json`;
    const { out } = await session(`${cases} --html ${at('alone.html')}`.split(' '), real);
    const page = readFileSync(at('alone.html'), 'utf8');
    expect(page).toContain('numalab report compare.json --out alone.html');
    for (const label of ['guests = 1', 'guests = 3']) expect(page).toContain(label);
    expect(out.replaceAll(` --html ${at('alone.html')}`, '')).toBe((await session(cases.split(' '), real)).out);
  });

  test('where no file can be is refused before anything runs', async () => {
    const { code, err, ran } = await session(`${BASE} --html ${folder}`.split(' '));
    expect([code, ran]).toEqual([2, []]);
    expect(err).toContain(`--html = ${folder}: is a folder, want a file`);
  });
});

test('--sensitivity reruns all with each assumed figure a fifth less and more, and says what turns', async () => {
  const { out, ran } = await session('compare --policy drift --policy pinned --seeds 2 --sensitivity --warm-up none'.split(' '));
  const [, figures] = /no verdict turns with any of (\d+) figures/.exec(out)!; // the engine of the tests knows none
  expect(Number(figures)).toBeGreaterThan(15);
  expect(ran).toHaveLength(4 + Number(figures) * 2 * 4);
  expect(new Set(ran.map(({ costs }) => costs.exitNs))).toEqual(new Set([1200, 960, 1440]));
});

describe('--workers', () => {
  test.each(['0', '1.5', 'many'])('%s is refused', async (text) => {
    expect((await session([...BASE.split(' '), '--workers', text])).err).toContain(`--workers = ${text}, want a whole number`);
  });

  test('says how many runs are at work at a time, and is not asked for threads when it is one', async () => {
    const asked: number[] = [];
    const engine: Engine = { ...registries, version: '1.2.3', run: (scenario) => recordingOf(scenario, Number(scenario.seed)) };
    const own = { cpus: 3, openPool: (words: { workers: number; isIsolated: boolean; log(text: string): void }) => (asked.push(words.workers), Promise.resolve(inProcess(engine, words))) }; // prettier-ignore
    for (const workers of ['', ' --workers 2', ' --workers 1']) await session(`${BASE}${workers}`.split(' '), own);
    expect(asked).toEqual([3, 2]);
  });

  test('on the real engine, and on two threads: the same to the byte', async () => {
    const real = lab('1.2.3');
    const line =
      'compare --policy kvm-unpinned --policy kvm-numactl --machine lopsided --workload lmbench-rd:size=8MiB --guests 3 --memory 256MiB --duration 40ms --seeds 3 --json';
    const [one, two] = [await session(`${line} --workers 1`.split(' '), real), await session(`${line} --workers 2`.split(' '), real)];
    expect([one.code, one.err]).toEqual([0, '']);
    expect((JSON.parse(one.out) as Json).policies).toHaveLength(2);
    expect(two.out).toBe(one.out);
  });
});
