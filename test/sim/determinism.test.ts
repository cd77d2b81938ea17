import { describe, expect, test } from 'vitest';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import { buildMachine } from '../../sim/machine.ts';
import { defaultOptions } from '../../sim/options.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { KiB, MiB, ms } from '../../sim/units.ts';
import { randomScenario } from './random-scenario-fixture.ts';
import { guest, scenario, workload } from './scenario-fixture.ts';

const machine = buildMachine(opteron6164);

/** Guests of all kinds of work on a noisy host, more vCPUs than CPUs of a node. */
function mixed(change: Partial<Scenario> = {}): Scenario {
  const works = ['kernbench', 'stream', 'think', 'lmbench-lat', 'queue'];
  return scenario({
    machine,
    guests: works.map((name, i) =>
      guest(workload(name), {
        name: `g${i}`,
        vcpus: 2 + i,
        memoryBytes: name === 'kernbench' ? MiB(40) : MiB(192), // too small for its files, so that it reads some again
        bootShare: 0.5,
        set:
          {
            kernbench: { jobs: 6, j: 4, link: ms(5), media: 'disk', tree: MiB(20), tools: MiB(20) },
            stream: { size: MiB(8) },
            'lmbench-lat': { size: MiB(8) },
            queue: { rate: 500, service: ms(1) },
          }[name] ?? {},
      }),
    ),
    durationNs: ms(80),
    hostNoise: 1,
    checks: 'cheap',
    ...change,
  });
}

describe.each(policies.map((policy) => [policy.name, policy] as const))('under %s', (_, policy) => {
  const change = { policy, policyOptions: defaultOptions(policy.options) };

  test('the same scenario gives the same bytes, and another seed gives others', () => {
    const first = JSON.stringify(run(mixed(change)));
    expect(JSON.stringify(run(mixed(change)))).toBe(first);
    const other = run(mixed({ ...change, seed: '2' }));
    const { hash, guests } = JSON.parse(first) as typeof other;
    expect(other.hash).not.toBe(hash);
    // streams and chases draw nothing, so a seed may leave them as they were
    for (const i of [0, 2, 4]) expect(other.guests[i]!.causes, other.guests[i]!.workload).not.toEqual(guests[i]!.causes);
  });

  test('ties drawn by seed are another history, and as repeatable', () => {
    const byId = run(mixed(change));
    const drawn = run(mixed({ ...change, ties: 'seeded' }));
    expect(JSON.stringify(run(mixed({ ...change, ties: 'seeded' })))).toBe(JSON.stringify(drawn));
    expect(drawn.hash).not.toBe(byId.hash);
  });
});

test('looking on changes nothing: full checks and cheap ones give the same bytes (20 seeds)', () => {
  for (let seed = 0; seed < 20; seed++) {
    const drawn = randomScenario(1000 + seed);
    const looked = { ...run(drawn), idleWhileRunnableNs: null }; // which only full checks measure
    expect(JSON.stringify(run({ ...drawn, checks: 'cheap' })), `seed ${seed}`).toBe(JSON.stringify(looked));
  }
});

test('all policies face the same build: as many jobs and as much to compute', () => {
  const builds = policies.map((policy) => {
    const set = { jobs: 12, j: 3, link: ms(20), media: 'disk' };
    const guests = [0, 1, 2].map((i) =>
      guest(workload('kernbench'), { name: `vm${i}`, vcpus: 2, memoryBytes: MiB(256), bootShare: 0.5, set }),
    );
    const recording = run(
      scenario({
        machine,
        policy,
        policyOptions: defaultOptions(policy.options),
        guests,
        hostNoise: 1,
        blockBytes: KiB(512),
        checks: 'cheap',
      }),
    );
    return { name: policy.name, recording };
  });
  const [first, ...others] = builds;
  for (const { name, recording } of others) {
    recording.guests.forEach((record, i) => {
      const base = first!.recording.guests[i]!;
      expect(record.figures.jobs, name).toBe(base.figures.jobs);
      expect(record.causes.compute / base.causes.compute, `${name}, ${record.name}`).toBeCloseTo(1, 6);
    });
    expect(recording.hash, `${name} decides otherwise`).not.toBe(first!.recording.hash);
  }
  const [a, b] = first!.recording.guests;
  expect(a!.causes.compute, 'guests of other names have other jobs').not.toBe(b!.causes.compute);
});

test('a guest faces the same draws whoever else is there, and whatever its place in the list', () => {
  const one = (name: string): Scenario['guests'][number] =>
    guest(workload('kernbench'), { name, memoryBytes: MiB(128), set: { jobs: 5, link: ms(1) } });
  const compute = (names: string[]): number =>
    run(scenario({ guests: names.map(one), checks: 'cheap' })).guests.find((record) => record.name === 'vm')!.causes.compute;
  const alone = compute(['vm']);
  expect(compute(['other', 'vm']) / alone).toBeCloseTo(1, 6);
  expect(compute(['vm', 'other', 'third']) / alone).toBeCloseTo(1, 6);
});
