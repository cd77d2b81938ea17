import { faulty } from './base.ts';
import { DSQ_GLOBAL } from 'numalab/policy';

/** Never gives a CPU back. */
export const policy = faulty('stall', () => ({
  enqueue(k, vcpu) {
    k.dsqInsert(vcpu, DSQ_GLOBAL, Infinity, 0);
  },
}));
