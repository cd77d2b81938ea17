import type { Daemon, Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, type GuestId, NONE, type NodeId, seconds, type VcpuId } from '../../../sim/units.ts';
import { type Fake, type FakeSpec, fakeKernel } from '../fake-kernel.ts';

const BLOCK_MB = 64;

/** A host in which a test says how much each vCPU ran, waits, and where its guest's memory is; daemons see it as time passes. */
export interface FakeHost {
  readonly fake: Fake;
  readonly k: Kernel;
  /** What daemons did, in their order: 'guest.vcpu on cpus' for masks that changed, and as FakeMemory's orders. Read and cleared by `told`. */
  told(): string[];
  /** [vcpu] CPU time it has of each second, in percent; and whether it waits whenever it is looked at. */
  readonly percent: number[];
  readonly waits: boolean[];
  /** [vcpu] CPU it is on. */
  readonly on: number[];
  readonly gone: Set<number>;
  /** [node] memory that the host itself has taken, in MB. */
  readonly takenMB: number[];
  /** Puts a guest's memory anew: so many MB on each node, in blocks of 64 MB. */
  lay(guest: number, mB: readonly number[]): void;
  /** Time passes, the daemon has its steps. */
  pass(daemon: Daemon, ns: number): void;
}

export function fakeHost(spec: FakeSpec): FakeHost {
  const fake = fakeKernel({ blockGiB: BLOCK_MB / 1024, ...spec });
  const vcpus = Array.from({ length: fake.vcpuCount }, (_, vcpu) => vcpu as VcpuId);
  const runtimeNs = vcpus.map(() => 0);
  const told: string[] = [];
  const masks = new Map<VcpuId, string>();
  let nowNs = 0;
  const host: Omit<FakeHost, 'k'> & { k: Kernel } = {
    fake,
    k: fake,
    percent: vcpus.map(() => 0),
    waits: vcpus.map(() => false),
    on: vcpus.map(() => NONE),
    gone: new Set(),
    takenMB: spec.nodeCpus.map(() => 0),
    told: () => told.splice(0),
    lay(guest, mB) {
      const nodes = mB.flatMap((inMB, node) => Array<NodeId>(inMB / BLOCK_MB).fill(node as NodeId));
      fake.memory.nodes[guest]!.fill(NONE);
      nodes.forEach((node, block) => (fake.memory.nodes[guest]![block] = node));
    },
    pass(daemon, ns) {
      for (const endNs = nowNs + ns; nowNs + daemon.periodNs <= endNs;) {
        nowNs += daemon.periodNs;
        vcpus.forEach((vcpu) => (runtimeNs[vcpu]! += (host.percent[vcpu]! * daemon.periodNs) / 100));
        daemon.step(host.k, act);
        told.push(...fake.memory.orders.splice(0));
      }
    },
  };
  const act: typeof fake.act = {
    ...fake.act,
    setAffinity(vcpu, cpus) {
      fake.act.setAffinity(vcpu, cpus);
      const guest = fake.guestOf(vcpu);
      const text = `${guest}.${vcpu - fake.guestFirstVcpu(guest)} on ${cpus?.join(',') ?? 'all'}`;
      if (masks.get(vcpu) !== text) told.push(text);
      masks.set(vcpu, text);
      if (cpus && !cpus.includes(host.on[vcpu] as CpuId)) host.on[vcpu] = cpus[0]!;
    },
  };
  const usedBytes = (node: NodeId): number =>
    spec.guests.reduce((sum, _, guest) => sum + (host.gone.has(guest) ? 0 : fake.guestNodeBytes(guest as GuestId, node)), 0);
  const changes: Partial<Kernel> = {
    runtimeNs: (vcpu) => runtimeNs[vcpu]!,
    taskCpu: (vcpu) => host.on[vcpu] as CpuId,
    isRunnable: (vcpu) => host.waits[vcpu]!,
    isRunning: (vcpu) => !host.waits[vcpu]! && host.percent[vcpu]! > 0,
    isHere: (guest) => !host.gone.has(guest),
    nodeFreeBytes: (node) => fake.nodeMemoryBytes(node) - usedBytes(node) - host.takenMB[node]! * 1024 ** 2,
  };
  host.k = Object.assign(Object.create(fake, { nowNs: { get: () => nowNs } }) as Kernel, changes);
  return host;
}

export const SECOND = seconds(1);
