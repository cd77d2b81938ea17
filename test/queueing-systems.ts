import { uniform } from '../machines/uniform.ts';
import { run } from '../sim/engine.ts';
import type { MachineSpec } from '../sim/machine-spec.ts';
import { buildMachine } from '../sim/machine.ts';
import { defaultOptions } from '../sim/options.ts';
import { type CpuPolicy, DSQ_GLOBAL, DSQ_LOCAL, type Kernel, type MemoryPolicy, type Policy, type PolicyEntry } from '../sim/policy-api.ts';
import type { GuestRecord } from '../sim/recording.ts';
import type { Costs, GuestSpec } from '../sim/scenario.ts';
import { type CpuId, type DsqId, KiB, MiB, ms, type NodeId, NONE, seconds, type VcpuId } from '../sim/units.ts';
import { RUN, type WorkloadEntry } from '../sim/workload-api.ts';

/** Machines, policies and runs in which the simulator is a queue of the textbooks: nothing costs anything but the service itself. */

/** Mean service time of every system here: the unit of time of the closed forms. */
export const SERVICE_NS = ms(1);

/** One node of `uniform`, alone. */
export const sixCpus: MachineSpec = {
  ...uniform,
  name: 'six-cpus',
  sockets: 1,
  nodeSocket: [0],
  nodeCpus: [6],
  memoryGiB: { value: [16], source: 'assumed' },
  slit: { value: [[10]], source: 'assumed' },
  latencyNs: { value: [[67]], source: 'assumed' },
  links: { value: [], source: 'assumed' },
  nextHop: { value: [[0]], source: 'assumed' },
  controllerGBps: { value: [100], source: 'assumed' },
};

const local: MemoryPolicy = { name: 'local', backs: 'first-touch', fallback: 'distance', alloc: (_k, _guest, _block, node) => node };

export function policyOf(make: () => CpuPolicy): PolicyEntry {
  const build = (): Policy => ({ name: 'test', cpu: make(), memory: local });
  return { name: 'test', summary: '', source: 'queueing theory', oracle: false, options: [], make: build };
}

/** An idle CPU of the nodes from `first` on, `count` of them; NONE when all are busy. */
function idleCpu(k: Kernel, vcpu: VcpuId, first: number, count: number): CpuId {
  for (let node = first; node < first + count; node++) {
    const cpu = k.pickIdleCpuNode(vcpu, node as NodeId, k.nodeFirstCpu(node as NodeId));
    if (cpu !== NONE) return cpu;
  }
  return NONE;
}

/** One queue for the machine, first come first served, each to its end. */
export const oneQueue = policyOf(() => ({
  name: 'one-queue',
  selectCpu(k, vcpu, prev) {
    const cpu = idleCpu(k, vcpu, 0, k.nodeCount);
    if (cpu === NONE) return prev;
    k.dsqInsert(vcpu, DSQ_LOCAL, Infinity, 0);
    return cpu;
  },
  enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_GLOBAL, Infinity, 0),
}));

/** Each arrival goes to a node drawn evenly, and waits there in the one queue of the node. */
export const queuePerNode = policyOf(() => {
  let node = NONE as NodeId;
  return {
    name: 'queue-per-node',
    init(k) {
      for (let id = 0; id < k.nodeCount; id++) k.createDsq(id as DsqId);
    },
    selectCpu(k, vcpu) {
      node = Math.floor(k.random() * k.nodeCount) as NodeId;
      const cpu = idleCpu(k, vcpu, node, 1);
      if (cpu === NONE) return k.nodeFirstCpu(node);
      k.dsqInsert(vcpu, DSQ_LOCAL, Infinity, 0);
      return cpu;
    },
    enqueue: (k, vcpu) => k.dsqInsert(vcpu, node as number as DsqId, Infinity, 0),
    dispatch: (k, cpu) => void k.dsqMoveToLocal(k.cpuNode(cpu) as number as DsqId),
  };
});

/** Each arrival goes to a CPU drawn evenly, and waits in its queue. */
export const queuePerCpu = policyOf(() => ({
  name: 'queue-per-cpu',
  selectCpu: (k) => Math.floor(k.random() * k.cpuCount) as CpuId,
  enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_LOCAL, Infinity, 0),
}));

/** vCPU i belongs to CPU i, for ever. */
export const ownCpu = policyOf(() => ({
  name: 'own-cpu',
  selectCpu: (_k, vcpu) => vcpu as number as CpuId,
  enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_LOCAL, Infinity, 0),
}));

export interface System {
  readonly machine: MachineSpec;
  readonly policy: PolicyEntry;
  readonly kind: GuestSpec['kind'];
  readonly vcpus: number;
  readonly workload: WorkloadEntry;
  readonly options: Readonly<Record<string, number | string>>;
  readonly guestSliceNs?: number;
}

/** What was drawn in a run, in the order of the draws. */
export interface Draws {
  readonly arrivalsNs: number[];
  readonly servicesNs: number[];
  readonly thinksNs: number[];
}

/** Runs a system for `durationNs` from empty. Services take `bias` times as long as the draws say. */
export function observe(system: System, seed: string, durationNs: number, bias: number): { guest: GuestRecord; draws: Draws; instants: number } {
  const draws: Draws = { arrivalsNs: [], servicesNs: [], thinksNs: [] };
  const workload = watched(system.workload, draws, bias);
  const recording = run({
    machine: buildMachine(system.machine),
    policy: system.policy,
    policyOptions: {},
    guests: [
      {
        name: 'jobs',
        kind: system.kind,
        vcpus: system.vcpus,
        memoryBytes: MiB(2),
        weight: 1024,
        workload,
        options: { ...defaultOptions(workload.options), ...system.options },
        bootShare: 0,
      },
    ],
    seed,
    startGapNs: 0,
    durationNs,
    limitNs: seconds(1e6),
    ties: 'id',
    hostNoise: 0,
    blockBytes: MiB(2),
    costs: { ...noCosts, guestSliceNs: system.guestSliceNs ?? noCosts.guestSliceNs },
    checks: 'cheap',
  });
  if (recording.status !== 'ok') throw new Error(`${recording.status}: ${recording.message}`);
  return { guest: recording.guests[0]!, draws, instants: recording.instants };
}

const noCosts: Costs = {
  contextSwitchNs: 0,
  exitNs: 0,
  ipiNs: 0,
  guestFaultNs: 0,
  hostFaultNs: 0,
  coldCache: false,
  guestSliceNs: seconds(1),
};

/** The same workload, its draws noted, its services then stretched by `bias`. */
function watched(workload: WorkloadEntry, draws: Draws, bias: number): WorkloadEntry {
  return {
    ...workload,
    build(options, setup) {
      const program = workload.build(options, setup);
      let arrivalNs = 0;
      return {
        ...program,
        next(task, phase, calls) {
          program.next(task, phase, calls);
          if (phase.kind !== RUN) {
            if (phase.durationNs > 0) draws.thinksNs.push(phase.durationNs);
            return;
          }
          draws.servicesNs.push(phase.instructions / setup.clockGHz);
          phase.instructions *= bias;
        },
        ...(program.nextArrivalNs && {
          nextArrivalNs() {
            const gapNs = program.nextArrivalNs!();
            draws.arrivalsNs.push((arrivalNs += gapNs));
            return gapNs;
          },
        }),
      };
    },
  };
}
export { KiB };
