import { choiceOption } from '../sim/options.ts';
import type { WorkloadEntry } from '../sim/workload-api.ts';
import { ownRegions, regionBytes, sizeOption } from './own-regions.ts';
import { sweepFiller } from './sweeping.ts';

/** Share of the arrays that are written: of a[i] = b[i] + s * c[i] one of three, of a[i] = b[i] one of two. */
const WRITE_SHARES: Readonly<Record<string, number>> = { triad: 1 / 3, copy: 1 / 2 };

/** STREAM: each vCPU walks the arrays of its own, together `size`. As STREAM does, GB/s leaves out the reads for ownership. */
export const stream: WorkloadEntry = {
  name: 'stream',
  summary: 'STREAM bandwidth: each vCPU sweeps its own arrays for ever and writes one of them',
  ends: 'never',
  options: [
    sizeOption,
    {
      name: 'kernel',
      summary: 'triad writes a third of what it sweeps, copy half',
      kind: 'choice',
      default: 'triad',
      choices: ['triad', 'copy'],
    },
  ],
  build(options, setup) {
    const bytes = regionBytes('stream', options, setup);
    const writeShare = WRITE_SHARES[choiceOption(options, 'kernel')]!;
    return { ...ownRegions(setup.vcpus, bytes, sweepFiller(setup, bytes, 0, writeShare)), unit: 'GB/s' };
  },
};
