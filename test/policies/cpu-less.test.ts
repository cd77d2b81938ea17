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
const machines = [first, between, last, xeonDramPmem];

function runOf(policy: string, machine: string, words: Readonly<Record<string, string>>): Recording {
  const flags = { policy, machine, vcpus: '2', memory: '256MiB', boot: '0.2', duration: '1s', checks: 'all', ...words };
  return run(readScenario({ flags }, { machines, policies, workloads }));
}

describe.each(policies)('$name, where a node has no CPUs', ({ name, claims }) => {
  test.each(machines)('runs every guest: $name', (machine) => {
    const policy = name === 'numactl' ? `numactl:cpunodebind=all` : name;
    const guests = claims?.oneToOne ? '2' : '4'; // 4 or 8 vCPUs for 4 CPUs and more
    for (const workload of ['stream', 'think:think=2ms,service=3ms']) {
      const { message, guests: ran } = runOf(policy, machine.name, { workload, guests });
      expect(message).toBeNull();
      for (const { throughput } of ran) expect(throughput.value).toBeGreaterThan(0);
    }
  });
});
