import { describe, expect, test } from 'vitest';
import { readScenario } from '../../experiments/scenario-input.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { xeonDramPmem } from '../../machines/xeon-dram-pmem-2s.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import type { Recording } from '../../sim/recording.ts';
import { workloads } from '../../workloads/index.ts';

/** Nodes of memory only first, between others and last. */
const first: MachineSpec = { ...lopsided, name: 'first', nodeCpus: [0, 4, 2] };
const between: MachineSpec = { ...lopsided, name: 'between', nodeCpus: [3, 0, 2] };
const last: MachineSpec = { ...lopsided, name: 'last', nodeCpus: [3, 1, 0] };
const small: MachineSpec = { ...xeonDramPmem, name: 'small', memoryGiB: { value: [2, 3, 5, 7], source: 'assumed' } };
const machines = [first, between, last, small];

function runOf(policy: string, machine: string, words: Readonly<Record<string, string>>): Recording {
  const flags = { policy, machine, vcpus: '2', memory: '128MiB', boot: '0.2', duration: '500ms', checks: 'all', ...words };
  return run(readScenario({ flags }, { machines, policies, workloads }));
}

describe.each(policies)('$name, where a node has no CPUs', ({ name, claims }) => {
  const policy = name === 'numactl' ? 'numactl:cpunodebind=all' : name;
  const guests = claims?.oneToOne ? '2' : '4'; // 4 or 8 vCPUs for 4 CPUs and more
  test.each([
    [first, 'think:think=2ms,service=3ms'],
    [between, 'stream'],
    [last, 'think:think=2ms,service=3ms'],
  ] as const)('runs every guest: $name', (machine, workload) => {
    const { message, guests: ran } = runOf(policy, machine.name, { workload, guests });
    expect(message).toBeNull();
    for (const { throughput } of ran) expect(throughput.value).toBeGreaterThan(0);
  });
});

test('where a node of CPUs is full first touch goes on to the nearest node with room, which has no CPUs', () => {
  const words = { workload: 'lmbench-wr:size=4.5GiB', guests: '1', vcpus: '1', memory: '8GiB', boot: '0', 'host-noise': '0' };
  const { guests } = runOf('numactl:cpunodebind=0,memory=localalloc', 'small', { ...words, duration: '3s', checks: 'cheap' });
  // 2304 blocks of 2 MiB: 1024 fill node 0; at a distance of 17 node 2 is nearer to it than node 1 at 21
  expect(guests[0]!.blocksByNode).toEqual([1024, 0, 1280, 0]);
});
