import { describe, expect, test } from 'vitest';
import { readScenario } from '../../experiments/scenario-input.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import type { Recording } from '../../sim/recording.ts';
import { workloads } from '../../workloads/index.ts';

/** Nodes of CPUs only, as on a board with few DIMMs: the first, and the one between. */
const first: MachineSpec = { ...lopsided, name: 'first', memoryGiB: { value: [0, 3, 5], source: 'assumed' } };
const between: MachineSpec = { ...lopsided, name: 'between', memoryGiB: { value: [4, 0, 3], source: 'assumed' } };
const machines = [first, between];

function runOf(policy: string, machine: string, words: Readonly<Record<string, string>>): Recording {
  const flags = { policy, machine, vcpus: '2', memory: '128MiB', boot: '0.2', duration: '500ms', checks: 'all', ...words };
  return run(readScenario({ flags }, { machines, policies, workloads }));
}

describe.each(policies)('$name, where a node has no memory', ({ name, claims }) => {
  const guests = claims?.oneToOne ? '2' : '4';
  test.each([
    [first, 0, 'stream'],
    [between, 1, 'think:think=2ms,service=3ms'],
  ] as const)('runs every guest: $name', (machine, bare, workload) => {
    const { message, guests: ran } = runOf(name, machine.name, { workload, guests });
    expect(message).toBeNull();
    for (const { throughput, blocksByNode } of ran) {
      expect(throughput.value).toBeGreaterThan(0);
      expect(blocksByNode[bare]).toBe(0);
    }
  });
});

test('what a CPU there touches first lies on the nearest node that has room', () => {
  const words = { workload: 'lmbench-wr:size=512MiB', guests: '1', vcpus: '1', memory: '1GiB', boot: '0', 'host-noise': '0' };
  const { guests } = runOf('numactl:cpunodebind=0,memory=localalloc', 'first', { ...words, duration: '1s' });
  expect(guests[0]!.blocksByNode).toEqual([0, 256, 0]); // of 2 MiB: node 1 at a distance of 13 is nearer than node 2 at 27
});
