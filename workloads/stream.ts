import type { WorkloadEntry } from '../sim/workload-api.ts';
import { ownRegions, regionBytes, sizeOption } from './own-regions.ts';
import { sweepFiller } from './sweeping.ts';

/** Of the three arrays of a[i] = b[i] + s * c[i] one is written. */
const TRIAD_WRITE_SHARE = 1 / 3;

/** STREAM's triad: each vCPU walks three arrays of its own, together `size`. As STREAM does, GB/s leaves out the reads for ownership. */
export const stream: WorkloadEntry = {
  name: 'stream',
  summary: 'triad bandwidth: each vCPU sweeps its own region for ever and writes a third of it',
  ends: 'never',
  options: [sizeOption],
  build(options, setup) {
    const bytes = regionBytes('stream', options, setup);
    return { ...ownRegions(setup.vcpus, bytes, sweepFiller(setup, bytes, 0, TRIAD_WRITE_SHARE)), unit: 'GB/s' };
  },
};
