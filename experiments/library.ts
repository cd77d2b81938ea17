/** numalab as a library: `import { readScenario, run } from 'numalab'`. */
export { machines } from '../machines/index.ts';
export { policies } from '../policies/index.ts';
export { run } from '../sim/engine.ts';
export { buildMachine, type Machine } from '../sim/machine.ts';
export type { MachineSpec } from '../sim/machine-spec.ts';
export type { Policy, PolicyEntry } from '../sim/policy-api.ts';
export type { PolicyExit } from '../sim/policy-exit.ts';
export { CAUSES, type Cause, type GuestRecord, type Measures, type Recording, type RunStatus } from '../sim/recording.ts';
export type { GuestSpec, Scenario } from '../sim/scenario.ts';
export type { WorkloadEntry } from '../sim/workload-api.ts';
export { workloads } from '../workloads/index.ts';
export { comparePolicies, type Comparison, type Metric, metricsOf, type PolicyRuns } from './comparison.ts';
export { type Check, contractOf } from './contract/contract.ts';
export { InputError } from './input-error.ts';
export { type RunResult, runResult } from './run-result.ts';
export { readScenario, type ScenarioSource } from './scenario-input.ts';
export { GuardedRunner } from './user-policy/guarded-runner.ts';
export { loadPolicy } from './user-policy/load.ts';
