import { describe, expect, test } from 'vitest';
import { comparePolicies, type PolicyRuns } from '../../experiments/compare/comparison.ts';
import { outcomeOf } from '../../experiments/compare/outcome.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { uniform } from '../../machines/uniform.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import { buildMachine } from '../../sim/machine.ts';
import { FLOATING, type Policy, type PolicyEntry } from '../../sim/policy-api.ts';
import type { GuestRecord, Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { MiB, ms, type NodeId, us } from '../../sim/units.ts';
import { DONE, SWEEP, type WorkloadEntry } from '../../sim/workload-api.ts';
import { fourLines, relabelled, scaled, widened } from './changed-machine-fixture.ts';
import { drawPlan, mapPhases, segmentEnds, type Plan, planGuests, runPlan } from './plan-fixture.ts';
import { randomScenario } from './random-scenario-fixture.ts';
import { FREE_COSTS, guest, lopsidedMachine, pinned, policy, program, scenario, workload } from './scenario-fixture.ts';

/**
 * Relations between runs whose results nobody can derive by hand: something is changed that must change nothing, or all in one
 * proportion, or in one direction only. Times are whole, so what must be equal is so to 1 ns a segment end; what must be the same
 * decision for decision is compared to the byte.
 */
const SEEDS = Array.from({ length: 12 }, (_, seed) => seed);

/** All elapsed times of one run are `factor` times those of another, give or take the rounding up of each segment's end. */
function expectSameTimes(a: Recording, b: Recording, plan: Plan, hint: string, factor = 1): void {
  const slackNs = factor * (segmentEnds(plan) + 1);
  a.guests.forEach(({ elapsedNs }, i) => {
    expect(Math.abs(b.guests[i]!.elapsedNs - factor * elapsedNs), `guest ${i}, ${hint}`).toBeLessThanOrEqual(slackNs);
  });
}

describe('names do not matter', () => {
  test('of nodes: a machine relabelled gives the same times, and the same bytes at the resources under their new names', () => {
    for (const order of [
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const machine = buildMachine(relabelled(order));
      const cpuOf = (cpu: number): number => {
        const node = lopsidedMachine.cpuNode[cpu]!;
        return machine.nodeFirstCpu[order[node]!]! + cpu - lopsidedMachine.nodeFirstCpu[node]!;
      };
      const renamed = (name: string): string => name.replace(/\d/g, (node) => String(order[Number(node)]));
      for (const seed of SEEDS) {
        const plan = drawPlan(lopsidedMachine, seed);
        const moved: Plan = {
          tasks: plan.tasks.map((task) => ({ ...task, cpu: cpuOf(task.cpu), nodes: task.nodes.map((node) => order[node]!) })),
        };
        const before = runPlan(plan, { machine: lopsidedMachine });
        const after = runPlan(moved, { machine });
        const hint = `seed ${seed}, order ${order.join()}`;
        expectSameTimes(before, after, plan, hint);
        before.bytesByResource.forEach((bytes, resource) => {
          const there = machine.resourceNames.indexOf(renamed(lopsidedMachine.resourceNames[resource]!));
          expect(Math.abs(after.bytesByResource[there]! - bytes), `${machine.resourceNames[there]}, ${hint}`).toBeLessThan(64);
        });
      }
    }
  });

  test.each(policies.map((entry) => [entry.name, entry] as const))('of guests, under %s, for work that draws nothing', (_, entry) => {
    const named = (names: readonly string[]): Recording => {
      const works = ['stream', 'phased', 'lmbench-lat', 'compute', 'lmbench-rd'];
      const guests = works.map((work, i) =>
        guest(workload(work), { name: names[i]!, vcpus: 1 + (i % 3), set: work === 'compute' ? {} : { size: MiB(2) } }),
      );
      return run(scenario({ policy: entry, guests, durationNs: ms(60), hostNoise: 1 }));
    };
    const nameless = ({ guests, message: _message, ...rest }: Recording): object => ({
      ...rest,
      guests: guests.map(({ name: _name, ...record }) => record),
    });
    const before = named(['a', 'b', 'c', 'd', 'e']);
    expect(nameless(named(['zeta', 'b2', '0', 'd', 'a']))).toEqual(nameless(before));
  });

  test('of policies: one compared with itself under another name shows no difference, of no width', () => {
    for (const entry of policies) {
      const alias: PolicyEntry = { ...entry, name: `${entry.name} again` };
      const seeds = ['3', '4', '5'];
      const under = (chosen: PolicyEntry): PolicyRuns => ({
        policy: chosen.name,
        oracle: false,
        outcomes: seeds.map((seed) => {
          const one = stochastic({ policy: chosen, seed, timelinePoints: 400 });
          return outcomeOf(one, seed, run(one), 'mser');
        }),
      });
      const base = under(entry);
      const { policies: compared } = comparePolicies([base, under(alias)], base.outcomes[0]!.parts[0]!.metric);
      expect(compared[1], entry.name).toMatchObject({
        verdict: 'no difference shown',
        difference: { mean: 0, low: 0, high: 0 },
        causes: [],
      });
    }
  });
});

/** Guests that draw all they do at random, on a noisy host. */
function stochastic(change: Partial<Scenario> = {}): Scenario {
  const guests = ['think', 'kernbench', 'queue'].map((work, i) =>
    guest(workload(work), {
      name: `vm${i}`,
      vcpus: 2,
      memoryBytes: MiB(128),
      bootShare: 0.25,
      set: { think: {}, kernbench: { jobs: 6, j: 3, link: ms(2), media: 'disk' }, queue: { rate: 300, service: ms(2) } }[work]!,
    }),
  );
  return scenario({ guests, durationNs: ms(60), hostNoise: 1, checks: 'cheap', ...change });
}

describe('units do not matter', () => {
  test('of time: all times longer by a factor and all rates lower by it take longer by it', () => {
    for (const factor of [2, 8, 3]) {
      const slow = buildMachine({
        ...widened(lopsided, 1 / factor),
        clockGHz: scaled(lopsided.clockGHz, 1 / factor),
        latencyNs: scaled(lopsided.latencyNs, factor),
      });
      const { coldCache, ...costs } = scenario({ guests: [] }).costs;
      const longer = Object.fromEntries(Object.entries(costs).map(([name, ns]) => [name, ns * factor])) as typeof costs;
      for (const seed of SEEDS) {
        const plan = drawPlan(lopsidedMachine, seed);
        const before = runPlan(plan, { machine: lopsidedMachine });
        const after = runPlan(
          mapPhases(plan, (phase) => ({ ...phase, sleepNs: phase.sleepNs * factor })),
          { machine: slow, costs: { ...longer, coldCache } },
        );
        expectSameTimes(before, after, plan, `seed ${seed}, factor ${factor}`, factor);
      }
    }
  });

  test('of bytes: twice the bandwidth for twice the lines gives the same speeds', () => {
    const wide = buildMachine(widened(lopsided, 2));
    for (const seed of SEEDS) {
      const plan = drawPlan(lopsidedMachine, seed);
      const twice = mapPhases(plan, (phase) => ({ ...phase, accesses: phase.accesses * 2, linesInFlight: phase.linesInFlight * 2 }));
      const before = runPlan(plan, { machine: lopsidedMachine });
      const after = runPlan(twice, { machine: wide });
      expectSameTimes(before, after, plan, `seed ${seed}`);
      const bytes = (recording: Recording): number => recording.bytesByResource.reduce((sum, each) => sum + each, 0);
      if (bytes(before) > 0) expect(bytes(after) / bytes(before), `seed ${seed}`).toBeCloseTo(2, 5);
    }
  });
});

describe('where there is no distance, place does not matter', () => {
  test('of CPUs: with equal latencies and endless links only which controller serves counts', () => {
    const { pairGBps: _pairs, pairWriteGBps: _written, oneThreadReadGBps: _read, oneThreadWriteGBps: _write, ...rest } = lopsided;
    const machine = buildMachine({
      ...rest,
      latencyNs: { value: [80, 80, 80].map(() => [80, 80, 80]), source: 'assumed: for tests' },
      links: { ...lopsided.links, value: lopsided.links.value.map((link) => ({ ...link, capacityGBps: 1e5 })) },
      linesInFlight: { value: 4, source: 'assumed: for tests' },
    });
    let remoteRatios = 0;
    for (const seed of SEEDS) {
      // reads only, beyond any cache: a written line would weigh the same, but the share of a cache depends on who is beside
      const plan = mapPhases(drawPlan(machine, seed), (phase) => ({ ...phase, writeShare: 0, pattern: SWEEP, workingSetBytes: MiB(64) }));
      const turned: Plan = { tasks: plan.tasks.map((task) => ({ ...task, cpu: (task.cpu + 3) % machine.cpuCount })) };
      const before = runPlan(plan, { machine });
      const after = runPlan(turned, { machine });
      expectSameTimes(before, after, plan, `seed ${seed}`);
      if (before.total.remoteRatio !== after.total.remoteRatio) remoteRatios++;
    }
    expect(remoteRatios, 'the same times with other shares of remote accesses').toBeGreaterThan(SEEDS.length / 2);
  });

  test('of guests: with free handling too, every policy that moves no memory gives the same times', () => {
    const machine = buildMachine(uniform);
    for (const seed of SEEDS.slice(0, 4)) {
      const plan = mapPhases(drawPlan(machine, seed), (phase) => ({ ...phase, pattern: SWEEP, workingSetBytes: MiB(64) }));
      const elapsed = policies
        .filter((entry) => !movesMemory(entry.make({ ...scenario({ guests: [], policy: entry }).policyOptions })))
        .map((entry) =>
          runPlan(plan, {
            machine,
            policy: entry,
            costs: FREE_COSTS,
            policyOptions: scenario({ guests: [], policy: entry }).policyOptions,
          }),
        );
      expect(elapsed.length).toBeGreaterThan(4);
      for (const other of elapsed.slice(1)) expectSameTimes(elapsed[0]!, other, plan, `seed ${seed}`);
    }
  });
});

/** It marks, samples or moves memory, which takes time even where no memory is nearer than other. */
function movesMemory({ memory, daemons }: Policy): boolean {
  return memory.onHintFault !== undefined || memory.samples !== undefined || memory.plan !== undefined || daemons !== undefined;
}

describe('what asks for nothing changes nothing', () => {
  test('a guest that ends at once, beside others on CPUs of their own', () => {
    for (const seed of SEEDS) {
      const plan = drawPlan(lopsidedMachine, seed);
      const free = [0, 1, 2, 3, 4, 5].find((cpu) => plan.tasks.every((task) => task.cpu !== cpu));
      if (free === undefined) continue;
      const idle = guest(
        program((_task, phase) => void (phase.kind = DONE)),
        { name: 'idle' },
      );
      const beside = pinned([...plan.tasks.map(({ cpu }) => cpu), free], (id, block) => {
        const nodes = plan.tasks[id]?.nodes ?? [0];
        return nodes[block % nodes.length]!;
      });
      const with_ = runPlan(plan, { machine: lopsidedMachine, guests: [...planGuests(plan), idle], policy: beside });
      expect(with_.guests.slice(0, -1), `seed ${seed}`).toEqual(runPlan(plan, { machine: lopsidedMachine }).guests);
    }
  });

  test('guests that share no resource: each is as fast as without the other', () => {
    for (const seed of SEEDS) {
      // nodes 0 and 2, each with its own memory only; node 2's CPUs are 4 and 5
      const onNode = (cpus: readonly number[], node: number, from: number): Plan['tasks'] =>
        cpus.map((cpu, i) => ({ cpu, nodes: [node], phases: drawPlan(lopsidedMachine, 100 * seed + from + i).tasks[0]!.phases }));
      const near = onNode([0, 1, 2], 0, 0);
      const far = onNode([4, 5], 2, 10);
      const both: Plan = { tasks: [...near, ...far] };
      const together = runPlan(both, { machine: lopsidedMachine });
      const apart = [near, far].map((tasks) => runPlan({ tasks }, { machine: lopsidedMachine }).guests).flat();
      expectSameTimes({ ...together, guests: apart }, together, both, `seed ${seed}`);
    }
  });

  test('the cut of a phase into equal halves', () => {
    for (const seed of SEEDS) {
      const plan = drawPlan(lopsidedMachine, seed);
      const cut = mapPhases(plan, (phase) => {
        const half = { ...phase, instructions: phase.instructions / 2, sleepNs: phase.sleepNs / 2 };
        return [half, half];
      });
      // a sweep walks on in halves too, so its memory must be all on one node for the halves to be alike
      const single = (from: Plan): Plan => ({ tasks: from.tasks.map((task) => ({ ...task, nodes: task.nodes.slice(0, 1) })) });
      const whole = runPlan(single(plan), { machine: lopsidedMachine, costs: FREE_COSTS });
      const halves = runPlan(single(cut), { machine: lopsidedMachine, costs: FREE_COSTS });
      expectSameTimes(whole, halves, cut, `seed ${seed}`);
    }
  });

  test('a longer slice, to vCPUs alone on their CPUs', () => {
    for (const seed of SEEDS) {
      const plan = drawPlan(lopsidedMachine, seed);
      const at = (sliceNs: number): readonly GuestRecord[] => {
        const held = pinned(
          plan.tasks.map(({ cpu }) => cpu),
          (id, block) => plan.tasks[id]!.nodes[block % plan.tasks[id]!.nodes.length]!,
          sliceNs,
        );
        return runPlan(plan, { machine: lopsidedMachine, policy: held }).guests;
      };
      expect(at(ms(0.05)), `seed ${seed}`).toEqual(at(ms(600)));
    }
  });

  test('being interrupted, to how much is done: slices cut phases anywhere, and none of the work is lost or done twice', () => {
    for (const seed of SEEDS) {
      const { tasks } = drawPlan(lopsidedMachine, seed);
      const crowded: Plan = { tasks: tasks.map((task, i) => ({ ...task, cpu: i % 2 })) };
      const held = pinned(
        crowded.tasks.map(({ cpu }) => cpu),
        (id, block) => crowded.tasks[id]!.nodes[block % crowded.tasks[id]!.nodes.length]!,
        us(20),
      );
      const { guests } = runPlan(crowded, { machine: lopsidedMachine, policy: held });
      guests.forEach(({ throughput, elapsedNs }, i) => {
        const asked = crowded.tasks[i]!.phases.reduce((sum, phase) => sum + (phase.sleepNs > 0 ? 0 : phase.instructions), 0);
        expect((throughput.value * elapsedNs) / 1e9, `seed ${seed}, guest ${i}`).toBeCloseTo(asked, 4);
      });
    }
  });

  test('a hard mask that allows every node', () => {
    for (const seed of SEEDS.slice(0, 6)) {
      const drawn = randomScenario(500 + seed);
      const all = Array.from({ length: drawn.machine.nodeCount }, (_, node) => node as NodeId);
      const floating = policy('kvm-unpinned');
      const masked: PolicyEntry = {
        ...floating,
        make: (options) => ({ ...floating.make(options), placement: { name: 'all', place: () => ({ ...FLOATING, hardNodes: all }) } }),
      };
      const change = { policyOptions: scenario({ guests: [], policy: floating }).policyOptions };
      const free = run({ ...drawn, ...change, policy: floating });
      expect(JSON.stringify(run({ ...drawn, ...change, policy: masked })), `seed ${seed}`).toBe(JSON.stringify(free));
    }
  });

  test('looking on, and whatever was run before', () => {
    for (const seed of SEEDS.slice(0, 6)) {
      const drawn = randomScenario(700 + seed);
      const first = JSON.stringify({ ...run(drawn), idleWhileRunnableNs: null }); // which only full checks measure
      run(randomScenario(800 + seed));
      expect(JSON.stringify(run({ ...drawn, checks: 'cheap' })), `seed ${seed}`).toBe(first);
    }
  });
});

describe('draws', () => {
  test('are the same whatever the policy: each stream gives the same numbers, as far as it is used', () => {
    const drawnUnder = (entry: PolicyEntry): Map<string, number[]> => {
      const draws = new Map<string, number[]>();
      const listening = (work: WorkloadEntry): WorkloadEntry => ({
        ...work,
        build: (options, setup) =>
          work.build(options, {
            ...setup,
            stream: (vcpu, purpose) => {
              const random = setup.stream(vcpu, purpose);
              const list: number[] = [];
              draws.set(`${work.name}/${vcpu}/${purpose}`, list);
              return Object.assign((): number => {
                list.push(random());
                return list.at(-1)!;
              }, random);
            },
          }),
      });
      const base = stochastic({ policy: entry, seed: '11' });
      run({ ...base, guests: base.guests.map((spec) => ({ ...spec, workload: listening(spec.workload) })) });
      return draws;
    };
    const [first, ...others] = policies.map(drawnUnder);
    expect([...first!.values()].filter((list) => list.length > 3).length).toBeGreaterThan(4);
    for (const other of others) {
      expect([...other.keys()]).toEqual([...first!.keys()]);
      for (const [name, list] of other) {
        const common = Math.min(list.length, first!.get(name)!.length);
        expect(list.slice(0, common), name).toEqual(first!.get(name)!.slice(0, common));
      }
    }
  });

  test('are all that a seed changes: work that draws nothing, on a host without noise, is the same to the byte', () => {
    for (const name of ['kvm-numactl', 'xen-numa-on', 'apart']) {
      const seeded = (seed: string): string => {
        const guests = ['stream', 'phased', 'lmbench-lat'].map((work) => guest(workload(work), { name: work, vcpus: 2 }));
        return JSON.stringify(run(scenario({ policy: policy(name), guests, seed, durationNs: ms(60) })));
      };
      expect(seeded('2'), name).toBe(seeded('1'));
    }
    expect(JSON.stringify(run(stochastic({ seed: '2' })))).not.toBe(JSON.stringify(run(stochastic({ seed: '1' }))));
  });
});

test('more distance never makes the vCPU that has it faster, while others may gain', () => {
  const near = lopsided.latencyNs.value;
  let slower = 0;
  let others = 0;
  for (let seed = 0; seed < 60; seed++) {
    const plan = drawPlan(lopsidedMachine, seed);
    const { cpu, nodes } = plan.tasks[0]!;
    const own = lopsidedMachine.cpuNode[cpu]!;
    if (nodes[0] === own || plan.tasks.slice(1).some((task) => lopsidedMachine.cpuNode[task.cpu] === own)) continue;
    // of what it reads from the first of its nodes only; no other task sits on its node. They go on for as long as it does.
    const endless: Plan = {
      tasks: plan.tasks.map((task, i) =>
        i === 0 ? task : { ...task, phases: task.phases.map((phase) => ({ ...phase, instructions: 1e7 })) },
      ),
    };
    let before = 0;
    let othersBefore = 0;
    for (const factor of [1, 1.1, 1.5, 3]) {
      const latencyNs = near.map((row, a) => row.map((ns, b) => (a === own && b === nodes[0] ? ns * factor : ns)));
      const { guests } = runPlan(endless, { machine: fourLines(latencyNs), costs: FREE_COSTS });
      const { elapsedNs } = guests[0]!;
      const othersNs = guests.slice(1).reduce((sum, record) => sum + record.elapsedNs, 0);
      expect(elapsedNs, `seed ${seed}, factor ${factor}`).toBeGreaterThanOrEqual(before);
      if (elapsedNs > before && before > 0) slower++;
      if (othersNs < othersBefore) others++;
      before = elapsedNs;
      othersBefore = othersNs;
    }
  }
  expect(slower).toBeGreaterThan(3);
  expect(others).toBeGreaterThan(0);
});
