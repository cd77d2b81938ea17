import { expect, test } from 'vitest';
import { readScenario } from '../../experiments/scenario-input.ts';
import { machines } from '../../machines/index.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import type { PolicyEntry } from '../../sim/policy-api.ts';
import type { Recording } from '../../sim/recording.ts';
import type { NodeId } from '../../sim/units.ts';
import { workloads } from '../../workloads/index.ts';

/** Policies that move memory, with options that make them do so within the run. */
const MOVING = [
  'autonuma:scan-delay=20ms,scan-min=100ms',
  'unpinned-migrating',
  'carrefour',
  'hot-list:sample=2000',
  'hot-pages-first:sample=500',
  'temporary-migration:sample=500',
];

/** Its memory begins three nodes further on than it would. */
function misplaced(entry: PolicyEntry): PolicyEntry {
  return {
    ...entry,
    make(options) {
      const policy = entry.make(options);
      const { memory } = policy;
      return {
        ...policy,
        memory: {
          ...memory,
          alloc: (k, guest, block, node, placement) => ((memory.alloc(k, guest, block, node, placement) + 3) % k.nodeCount) as NodeId,
        },
      };
    },
  };
}

/** Seven guests, each with a CPU of its own and its memory elsewhere. */
function under(policy: string, seed: string): Recording {
  const words = {
    machine: 'uniform',
    policy,
    workload: 'hot-set:size=320MiB,heat=zipf',
    guests: '7',
    memory: '512MiB',
    duration: '3s',
    seed,
  };
  const scenario = readScenario({ flags: { ...words, 'host-noise': '0', boot: '0' } }, { machines, policies, workloads });
  return run({
    ...scenario,
    policy: misplaced(scenario.policy),
    guests: scenario.guests.map((guest, i) => ({ ...guest, cpus: [(7 * i + 2) % 48] })),
  });
}

test.each(MOVING)('where no memory is nearer than other, %s gains nothing and loses just what it pays for', (policy) => {
  const base = under('kvm-eevdf', '11');
  const moving = under(policy, '11');
  const { causes, lifetimeNs } = moving.total;
  const paid = (causes.pageCopy + causes.sampling) / lifetimeNs;
  const kept = moving.total.throughput.value / base.total.throughput.value;
  expect([moving.status, moving.total.pageMoves > 50]).toEqual(['ok', true]);
  expect(paid).toBeGreaterThan(0.005);
  expect(kept).toBeCloseTo(1 - paid, 4);
});
