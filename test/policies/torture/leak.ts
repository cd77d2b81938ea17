import { faulty } from './base.ts';
import { DSQ_GLOBAL } from 'numalab/policy';

let calls = 0;

/** Remembers the run before: harmless in a run, found by `policy check`. */
export const policy = faulty('leak', () => ({
  enqueue(k, vcpu) {
    k.dsqInsert(vcpu, DSQ_GLOBAL, 1_000_000 + ++calls, 0);
  },
}));
