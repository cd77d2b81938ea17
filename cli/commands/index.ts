import type { LateCommand } from '../command.ts';

/** In the order of the help. A command's file is loaded when its words are written, and not before. */
export const commands: readonly LateCommand[] = [
  { name: 'deck', load: async () => (await import('./deck.ts')).deck },
  { name: 'run', load: async () => (await import('./run.ts')).run },
  { name: 'compare', load: async () => (await import('./compare.ts')).compare },
  { name: 'explain', load: async () => (await import('./explain.ts')).explain },
  { name: 'report', load: async () => (await import('./report.ts')).report },
  { name: 'sweep run', load: async () => (await import('./sweep-run.ts')).sweepRun },
  { name: 'sweep plan', load: async () => (await import('./sweep-plan.ts')).sweepPlan },
  { name: 'sweep exec', load: async () => (await import('./sweep-exec.ts')).sweepExec },
  { name: 'sweep status', load: async () => (await import('./sweep-status.ts')).sweepStatus },
  { name: 'sweep merge', load: async () => (await import('./sweep-merge.ts')).sweepMerge },
  { name: 'pack', load: async () => (await import('./pack.ts')).pack },
  { name: 'verify', load: async () => (await import('./verify.ts')).verify },
  { name: 'validate', load: async () => (await import('./validate.ts')).validate },
  { name: 'experiment list', load: async () => (await import('./deck.ts')).experimentList },
  { name: 'experiment run', load: async () => (await import('./deck.ts')).experimentRun },
  { name: 'check', load: async () => (await import('./check.ts')).check },
  { name: 'policy list', load: async () => (await import('./policy.ts')).policyList },
  { name: 'policy show', load: async () => (await import('./policy-show.ts')).policyShow },
  { name: 'policy new', load: async () => (await import('./policy-new.ts')).policyNew },
  { name: 'policy check', load: async () => (await import('./policy-check.ts')).policyCheck },
  { name: 'workload list', load: async () => (await import('./workload.ts')).workloadList },
  { name: 'machine list', load: async () => (await import('./machine.ts')).machineList },
  { name: 'machine show', load: async () => (await import('./machine.ts')).machineShow },
  { name: 'machine calibrate', load: async () => (await import('./machine-calibrate.ts')).machineCalibrate },
];
