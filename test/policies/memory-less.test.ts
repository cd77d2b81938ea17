import { describe, expect, test } from 'vitest';
import { readScenario } from '../../experiments/scenario-input.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import type { Recording } from '../../sim/recording.ts';
import { workloads } from '../../workloads/index.ts';

/** Boards with few DIMMs: nodes of CPUs only first, between others and last. */
const withMemory = (name: string, value: number[]): MachineSpec => ({ ...lopsided, name, memoryGiB: { value, source: 'assumed' } });
const machines = [withMemory('first', [0, 3, 2]), withMemory('between', [3, 0, 2]), withMemory('last', [2, 3, 0])];

function runOf(policy: string, machine: string, words: Readonly<Record<string, string>>): Recording {
  const flags = { policy, machine, vcpus: '2', memory: '128MiB', boot: '0.2', duration: '500ms', checks: 'all', ...words };
  return run(readScenario({ flags }, { machines, policies, workloads }));
}

describe.each(policies)('$name, where a node has no memory', ({ name, claims }) => {
  const guests = claims?.oneToOne ? '2' : '4';
  test.each([
    ['first', 'think:think=2ms,service=3ms'],
    ['between', 'stream'],
    ['last', 'hot-set'],
  ])('runs every guest: %s', (machine, workload) => {
    const { message, guests: ran } = runOf(name, machine, { workload, guests });
    expect(message).toBeNull();
    for (const { throughput, blocksByNode } of ran) {
      expect(throughput.value).toBeGreaterThan(0);
      expect(blocksByNode[['first', 'between', 'last'].indexOf(machine)]).toBe(0);
    }
  });
});
