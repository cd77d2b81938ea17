import { readScenario } from '../../../experiments/scenario-input.ts';
import { loggedScenario } from '../../../experiments/rt-app/logged-scenario.ts';
import type { RtAppLogRow } from '../../../formats/rt-app/log.ts';
import { machines } from '../../../machines/index.ts';
import { policies } from '../../../policies/index.ts';
import { run } from '../../../sim/engine.ts';
import type { Recording, ThreadRecord } from '../../../sim/recording.ts';
import type { Scenario } from '../../../sim/scenario.ts';
import { workloads } from '../../../workloads/index.ts';

/** A quiet machine of two CPUs under a fair policy, with all checks, unless the words say otherwise. */
export function scenarioOf(file: unknown, words: Record<string, string> = {}): Scenario {
  const text = typeof file === 'string' ? file : JSON.stringify(file);
  const flags = { machine: 'vm-2cpu', policy: 'kvm-eevdf', 'host-noise': '0', checks: 'all', workload: 'rt-app:some/mix.json', ...words };
  return readScenario({ flags, read: (name) => ({ name, text }) }, { machines, policies, workloads });
}

export interface Told {
  readonly recording: Recording;
  readonly threads: readonly ThreadRecord[];
  /** [thread] as rt-app would log them. */
  readonly rows: readonly (readonly RtAppLogRow[])[];
}

export function runFile(file: unknown, words: Record<string, string> = {}): Told {
  const { scenario, rows } = loggedScenario(scenarioOf(file, words))!;
  const recording = run(scenario);
  return { recording, threads: recording.guests[0]!.threads!, rows: Array.from({ length: scenario.guests[0]!.vcpus }, (_, i) => rows.of(i)) }; // prettier-ignore
}

/** Events one after the other under one name may repeat, which no object of JavaScript can say. */
export function phaseText(...events: readonly (readonly [string, unknown])[]): string {
  return `{${events.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(', ')}}`;
}
