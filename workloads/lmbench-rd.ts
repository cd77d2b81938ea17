import { numberOption } from '../sim/options.ts';
import type { WorkloadEntry } from '../sim/workload-api.ts';
import { ownRegions, regionBytes, sizeOption } from './own-regions.ts';
import { sweepFiller } from './sweeping.ts';

/** lmbench's `bw_mem SIZE rd`: every vCPU reads a buffer of its own over and over. Bandwidth by size of the buffer. */
export const lmbenchRd: WorkloadEntry = {
  name: 'lmbench-rd',
  summary: 'read bandwidth: each vCPU sweeps its own region for ever',
  ends: 'never',
  options: [
    sizeOption,
    {
      name: 'passes',
      summary: 'sweeps of the region in one phase; 0: about 10 ms worth',
      kind: 'count',
      default: 0,
      min: 0,
      max: 1_000_000,
    },
  ],
  build(options, setup) {
    const bytes = regionBytes('lmbench-rd', options, setup);
    return { ...ownRegions(setup.vcpus, bytes, sweepFiller(setup, bytes, numberOption(options, 'passes'), 0)), unit: 'GB/s' };
  },
};
