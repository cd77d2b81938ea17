import { uniform } from '../machines/uniform.ts';
import type { MachineSpec } from '../sim/machine-spec.ts';
import type { OptionValues } from '../sim/options.ts';
import { type CpuPolicy, DSQ_GLOBAL, DSQ_LOCAL, type GuestKind, type PolicyEntry } from '../sim/policy-api.ts';
import { type CpuId, type DsqId, ms, type NodeId, NONE, seconds } from '../sim/units.ts';
import type { WorkloadEntry } from '../sim/workload-api.ts';
import { asEntry, onNodes, pinnedCpus, workload } from './sim/scenario-fixture.ts';

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
  readonly options: OptionValues;
  readonly guestSliceNs: number;
  /** Mean arrivals in a unit of time; 0 for a closed system. */
  readonly arrivalRate: number;
  /**
   * With this many jobs inside it is crowded: a measure that helps to predict how long they stay. 0 where jobs do not begin in the order
   * in which they came, so that it is not known whose the i-th service drawn is.
   */
  readonly crowd: number;
}

const LOAD = 0.8;
/** Room for more jobs at once than ever come together: an arrival without room would end the run with an error. */
const SLOTS = 768;

function open(machine: MachineSpec, cpus: number, law: string): Pick<System, 'machine' | 'workload' | 'options' | 'arrivalRate'> {
  const arrivalRate = LOAD * cpus;
  const rate = Math.round((arrivalRate * seconds(1)) / SERVICE_NS);
  return { machine, workload: workload('queue'), options: { service: SERVICE_NS, rate, law, slots: SLOTS }, arrivalRate };
}

const thread = { kind: 'bare', vcpus: SLOTS, guestSliceNs: SERVICE_NS } as const;

/** 48 CPUs and jobs for 0.8 of them: all in one queue, in a queue a node, in a queue a CPU. */
export const pooled: System = { ...open(uniform, 48, 'exp'), ...thread, policy: oneQueue(Infinity), crowd: 48 };
export const pooledByNode: System = { ...open(uniform, 48, 'exp'), ...thread, policy: queuePerNode, crowd: 0 };
export const pinnedJobs: System = { ...open(uniform, 48, 'exp'), ...thread, policy: queuePerCpu, crowd: 0 };

/** Six CPUs that the jobs of one guest share: its kernel goes round them in slices of this part of a mean service. */
export function shared(law: 'exp' | 'h2', slice: number): System {
  const policy = withoutMemory(() => pinnedCpus([0, 1, 2, 3, 4, 5], Infinity));
  return { ...open(sixCpus, 6, law), kind: 'kvm', vcpus: 6, guestSliceNs: SERVICE_NS * slice, policy, crowd: 10 };
}

/** Twelve vCPUs that think and ask for service in turn, on six CPUs. */
export const closed: System = {
  machine: sixCpus,
  policy: oneQueue(Infinity),
  kind: 'bare',
  vcpus: 12,
  workload: workload('think'),
  options: { tasks: 12, think: SERVICE_NS, service: SERVICE_NS },
  guestSliceNs: SERVICE_NS,
  arrivalRate: 0,
  crowd: 0,
};
