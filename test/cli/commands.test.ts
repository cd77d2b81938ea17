import { describe, expect, test } from 'vitest';
import { recordingOf } from '../experiments/recording-fixture.ts';
import { session } from './session.ts';

const run = (line: string): ReturnType<typeof session> => session(line.split(' '));

describe('run', () => {
  test('--json prints the result and nothing else', async () => {
    const { code, out, err } = await run('run --policy drift:stay=3ms --guests 2 --seed 007 --json');
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({
      schemaVersion: 1,
      version: '1.2.3',
      seed: '7',
      policy: 'drift:stay=3ms',
      total: { throughput: { value: 7 } },
    });
  });

  test('tells each of a few guests, the total and where the time went', async () => {
    const { out } = await run('run --guests 2 --memory 64MiB --seed 9 --policy pinned');
    expect(out).toContain('stare under pinned (oracle: knows what no kernel could) on lopsided, seed 9');
    expect(out).toMatch(/^vm1 +5\.000 +stares\/s +2 s +37\.5 % +10 +11 +12 +13 +14 +15 us +ok$/m);
    expect(out).toMatch(/^total +10\.00 +stares\/s/m);
    expect(out).toMatch(/^latencyNs: 3\.000 \(mean of 2\)$/m);
    expect(out).toMatch(/^ {2}compute +60\.0 % {2}#{24}\n {2}distance +40\.0 % {2}#{16}$/m);
  });

  test('tells many guests by the least, the median and the most', async () => {
    const { out } = await run('run --guests 17 --memory 64MiB');
    expect(out).toMatch(/^least \(vm1\)/m);
    expect(out).not.toMatch(/^vm/m);
  });

  test('a run that did not end well is told, with exit code 1', async () => {
    const { code, out } = await session(['run'], {
      run: (scenario) => ({ ...recordingOf(scenario, 1), status: 'out-of-memory', message: 'node 2 is full\u001b[2J' }),
    });
    expect(code).toBe(1);
    expect(out).toContain('\nout-of-memory: node 2 is full[2J, 3 s simulated');
  });
});

describe('compare', () => {
  test('runs each policy with the same seeds, from --seed on, and gives the difference to the first', async () => {
    const { code, out, ran } = await run('compare --policy drift --policy pinned --seed 40 --seeds 3 --json');
    expect(code).toBe(0);
    expect(ran.map(({ policy, seed }) => `${policy.name} ${seed}`)).toEqual([
      'drift 40', 'pinned 40', 'drift 41', 'pinned 41', 'drift 42', 'pinned 42',
    ]); // prettier-ignore
    const { policies, seeds, metric } = JSON.parse(out);
    expect([seeds, metric.name]).toEqual([['40', '41', '42'], 'throughput']);
    expect(policies.map((policy: { mean: { mean: number } }) => policy.mean.mean)).toEqual([41, 42]);
    expect(policies[1]).toMatchObject({ policy: 'pinned', oracle: true, verdict: 'better', difference: { mean: 1 } });
  });

  test('prints a line for each policy with the verdict', async () => {
    const { out } = await run('compare --policy drift --policy pinned --seed 40 --seeds 3');
    expect(out).toMatch(/^drift +41\.0 ± 2\.5 +- +- +- +baseline$/m); // 40, 41, 42: t(0.975, 2) = 4.303, times 1 / sqrt 3
    // Fieller: 1 / (41 ± t(2) / sqrt 3), as the 41 are known to ± 2.48
    expect(out).toMatch(/^pinned \(oracle\) +42\.0 ± 2\.5 +1\.00 ± 0 +2\.44 \(2\.30 to 2\.60\) +<0\.0001 +better$/m);
    expect(out).toContain('pinned for the same work, in shares of all task time of drift:');
  });

  test('gives no verdict when a run failed: the failed run may look the best', async () => {
    const { code, out, err } = await session('compare --policy drift --policy pinned --seeds 2'.split(' '), {
      run: (scenario) => ({ ...recordingOf(scenario, 1), ...(scenario.seed === '2' ? { status: 'time-limit', message: 'too slow' } : {}) }),
    });
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^drift, seed 2: time-limit, too slow\npinned, seed 2: time-limit, too slow\nno comparison/);
  });
});

describe('check', () => {
  test('says what would be run, and runs nothing', async () => {
    const { code, out, ran } = await run('check --guests 3 --vcpus 2 --memory 512MiB --workload compile:jobs=9');
    expect([code, ran]).toEqual([0, []]);
    expect(out).toBe(
      'sound: compile:jobs=9 under drift on lopsided, until all guests have ended, seed 1\nguests: 3, with 6 vCPUs and 1.50 GiB in all\n',
    );
  });

  test('--json says the same', async () => {
    expect(JSON.parse((await run('check --guests 3 --json')).out)).toMatchObject({ sound: true, guests: 3, vcpus: 3, durationNs: 2e9 });
  });
});

describe('lists', () => {
  test('policies with their options as they are written', async () => {
    const { out } = await run('policy list');
    expect(out).toContain('pinned: for tests (oracle: knows what no kernel could)');
    expect(out).toMatch(/^ {2}stay=20ms +1us to 5s +how long$/m);
    expect(out).toMatch(/^ {2}order=near +near \| far +which first$/m);
    expect(JSON.parse((await run('policy list --json')).out)).toMatchObject({
      policies: [
        { name: 'drift', summary: expect.any(String), source: expect.any(String), oracle: false },
        { name: 'pinned', oracle: true },
      ],
    });
  });

  test('workloads, and whether they end', async () => {
    expect((await run('workload list')).out).toContain('compile: for tests (ends by itself)');
    expect(JSON.parse((await run('workload list --json')).out)[1]).toMatchObject({ name: 'compile', ends: 'by itself' });
  });

  test('machines with their size: lopsided has 3 + 1 + 2 CPUs and 5 + 3 + 7 GiB', async () => {
    expect((await run('machine list')).out).toMatch(/^lopsided +2 +3 +6 +15 +three unequal nodes/m);
    expect(JSON.parse((await run('machine list --json')).out)).toMatchObject([{ name: 'lopsided', cpus: 6, memoryGiB: 15 }]);
  });

  test('one machine as numactl shows it', async () => {
    expect((await run('machine show lopsided')).out).toContain('node 1 cpus: 3\n');
    expect(JSON.parse((await run('machine show lopsided --json')).out)).toMatchObject({ name: 'lopsided', cpus: 6 });
  });
});
