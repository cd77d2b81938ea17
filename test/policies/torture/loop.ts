import { faulty } from './base.ts';
import { DSQ_GLOBAL } from 'numalab/policy';

/** Slices so short that time stands still. */
export const policy = faulty('loop', () => ({
  enqueue(k, vcpu) {
    k.dsqInsert(vcpu, DSQ_GLOBAL, 1, 0);
  },
}));
