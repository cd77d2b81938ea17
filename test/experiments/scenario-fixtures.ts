import { lopsided } from '../../machines/lopsided.ts';
import type { Registries } from '../../experiments/scenario-words.ts';
import type { PolicyEntry } from '../../sim/policy-api.ts';
import { numberOption } from '../../sim/options.ts';
import type { GuestProgram, WorkloadEntry } from '../../sim/workload-api.ts';

const never = (): never => {
  throw new Error('checking a scenario must not make a policy');
};

/** Refuses what no guest holds, as real workloads do. */
function program(jobs: number): GuestProgram {
  if (jobs > 4_000) throw new RangeError(`compile: jobs = ${jobs}, want at most 4000 in any guest`);
  return { tasks: 1, regions: 0, unit: 'jobs/s', next: never };
}

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
  build: (options) => program(numberOption(options, 'jobs')),
};
const stare: WorkloadEntry = { name: 'stare', summary: 'for tests', ends: 'never', options: [], build: () => program(1) };

/** The first of each is what holds when a word is left out. */
export const registries: Registries = { machines: [lopsided], policies: [drift, pinned], workloads: [stare, compile] };
