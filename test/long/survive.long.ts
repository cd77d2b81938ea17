import { type ChildProcess, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { poolOf } from '../../experiments/runs/pool.ts';
import { runAll } from '../../experiments/sweep/local-engine.ts';
import { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { namedStream } from '../../sim/random.ts';
import { tally } from '../tally.ts';
import { contentOf, type Ended, MAIN, program } from './program.ts';

/** `npm run test:long` builds first: all of this is the program as it is installed, in processes that are really killed. */
const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'numalab-survive-'));
afterAll(() => rmSync(base, { recursive: true }));

const plan = join(base, 'plan.yaml');
writeFileSync(
  plan,
  `machine: lopsided
workload: lmbench-rd
memory: 256MiB
duration: 10ms
grid: { policy: [apart, kvm-unpinned], guests: [1, 2, 3], seed: [1, 2, 3, 4, 5, 6, 7] }
`,
);

const RUNS = 42;
/** What a sweep leaves that nothing has disturbed. */
let sound: Record<string, string> = {};
let soundMs = 0;
const counts = {
  'kill points tried': 0,
  'runs lost': 0,
  'runs duplicated': 0,
  'damaged files believed': 0,
  'sweeps finished after kills': 0,
};

beforeAll(async () => {
  const startMs = performance.now();
  const { code, err } = await program('sweep', 'run', plan, '--out', join(base, 'sound'), '--workers', '1').ended;
  soundMs = performance.now() - startMs;
  expect(code, err).toBe(0);
  sound = leftIn(join(base, 'sound'));
  expect(Object.keys(sound).filter((name) => name.startsWith('runs/'))).toHaveLength(RUNS);
});

describe('a sweep that is killed at any point and started again', () => {
  const KILLS = 110;
  const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGKILL: 137 } as const;

  test(`loses nothing and does nothing twice, over ${KILLS} kills; in the end it is the same to the byte`, async () => {
    const seed = String(randomInt(2 ** 31));
    const random = namedStream(seed, 'survive', 0, 'kills');
    let sweep = newSweep();
    const phases = { before: 0, between: 0, after: 0 }; // all the results it was to write
    while (counts['kill points tried'] < KILLS) {
      const signal = (['SIGINT', 'SIGTERM', 'SIGKILL'] as const)[Math.floor(random() * 3)]!;
      const workers = random() < 0.25 ? '2' : '1';
      const before = resultsIn(sweep);
      const left = RUNS - Object.keys(before).length;
      // At a random time, or a moment after a random one of its results: on a busy machine times would all lie before the first.
      const untilResults = random() < 0.3 ? null : RUNS - Math.floor(random() * (left + 1));
      const afterMs = random() * (untilResults === null ? soundMs : 5);
      const moment = `${afterMs.toFixed(0)} ms${untilResults === null ? '' : ` after result ${untilResults}`}`;
      const where = `seed ${seed}, kill ${counts['kill points tried'] + 1}, ${signal} at ${moment}, ${workers} workers`;
      const run = program('sweep', 'run', plan, '--out', sweep, '--workers', workers);
      const reached = untilResults === null ? Promise.resolve() : resultsReached(sweep, untilResults, run.child);
      await Promise.race([reached.then(() => later(afterMs)), run.ended]);
      const wasKilled = run.child.exitCode === null && run.child.kill(signal);
      const ended = await run.ended;
      const after = resultsIn(sweep);

      const lost = Object.keys(before).filter((name) => after[name] === undefined);
      counts['runs lost'] += lost.length;
      const wrong = Object.keys(after).filter((name) => after[name] !== sound[`runs/${name}`]);
      counts['damaged files believed'] += wrong.length;
      expect({ lost, wrong }, where).toEqual({ lost: [], wrong: [] });
      expect([0, SIGNALS[signal]], `${where}: ${ended.err}`).toContain(codeOf(ended));

      if (wasKilled && codeOf(ended) === SIGNALS[signal]) {
        counts['kill points tried']++;
        const [had, has] = [Object.keys(before).length, Object.keys(after).length];
        phases[has === had ? 'before' : has < RUNS ? 'between' : 'after']++;
      }
      if (codeOf(ended) === 0) {
        expectSound(sweep, where);
        sweep = newSweep();
      }
    }
    const { code, err } = await program('sweep', 'run', plan, '--out', sweep, '--workers', '2').ended;
    expect(code, err).toBe(0);
    expectSound(sweep, `seed ${seed}, the last`);
    expect(phases.before, `seed ${seed}`).toBeGreaterThan(KILLS / 20);
    expect(phases.between, `seed ${seed}`).toBeGreaterThan(KILLS / 20);
  });

  afterAll(() => tally('processes', counts));

  let sweeps = 0;
  function newSweep(): string {
    return join(base, `killed-${sweeps++}`);
  }

  function expectSound(sweep: string, where: string): void {
    const content = leftIn(sweep);
    counts['runs duplicated'] += Math.max(0, Object.keys(content).length - Object.keys(sound).length);
    expect(Object.keys(content), where).toEqual(Object.keys(sound)); // no run twice, no temporary file left
    expect(content, where).toEqual(sound);
    counts['sweeps finished after kills']++;
  }
});

test('of two sweeps on one folder the second ends with 4 and names the first; killed, the first leaves it free at once', async () => {
  const sweep = join(base, 'two');
  const long = join(base, 'long.yaml');
  writeFileSync(long, 'machine: lopsided\nworkload: lmbench-rd\nmemory: 256MiB\nduration: 20min\ngrid: { seed: [1, 2] }\n');
  const first = program('sweep', 'run', long, '--out', sweep, '--workers', '1');
  await first.said('2 to do');
  const second = await program('sweep', 'run', long, '--out', sweep).ended;
  expect([second.code, second.out, second.err]).toEqual([4, '', `${sweep}: in use by process ${first.child.pid}\n`]);
  first.child.kill('SIGKILL');
  await first.ended;
  const third = program('sweep', 'run', long, '--out', sweep, '--workers', '1');
  await third.said('2 to do');
  third.child.kill('SIGTERM');
  expect(codeOf(await third.ended)).toBe(143);
});

test('two processes that execute the same run at once both end with 0, and there is one sound result', async () => {
  const sweep = join(base, 'same');
  expect((await program('sweep', 'plan', plan, '--out', sweep).ended).code).toBe(0);
  const both = await Promise.all([0, 1].map(() => program('sweep', 'exec', sweep, '--indices', '17-19').ended));
  expect(both.map(({ code, err }) => [code, err])).toEqual([
    [0, ''],
    [0, ''],
  ]);
  const results = resultsIn(sweep);
  expect(Object.keys(results)).toHaveLength(3);
  for (const [name, bytes] of Object.entries(results)) expect(bytes).toBe(sound[`runs/${name}`]);
  expect(readdirSync(join(sweep, 'runs'))).toHaveLength(3); // nothing beside them
});

test('results that are torn, flipped and gone are found and done again, and only they', async () => {
  const sweep = join(base, 'torn');
  expect((await program('sweep', 'run', plan, '--out', sweep).ended).code).toBe(0);
  const names = Object.keys(resultsIn(sweep));
  const fileOf = (at: number): string => join(sweep, 'runs', names[at]!);
  writeFileSync(fileOf(3), readFileSync(fileOf(3)).subarray(0, 1_000));
  const bytes = readFileSync(fileOf(30));
  bytes[500]! ^= 4;
  writeFileSync(fileOf(30), bytes);
  rmSync(fileOf(41));
  const status = await program('sweep', 'status', sweep).ended;
  expect(status.out).toMatch(/^42 runs: 39 done, 1 missing, 2 damaged\n/);
  const again = await program('sweep', 'run', sweep).ended;
  expect([again.code, again.err]).toEqual([0, expect.stringContaining('; 3 to do\n')]);
  const aside = [3, 30].map((at) => `runs/${names[at]}.damaged`);
  const { [aside[0]!]: first, [aside[1]!]: second, ...rest } = leftIn(sweep);
  expect([first?.length, second?.length]).toEqual([1_000, bytes.length]);
  expect(rest).toEqual(sound);
});

test('a manifest that is torn is refused with 3, and written anew by the plan, with the results kept', async () => {
  const sweep = join(base, 'manifest');
  expect((await program('sweep', 'run', plan, '--out', sweep).ended).code).toBe(0);
  writeFileSync(join(sweep, 'manifest.json'), readFileSync(join(sweep, 'manifest.json')).subarray(0, 2_000));
  for (const argv of [['status'], ['run'], ['exec', '--index', '1']]) {
    const { code, err } = await program('sweep', argv[0]!, sweep, ...argv.slice(1)).ended;
    expect([code, err.split('\n').length]).toEqual([3, 2]);
    expect(err).toMatch(/manifest\.json: is damaged; plan the sweep again, its results are kept/);
  }
  const again = await program('sweep', 'run', plan, '--out', sweep).ended;
  expect([again.code, again.err]).toEqual([0, expect.stringContaining('; 0 to do\n')]);
  expect(leftIn(sweep)).toEqual(sound);
});

test('a thread that dies takes its own runs along, twice tried; the next sweep does them and no others', async () => {
  const sweep = join(base, 'mortal');
  expect((await program('sweep', 'plan', plan, '--out', sweep).ended).code).toBe(0);
  const module = join(base, 'mortal.mjs');
  const worker = new URL('../../dist/experiments/runs/pool-worker.js', import.meta.url).href;
  writeFileSync(
    module,
    `import { execute as sound } from ${JSON.stringify(worker)};
    export async function execute(order) {
      if (order.words.seed === '7' && order.words.guests === '2') process.exit(9); // ends the thread
      return sound(order);
    }`,
  );
  const folder = SweepFolder.open(sweep);
  const { version } = folder.manifest;
  const pool = poolOf(module, { version, workers: 2 });
  const failed: number[] = [];
  const outcome = await runAll(
    {
      folder,
      missing: [...folder.manifest.runs.keys()],
      version,
      isIsolated: false,
      flags: {},
      switches: new Set(),
      stop: new AbortController().signal,
      done: () => {},
      failed: (index) => failed.push(index),
      log: () => {},
      say: () => {},
    },
    pool,
    4,
  );
  await pool.close();
  const mortal = folder.manifest.runs.flatMap(({ words }, index) => (words.seed === '7' && words.guests === '2' ? [index] : []));
  expect([outcome, failed.sort((a, b) => a - b), mortal.length]).toEqual(['tried', mortal, 2]);
  const again = await program('sweep', 'run', sweep).ended;
  expect([again.code, again.err]).toEqual([0, expect.stringContaining('; 2 to do\n')]);
  expect(leftIn(sweep)).toEqual(sound);
});

describe('whoever reads along,', () => {
  test('a reader that leaves does not stop a sweep', () => {
    const sweep = join(base, 'left');
    const command = `'${process.execPath}' '${MAIN}' sweep run '${plan}' --out '${sweep}' 2>/dev/null`;
    const { stdout } = spawnSync('sh', ['-c', `exec 3>&1; { ${command}; echo "left: $?" >&3; } | true`], { encoding: 'utf8' });
    expect(stdout).toBe('left: 0\n');
    expect(leftIn(sweep)).toEqual(sound);
  });

  test.skipIf(!existsSync('/dev/full'))('an output that is full is told with 3, and all results are kept', () => {
    const sweep = join(base, 'full-output');
    const { status, stderr } = spawnSync('sh', ['-c', `'${process.execPath}' '${MAIN}' sweep run '${plan}' --out '${sweep}' >/dev/full`], {
      encoding: 'utf8',
    });
    expect([status, stderr.split('\n').at(-2)]).toEqual([3, 'standard output: ENOSPC']);
    expect(leftIn(sweep)).toEqual(sound);
  });
});

test('a full disk ends a sweep with 3 and what is finished kept; with room made, the same command does the rest', async ({ skip }) => {
  const disk = join(base, 'disk');
  mkdirSync(disk);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk], { encoding: 'utf8' });
  if (mounted.error || mounted.status !== 0) skip(`no small disk can be mounted here: ${mounted.stderr ?? mounted.error?.message}`);
  try {
    const sweep = join(disk, 'sweep');
    const argv = ['sweep', 'run', plan, '--out', sweep, '--workers', '2'];
    const full = await program(...argv).ended;
    const kept = Object.entries(resultsIn(sweep));
    expect(kept.length).toBeGreaterThan(10);
    expect(kept.length).toBeLessThan(RUNS);
    for (const [name, bytes] of kept) expect(bytes).toBe(sound[`runs/${name}`]);
    expect(full.code, full.err).toBe(3);
    expect(full.err).toContain(`\n${kept.length} of ${RUNS} runs are kept; once the disk is well: numalab sweep run ${sweep}\n`);
    expect(full.err).toMatch(/runs\/[0-9a-f]{64}\.json: ENOSPC \(no space left on device\), the result is not written\n$/);
    expect(spawnSync('mount', ['-o', 'remount,size=4m', disk]).status).toBe(0);
    const again = await program(...argv).ended;
    expect([again.code, again.err]).toEqual([0, expect.stringContaining(`; ${RUNS - kept.length} to do\n`)]);
    expect(leftIn(sweep)).toEqual(sound);
  } finally {
    spawnSync('umount', [disk]);
  }
});

/** All a sweep left; of the manifest without the commit of the checkout, which may change while this runs. */
function leftIn(sweep: string): Record<string, string> {
  const content = contentOf(sweep);
  const manifest = JSON.parse(content['manifest.json']!) as object;
  return { ...content, 'manifest.json': JSON.stringify({ ...manifest, commit: null, sha256: null }) };
}

function resultsIn(sweep: string): Record<string, string> {
  const folder = join(sweep, 'runs');
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
}

/** Resolves when a sweep has so many results, or its process has ended. */
async function resultsReached(sweep: string, count: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    if (existsSync(join(sweep, 'runs')) && readdirSync(join(sweep, 'runs')).filter((name) => name.endsWith('.json')).length >= count)
      return;
    await later(3);
  }
}

/** As a shell reports it. */
function codeOf({ code, signal }: Ended): number | null {
  return signal === null ? code : { SIGINT: 130, SIGTERM: 143, SIGKILL: 137 }[signal as 'SIGINT'];
}
