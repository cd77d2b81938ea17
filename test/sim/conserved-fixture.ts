import { expect } from 'vitest';
import { run } from '../../sim/engine.ts';
import { CAUSES, type Measures, type Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { type ScenarioDraw, scenarioOf } from './random-scenario-fixture.ts';

/** Outcomes of a sound run. A guest bound to full nodes runs out of memory; an open one may have more arrivals than slots. */
const OUTCOMES = ['ok', 'overflow', 'out-of-memory'];

/** Runs what was drawn and holds it to everything that must hold; every instant is checked in full on the way. */
export function runConserved(draw: ScenarioDraw): Recording {
  const scenario = scenarioOf(draw);
  const hint = `seed ${draw.seed}, ${draw.policy}, ${scenario.machine.spec.name}`;
  const recording = run(scenario);
  // with a CPU for each vCPU, some wait for ever where there are more of these
  const outcomes = scenario.policy.claims?.oneToOne ? [...OUTCOMES, 'policy-error'] : OUTCOMES;
  expect(outcomes, `${recording.message}, ${hint}`).toContain(recording.status);
  if (recording.status === 'policy-error') expect(recording.message, hint).toMatch(/has waited for a CPU for 30 s$/);
  expectConserved(recording, scenario, hint);
  return recording;
}

/** What must hold of any recording, whatever was simulated. Every instant was checked in full on the way. */
export function expectConserved(recording: Recording, scenario: Scenario, hint: string): void {
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
