import type { WorkloadEntry } from '../sim/workload-api.ts';
import { ownRegions, regionBytes, sizeOption } from './own-regions.ts';
import { sweepFiller } from './sweeping.ts';

/** lmbench's `bw_mem SIZE wr`: every vCPU writes a buffer of its own over and over. As there, GB/s leaves out the reads for ownership. */
export const lmbenchWr: WorkloadEntry = {
  name: 'lmbench-wr',
  summary: 'write bandwidth: each vCPU sweeps its own region for ever and writes all of it',
  ends: 'never',
  options: [sizeOption],
  build(options, setup) {
    const bytes = regionBytes('lmbench-wr', options, setup);
    return { ...ownRegions(setup.vcpus, bytes, sweepFiller(setup, bytes, 0, 1)), unit: 'GB/s' };
  },
};
