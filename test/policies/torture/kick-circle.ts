import { faulty } from './base.ts';
import { KICK_PREEMPT } from 'numalab/policy';

/** Takes the CPU away from whoever gets it. */
export const policy = faulty('kick-circle', () => ({
  enqLast: true,
  running(k, _vcpu, cpu) {
    k.kick(cpu, KICK_PREEMPT);
  },
}));
