import { faulty, later } from './base.ts';
import type { DsqId } from 'numalab/policy';

/** Puts a vCPU into a queue that nobody created. */
export const policy = faulty('illegal', () => {
  const isDue = later();
  return {
    enqueue(k, vcpu, flags) {
      k.dsqInsert(vcpu, (isDue() ? 7 : -2) as DsqId, 2_000_000, flags);
    },
  };
});
