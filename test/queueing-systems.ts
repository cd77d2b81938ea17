import { uniform } from '../machines/uniform.ts';
import { run } from '../sim/engine.ts';
import type { MachineSpec } from '../sim/machine-spec.ts';
import { buildMachine } from '../sim/machine.ts';
import { type CpuPolicy, DSQ_GLOBAL, DSQ_LOCAL, type PolicyEntry } from '../sim/policy-api.ts';
import type { GuestRecord } from '../sim/recording.ts';
import type { GuestKind } from '../sim/scenario.ts';
import { type CpuId, type DsqId, ms, type NodeId, NONE, seconds } from '../sim/units.ts';
import { RUN, type WorkloadEntry } from '../sim/workload-api.ts';
import { poissonTail, type Replication } from './closed-forms.ts';
import { asEntry, FREE_COSTS, guest, onNodes, pinnedCpus, scenario, workload } from './sim/scenario-fixture.ts';

/** The queues of the textbooks as scenarios, in which nothing takes time but thinking and service. */

/** Mean service: the unit of time of the closed forms. */
export const SERVICE_NS = ms(1);

const assumed = <Value>(value: Value): { value: Value; source: string } => ({ value, source: 'assumed' });

/** One node of `uniform`. */
export const sixCpus: MachineSpec = {
  ...uniform,
  name: 'six-cpus',
  sockets: 1,
  nodeSocket: [0],
  nodeCpus: [6],
  memoryGiB: assumed([16]),
  slit: assumed([[10]]),
  latencyNs: assumed([[67]]),
  links: assumed([]),
  nextHop: assumed([[0]]),
  controllerGBps: assumed([100_000]),
};

export function withoutMemory(make: () => CpuPolicy): PolicyEntry {
  return asEntry(() => ({ name: 'test', cpu: make(), memory: onNodes(() => 0) }));
}

/** One queue for the whole machine, first come first served. */
export function oneQueue(sliceNs: number): PolicyEntry {
  return withoutMemory(() => ({
    name: 'one-queue',
    selectCpu(k, vcpu, prev) {
      for (let node = 0; node < k.nodeCount; node++) {
        const cpu = k.pickIdleCpuNode(vcpu, node as NodeId, NONE);
        if (cpu === NONE) continue;
        k.dsqInsert(vcpu, DSQ_LOCAL, sliceNs, 0);
        return cpu;
      }
      return prev;
    },
    enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_GLOBAL, sliceNs, 0),
  }));
}

/** One queue a node; each arrival goes to a node drawn evenly. */
const queuePerNode = withoutMemory(() => {
  let node = NONE as NodeId;
  return {
    name: 'queue-per-node',
    init(k) {
      for (let id = 0; id < k.nodeCount; id++) k.createDsq(id as DsqId);
    },
    selectCpu(k, vcpu) {
      node = Math.floor(k.random() * k.nodeCount) as NodeId;
      const cpu = k.pickIdleCpuNode(vcpu, node, NONE);
      if (cpu === NONE) return k.nodeFirstCpu(node);
      k.dsqInsert(vcpu, DSQ_LOCAL, Infinity, 0);
      return cpu;
    },
    enqueue: (k, vcpu) => k.dsqInsert(vcpu, node as number as DsqId, Infinity, 0),
    dispatch: (k, cpu) => void k.dsqMoveToLocal(k.cpuNode(cpu) as number as DsqId),
  };
});

/** One queue a CPU; each arrival goes to a CPU drawn evenly. */
const queuePerCpu = withoutMemory(() => ({
  name: 'queue-per-cpu',
  selectCpu: (k) => Math.floor(k.random() * k.cpuCount) as CpuId,
  enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_LOCAL, Infinity, 0),
}));

export interface System {
  readonly machine: MachineSpec;
  readonly policy: PolicyEntry;
  /** `bare`: each job is a thread of the host. `kvm`: the guest's own kernel shares its vCPUs among the jobs. */
  readonly kind: GuestKind;
  readonly vcpus: number;
  readonly workload: WorkloadEntry;
  readonly options: Readonly<Record<string, number | string>>;
  readonly guestSliceNs?: number;
  /** Arrivals in a unit of time; 0 for a closed system. */
  readonly arrivalRate: number;
  /** Mean square of the service times. */
  readonly servers: number;
  /** Whether jobs enter service in the order in which they came, so that the i-th service drawn is that of the i-th arrival. */
  readonly isOneQueue: boolean;
}

/** Jobs that wait for one of `servers` at an 0.8 of what these can do. More than `slots` at once would end the run with an error. */
const open = { workload: workload('queue'), arrivalRate: 0, isOneQueue: true } as const;

function pool(policy: PolicyEntry, servers: number, slots: number): System {
  const options = { service: SERVICE_NS, rate: rateOption(38.4), slots };
  return { ...open, machine: uniform, policy, kind: 'bare', vcpus: slots, options, arrivalRate: 38.4, servers, isOneQueue: servers === 48 };
}

function rateOption(perUnit: number): number {
  return Math.round((perUnit * seconds(1)) / SERVICE_NS);
}

export const pooled = pool(oneQueue(Infinity), 48, 512);
export const pooledByNode = pool(queuePerNode, 6, 512);
export const pinnedJobs = pool(queuePerCpu, 1, 768);

/** Six CPUs shared equally by the jobs of one guest: its kernel goes round them in slices of this share of a mean service. */
export function shared(law: 'exp' | 'h2', slice: number): System {
  const options = { service: SERVICE_NS, rate: rateOption(4.8), slots: 512, law };
  const policy = withoutMemory(() => pinnedCpus([0, 1, 2, 3, 4, 5], Infinity));
  const guestSliceNs = SERVICE_NS * slice;
  return { ...open, machine: sixCpus, policy, kind: 'kvm', vcpus: 6, options, guestSliceNs, arrivalRate: 4.8, servers: 6 };
}

/** Twelve vCPUs that think and ask for service in turn, on six CPUs. */
export const closed: System = {
  machine: sixCpus,
  policy: oneQueue(Infinity),
  kind: 'bare',
  vcpus: 12,
  workload: workload('think'),
  options: { tasks: 12, think: SERVICE_NS, service: SERVICE_NS },
  arrivalRate: 0,
  servers: 6,
  isOneQueue: true,
};
