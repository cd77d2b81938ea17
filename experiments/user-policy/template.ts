/** The file that `policy new` writes: a whole policy, small enough to be understood and changed. */
export function policyTemplate(name: string): string {
  return `import {
  builtIn,
  compose,
  type CpuId,
  type CpuPolicy,
  type DsqId,
  DSQ_LOCAL_ON,
  KICK_IDLE,
  ms,
  NONE,
  numberOption,
  type PolicyEntry,
} from 'numalab/policy';

/**
 * One queue for all CPUs, first come first served. A vCPU that wakes is told to a CPU that idles near the one it was on; a CPU with nothing
 * to do takes the longest waiting. Try it:   npx numalab policy check ./${name}.ts
 */
const QUEUE = 0 as DsqId;

/** Hooks have the names and contracts of Linux' sched_ext. They are called on the hot path: keep lists and objects out of them. */
function cpuPart(sliceNs: number): CpuPolicy {
  return {
    name: '${name}',
    // Taken away when its slice is over even if nothing else waits in its CPU's own queue: others may wait in ours.
    enqLast: true,

    init(k) {
      k.createDsq(QUEUE);
    },

    /** A vCPU wakes: where should it go? A hint, and the moment to claim an idle CPU: of its own node first, then the nearest. */
    selectCpu(k, vcpu, prev) {
      const home = k.cpuNode(prev);
      for (let i = 0; i < k.nodeCount; i++) {
        const cpu = k.pickIdleCpuNode(vcpu, k.nthNearest(home, i), prev);
        if (cpu !== NONE) {
          k.dsqInsert(vcpu, (DSQ_LOCAL_ON + cpu) as DsqId, sliceNs, 0); // and so it is not enqueued
          return cpu;
        }
      }
      return prev;
    },

    /** It could not run at once, or its slice is over: it must go into a queue. */
    enqueue(k, vcpu, flags) {
      k.dsqInsert(vcpu, QUEUE, sliceNs, flags);
      kickIdle(k);
    },

    /** A CPU has nothing to run. */
    dispatch(k) {
      k.dsqMoveToLocal(QUEUE);
    },
  };
}

/** A CPU that idles while something waits is sent to look. */
function kickIdle(k: Parameters<NonNullable<CpuPolicy['init']>>[0]): void {
  for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) {
    if (k.isIdle(cpu)) {
      k.kick(cpu, KICK_IDLE);
      return;
    }
  }
}

const policy: PolicyEntry = {
  name: '${name}',
  summary: 'One queue for all CPUs, first come first served.',
  source: 'my own',
  oracle: false, // true if it is given what no kernel could know
  options: [{ name: 'slice', summary: 'how long a vCPU runs before another has its turn', kind: 'time', default: ms(5), min: ms(0.1) }],
  claims: { workConserving: true },
  make(options) {
    // Keep what changes in here, not in the file: each run makes a policy of its own.
    const parts = builtIn('kvm-unpinned'); // its memory: first touch
    return compose('${name}', parts, { cpu: cpuPart(numberOption(options, 'slice')) });
  },
};

export default policy;
`;
}
