import { readScenario } from '../experiments/scenario-input.ts';
import { machines } from '../machines/index.ts';
import { policies } from '../policies/index.ts';
import type { Scenario } from '../sim/scenario.ts';
import { workloads } from '../workloads/index.ts';

/** What is timed: the words of runs with 48 busy vCPUs on the 48-core machine, and the build the issue of speed is stated for. */
export const CASES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'lmbench-rd, 48 pinned': { workload: 'lmbench-rd', policy: 'kvm-numactl', guests: '48', duration: '10s' },
  'lmbench-rd, 48 floating': { workload: 'lmbench-rd', policy: 'kvm-unpinned', guests: '48', duration: '10s' },
  'kernbench, 48 pinned': { workload: 'kernbench:jobs=10000', policy: 'kvm-numactl', guests: '48', duration: '10s' },
  'kernbench, 48 floating': { workload: 'kernbench:jobs=10000', policy: 'kvm-unpinned', guests: '48', duration: '10s' },
  'kernbench, 7 x 2 vCPUs, 60 s': {
    workload: 'kernbench:jobs=10000',
    policy: 'kvm-unpinned',
    guests: '7',
    vcpus: '2',
    memory: '2GiB',
    duration: '60s',
  },
};

export function scenarioOf(words: Readonly<Record<string, string>>): Scenario {
  return readScenario({ flags: words }, { machines, policies, workloads });
}
