import { lopsided } from '../../machines/lopsided.ts';
import type { Registries } from '../../experiments/scenario-words.ts';
import type { PolicyEntry } from '../../sim/policy-api.ts';
import type { WorkloadEntry } from '../../sim/workload-api.ts';

const never = (): never => {
  throw new Error('checking a scenario must not build anything');
};

export const drift: PolicyEntry = {
  name: 'drift',
  summary: 'for tests',
  source: 'none',
  oracle: false,
  options: [
    { name: 'stay', summary: 'how long', kind: 'time', default: 20_000_000, min: 1_000, max: 5_000_000_000 },
    { name: 'rate', summary: 'how fast', kind: 'rate', default: 256, max: 10_000 },
    { name: 'order', summary: 'which first', kind: 'choice', default: 'near', choices: ['near', 'far'] },
  ],
  make: never,
};

export const pinned: PolicyEntry = { name: 'pinned', summary: 'for tests', source: 'none', oracle: true, options: [], make: never };

const compile: WorkloadEntry = {
  name: 'compile',
  summary: 'for tests',
  ends: 'by itself',
  options: [{ name: 'jobs', summary: 'how many', kind: 'count', default: 30, min: 1, max: 5_000 }],
  build: never,
};
const stare: WorkloadEntry = { name: 'stare', summary: 'for tests', ends: 'never', options: [], build: never };

/** The first of each is what holds when a word is left out. */
export const registries: Registries = { machines: [lopsided], policies: [drift, pinned], workloads: [stare, compile] };
