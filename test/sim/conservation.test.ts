import { expect, test } from 'vitest';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import { CAUSES, type Measures, type Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { KiB, MiB, ms } from '../../sim/units.ts';
import { randomScenario } from './random-scenario.ts';
import { guest, policy, scenario, workload } from './scenario-fixture.ts';

const SEEDS = 80;

/** What must hold of any recording, whatever was simulated. Every instant was checked in full on the way. */
function expectConserved(recording: Recording, scenario: Scenario, hint: string): void {
  const { machine, guests: specs, blockBytes } = scenario;
  expect(recording.busyNs + recording.idleNs, hint).toBe(machine.cpuCount * recording.simulatedNs);
  for (const measures of [...recording.guests, recording.total]) {
    const sum = CAUSES.reduce((total, cause) => total + measures.causes[cause], 0);
    expect(sum, hint).toBe(measures.lifetimeNs);
    for (const cause of CAUSES) expect(measures.causes[cause], `${cause}, ${hint}`).toBeGreaterThanOrEqual(0);
    for (const [name, value] of numbersOf(measures)) {
      expect(Number.isFinite(value), `${name}, ${hint}`).toBe(true);
      expect(value, `${name}, ${hint}`).toBeGreaterThanOrEqual(0);
    }
    expect(measures.delayedWakes, hint).toBeLessThanOrEqual(measures.wakes);
  }
  const sums: [string, (measures: Measures) => number][] = [
    ['lifetimeNs', (measures) => measures.lifetimeNs],
    ['waitNs', (measures) => measures.waitNs],
    ['pageMoves', (measures) => measures.pageMoves],
    ['contextSwitches', (measures) => measures.contextSwitches],
    ['local', (measures) => measures.accessesByHop.local],
    ['oneHop', (measures) => measures.accessesByHop.oneHop],
    ['moved to another socket', (measures) => measures.migrations.socket],
  ];
  for (const [name, value] of sums) {
    expect(
      recording.guests.reduce((sum, guest) => sum + value(guest), 0),
      `${name}, ${hint}`,
    ).toBeCloseTo(value(recording.total), 3);
  }
  recording.guests.forEach((guest, i) => {
    const backed = guest.blocksByNode.reduce((sum, blocks) => sum + blocks, 0);
    expect(backed, hint).toBeLessThanOrEqual(specs[i]!.memoryBytes / blockBytes);
    if (guest.workload === 'kernbench' && recording.status === 'ok' && guest.status === 'ok' && scenario.durationNs === null) {
      const archives = guest.figures.archives!;
      expect(guest.figures.processes! - archives - 1, `compile jobs done, besides archives and the link, ${hint}`).toBe(
        specs[i]!.options.jobs,
      );
    }
  });
  for (const bytes of recording.bytesByResource) expect(bytes, hint).toBeGreaterThanOrEqual(0);
  recording.bytesByResource.forEach((bytes, resource) => {
    const most = machine.capacity[resource]! * 64 * recording.simulatedNs;
    expect(bytes, `${machine.resourceNames[resource]}, ${hint}`).toBeLessThanOrEqual(most * 1.00001 + 64);
  });
}

function numbersOf(value: object): [string, number][] {
  return Object.entries(value).flatMap(([name, part]): [string, number][] =>
    typeof part === 'number' ? [[name, part]] : typeof part === 'object' && part !== null ? numbersOf(part as object) : [],
  );
}

test(`time, causes, blocks and bytes are conserved in ${SEEDS} random scenarios`, () => {
  const ended = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed++) {
    const drawn = randomScenario(String(seed));
    const hint = `seed ${seed}, ${drawn.policy.name}, ${drawn.machine.spec.name}`;
    let recording: Recording;
    try {
      recording = run(drawn);
    } catch (error) {
      throw new Error(hint, { cause: error });
    }
    expect(['ok', 'overflow'], `${recording.message}, ${hint}`).toContain(recording.status);
    expectConserved(recording, drawn, hint);
    ended.add(drawn.policy.name);
  }
  expect(ended.size, 'every policy was drawn').toBe(policies.length);
});

test('a block that is moved while its guest switches tasks stays in its region', () => {
  // more tasks than vCPUs, and memory that follows the vCPUs: a copy may end under another task than it began
  for (const seed of ['8', '9', '10']) {
    const guests = [0, 1, 2].map((i) =>
      guest(workload('kernbench'), {
        name: `g${i}`,
        vcpus: 2,
        memoryBytes: MiB(256),
        bootShare: 0.5,
        set: { jobs: 20, j: 6, link: ms(5) },
      }),
    );
    const migrating = { policy: policy('unpinned-migrating'), policyOptions: { rate: 4000 }, hostNoise: 2, blockBytes: KiB(64) };
    const recording = run(scenario({ ...migrating, guests, seed }));
    expect(recording.status, `seed ${seed}`).toBe('ok');
    expect(recording.total.pageMoves, `seed ${seed}`).toBeGreaterThan(20);
  }
});
