import { uniform } from '../machines/uniform.ts';
import { run } from '../sim/engine.ts';
import type { MachineSpec } from '../sim/machine-spec.ts';
import { buildMachine } from '../sim/machine.ts';
import type { OptionValues } from '../sim/options.ts';
import { type CpuPolicy, DSQ_GLOBAL, DSQ_LOCAL, type PolicyEntry } from '../sim/policy-api.ts';
import type { GuestRecord } from '../sim/recording.ts';
import type { GuestKind } from '../sim/scenario.ts';
import { type CpuId, type DsqId, ms, type NodeId, NONE, seconds } from '../sim/units.ts';
import { type GuestProgram, RUN, SLEEP, type WorkloadEntry } from '../sim/workload-api.ts';
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
  readonly options: OptionValues;
  readonly guestSliceNs: number;
  /** Mean arrivals in a unit of time; 0 for a closed system. */
  readonly arrivalRate: number;
  /** CPUs that begin jobs in the order in which they came, so that the i-th service drawn is the i-th arrival's; 0 without such an order. */
  readonly inOrder: number;
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
export const pooled: System = { ...open(uniform, 48, 'exp'), ...thread, policy: oneQueue(Infinity), inOrder: 48 };
export const pooledByNode: System = { ...open(uniform, 48, 'exp'), ...thread, policy: queuePerNode, inOrder: 0 };
export const pinnedJobs: System = { ...open(uniform, 48, 'exp'), ...thread, policy: queuePerCpu, inOrder: 0 };

/** Six CPUs that the jobs of one guest share: its kernel goes round them in slices of this part of a mean service. */
export function shared(law: 'exp' | 'h2', slice: number): System {
  const policy = withoutMemory(() => pinnedCpus([0, 1, 2, 3, 4, 5], Infinity));
  return { ...open(sixCpus, 6, law), kind: 'kvm', vcpus: 6, guestSliceNs: SERVICE_NS * slice, policy, inOrder: 6 };
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
  inOrder: 0,
};

/** In units of the mean service. What happens in the warm-up does not count. */
export interface Horizon {
  readonly warmUp: number;
  readonly length: number;
  readonly replications: number;
}

export interface Observation {
  /** Mean time a job spends in the system. */
  readonly sojourn: number;
  /** Share of the jobs that wait before they begin. */
  readonly waiting: number;
  /** Jobs done in a unit of time. */
  readonly throughput: number;
  readonly controls: readonly number[];
}

/** Independent replications, each with a seed of its own that `name` is part of. Services take `bias` times what the controls see. */
export function replicate(name: string, system: System, horizon: Horizon, bias: number): Observation[] {
  return Array.from({ length: horizon.replications }, (_, i) => observe(system, `${name}/${i}`, horizon, bias));
}

export function measured(observations: readonly Observation[], figure: 'sojourn' | 'waiting' | 'throughput'): Replication[] {
  return observations.map((observation) => ({ measured: observation[figure], controls: observation.controls }));
}

/**
 * What a system does after its warm-up. A run that ends with the warm-up is, to the last draw, the beginning of the longer run of
 * the same seed, so its books are taken from that one's. The time that jobs spend inside is counted for all of them, whether they
 * came before the window, leave after it or both: over the window it is the integral of their number.
 */
function observe(system: System, seed: string, { warmUp, length }: Horizon, bias: number): Observation {
  const before = ran(system, seed, warmUp, bias);
  const whole = ran(system, seed, warmUp + length, bias);
  const grown = (figure: (record: GuestRecord) => number): number => figure(whole.record) - figure(before.record);
  const arrivals = whole.arrivals.length - before.arrivals.length;
  return {
    sojourn: grown((record) => record.lifetimeNs) / SERVICE_NS / arrivals,
    waiting: grown((record) => record.delayedWakes) / grown((record) => record.wakes),
    throughput: grown((record) => record.throughput.value * record.elapsedNs) / 1e9 / length,
    controls: system.arrivalRate > 0 ? openControls(system, before, whole, length) : closedControls(before, whole, length),
  };
}

/**
 * Sums over the window less what they are on average, as a share of the arrivals expected:
 * - arrivals;
 * - service drawn (a service is independent of whether it is drawn at all, so Wald's identity holds);
 * - arrivals that would find as many jobs inside as there are CPUs, were there a CPU for each. The number inside is then Poisson
 *   with the load for its mean, whatever the law of service (M/G/infinity), and seen so by arrivals, as they are Poisson too.
 */
function openControls(system: System, before: Ran, whole: Ran, length: number): number[] {
  const { arrivalRate, inOrder } = system;
  const expected = arrivalRate * length;
  const arrivals = whole.arrivals.length - before.arrivals.length;
  const controls = [arrivals / expected - 1, excess(whole.services, before.services.length) / expected];
  if (inOrder > 0) {
    const crowded = findingAtLeast(inOrder, whole, before.arrivals.length);
    controls.push(crowded / expected - poissonTail(arrivalRate, inOrder));
  }
  return controls;
}

/** Thinking and service drawn in the window, less their means. */
function closedControls(before: Ran, whole: Ran, length: number): number[] {
  return [excess(whole.thinks, before.thinks.length) / length, excess(whole.services, before.services.length) / length];
}

function excess(times: readonly number[], from: number): number {
  let sum = 0;
  for (let i = from; i < times.length; i++) sum += times[i]! - 1;
  return sum;
}

/** How many arrivals from the `from`-th on find `least` jobs inside or more, if each leaves its service after its arrival. */
function findingAtLeast(least: number, { arrivals, services }: Ran, from: number): number {
  const departures = Float64Array.from(services, (service, i) => arrivals[i]! + service).sort();
  let left = 0;
  let found = 0;
  for (let i = 0; i < arrivals.length; i++) {
    while (departures[left]! <= arrivals[i]!) left++;
    if (i >= from && i - left >= least) found++;
  }
  return found;
}

/** A run from empty, and what was drawn in it, in units of the mean service and in the order of the draws. */
interface Ran {
  readonly record: GuestRecord;
  readonly arrivals: readonly number[];
  readonly services: readonly number[];
  readonly thinks: readonly number[];
}

function ran(system: System, seed: string, length: number, bias: number): Ran {
  const arrivals: number[] = [];
  const services: number[] = [];
  const thinks: number[] = [];
  const watched: WorkloadEntry = {
    ...system.workload,
    build(options, setup) {
      const program = system.workload.build(options, setup);
      let arrivalNs = 0;
      const nextArrivalNs = (): number => {
        const gapNs = program.nextArrivalNs!();
        arrivalNs += gapNs;
        arrivals.push(arrivalNs / SERVICE_NS);
        return gapNs;
      };
      const next: GuestProgram['next'] = (task, phase, calls) => {
        program.next(task, phase, calls);
        if (phase.kind === SLEEP) thinks.push(phase.durationNs / SERVICE_NS);
        if (phase.kind !== RUN) return;
        services.push(phase.instructions / setup.clockGHz / SERVICE_NS);
        phase.instructions *= bias;
      };
      return program.nextArrivalNs ? { ...program, next, nextArrivalNs } : { ...program, next };
    },
  };
  const { vcpus, kind, options, guestSliceNs } = system;
  const recording = run(
    scenario({
      machine: buildMachine(system.machine),
      policy: system.policy,
      guests: [guest(watched, { vcpus, kind, set: options })],
      seed,
      durationNs: length * SERVICE_NS,
      limitNs: Infinity,
      costs: { ...FREE_COSTS, guestSliceNs },
      checks: 'cheap',
    }),
  );
  if (recording.status !== 'ok') throw new Error(`seed ${seed}: ${recording.status}, ${recording.message}`);
  arrivals.pop(); // the one after the end
  return { record: recording.guests[0]!, arrivals, services, thinks };
}
