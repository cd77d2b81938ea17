import type { LateCommand } from '../command.ts';

/** In the order of the help. A command's file is loaded when its words are written, and not before. */
export const commands: readonly LateCommand[] = [
  { name: 'deck', load: async () => (await import('./deck.ts')).deck },
  { name: 'run', load: async () => (await import('./run.ts')).run },
  { name: 'compare', load: async () => (await import('./compare.ts')).compare },
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
