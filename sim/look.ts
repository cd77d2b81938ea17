import { KINDS } from './black-box.ts';
import { VCPU_RUNNABLE } from './states.ts';
import type { World } from './world.ts';

/** The host at the moment of a decision, as a kernel knows it: just before what was decided came about. */
export interface Seen {
  readonly timeNs: number;
  readonly decided: Decided;
  /** The vCPU it is about; null where it is about none. */
  readonly vcpu: SeenVcpu | null;
  readonly guest: SeenGuest | null;
  readonly nodes: readonly SeenNode[];
  /** CPUs that this run or the other chose. */
  readonly cpus: readonly SeenCpu[];
}

export interface Decided {
  /** As `note` names it; or `place` or `back`. */
  readonly event: string;
  readonly guest: string | null;
  /** Counted from the guest's first. */
  readonly vcpu: number | null;
  readonly block: number | null;
  readonly cpu: number | null;
  readonly node: number | null;
  /** Of `weight`. */
  readonly weight: number | null;
  /** CPUs the vCPU may use from now on: of `affinity`. */
  readonly cpus: readonly number[] | null;
  readonly placement: SeenPlacement | null;
}

export interface SeenPlacement {
  /** [vCPU of the guest] CPUs each may use, and should rather use; null for all. */
  readonly hardCpus: readonly (readonly number[] | null)[];
  readonly softCpus: readonly (readonly number[] | null)[];
  readonly memoryNodes: readonly number[];
}

export interface SeenVcpu {
  readonly guest: string;
  readonly vcpu: number;
  /** Where it ran last; null before it first ran. */
  readonly lastCpu: number | null;
  readonly lastNode: number | null;
  /** How long it has been runnable without a CPU, if it is; and how long it has slept. */
  readonly waitedNs: number;
  readonly sleptNs: number;
  readonly allowedCpus: number;
}

export interface SeenGuest {
  readonly name: string;
  /** Its memory on each node. */
  readonly nodeBytes: readonly number[];
  /** vCPUs of it that run on each node. */
  readonly nodeRunning: readonly number[];
}

export interface SeenNode {
  readonly cpus: number;
  readonly idleCpus: number;
  /** vCPUs queued for its CPUs. */
  readonly waiting: number;
  readonly freeBytes: number;
}

export interface SeenCpu {
  readonly cpu: number;
  readonly node: number;
  readonly isIdle: boolean;
  /** Guest and vCPU that run there. */
  readonly running: { readonly guest: string; readonly vcpu: number } | null;
  readonly waiting: number;
}

/** @param lastCpu [vcpu] where each ran before the present decision */
export function look(w: World, what: number, a: number, b: number, lastCpu: Int32Array, chosen: readonly number[]): Seen {
  const [event, first, second] = KINDS[what]!;
  const of: Record<string, number | undefined> = { [first]: a, [second]: b };
  const block = of['block of all guests'];
  const backed = event === 'back' ? b : -1;
  const starting = event === 'run' ? a : -1;
  const guest = of.guest ?? (of.vcpu === undefined ? (block === undefined ? undefined : guestOfBlock(w, block)) : w.vcpuGuest[of.vcpu]!);
  const cpus = [...new Set([...(of.cpu === undefined ? [] : [of.cpu]), ...chosen])].sort((x, y) => x - y);
  return {
    timeNs: w.nowNs,
    decided: {
      event,
      guest: guest === undefined ? null : w.guests[guest]!.spec.name,
      vcpu: of.vcpu === undefined ? null : numberInGuest(w, of.vcpu),
      block: block === undefined ? null : block - w.memory.guestBlocks.first[guest!]!,
      cpu: of.cpu ?? null,
      node: of.node === undefined || of.node < 0 ? null : of.node,
      weight: of.weight ?? null,
      cpus: of.mask === undefined ? null : cpusIn(w.masks.allowed[of.mask]!),
      placement: event === 'place' ? placementOf(w, guest!) : null,
    },
    vcpu: of.vcpu === undefined ? null : vcpuOf(w, of.vcpu, event, lastCpu),
    guest: guest === undefined ? null : guestOf(w, guest, starting, backed),
    nodes: nodesOf(w, event, of.vcpu ?? -1, backed),
    cpus: cpus.map((cpu) => cpuOf(w, cpu, starting, event === 'wake' ? of.vcpu! : -1)),
  };
}

function vcpuOf(w: World, vcpu: number, event: string, lastCpu: Int32Array): SeenVcpu {
  const last = lastCpu[vcpu]!;
  const isWaiting = event === 'run' || (event !== 'wake' && w.vcpuState[vcpu] === VCPU_RUNNABLE);
  return {
    guest: w.guests[w.vcpuGuest[vcpu]!]!.spec.name,
    vcpu: numberInGuest(w, vcpu),
    lastCpu: last < 0 ? null : last,
    lastNode: last < 0 ? null : w.scenario.machine.cpuNode[last]!,
    waitedNs: isWaiting ? w.nowNs - w.waitSinceNs[vcpu]! : 0,
    sleptNs: event === 'wake' && last >= 0 ? w.nowNs - w.stoppedNs[vcpu]! : 0,
    allowedCpus: w.masks.counts[w.vcpuMask[vcpu]!]!,
  };
}

function guestOf(w: World, guest: number, starting: number, backed: number): SeenGuest {
  const { nodeCount, cpuNode } = w.scenario.machine;
  const { spec } = w.guests[guest]!;
  const nodeRunning = new Array<number>(nodeCount).fill(0);
  w.cpuVcpu.forEach((vcpu, cpu) => {
    if (vcpu >= 0 && vcpu !== starting && w.vcpuGuest[vcpu] === guest) nodeRunning[cpuNode[cpu]!]!++;
  });
  const blocks = w.memory.guestNodeBlocks.subarray(guest * nodeCount, (guest + 1) * nodeCount);
  const nodeBytes = Array.from(blocks, (count, node) => (count - (node === backed ? 1 : 0)) * w.scenario.blockBytes);
  return { name: spec.name, nodeBytes, nodeRunning };
}

/** A vCPU that is given a CPU at this moment still waits, and its CPU is idle; one that wakes is in no queue yet; a block is not backed yet. */
function nodesOf(w: World, event: string, subject: number, backed: number): SeenNode[] {
  const { nodeCount, cpuNode } = w.scenario.machine;
  const nodes = Array.from({ length: nodeCount }, (_, node) => ({
    cpus: 0,
    idleCpus: 0,
    waiting: 0,
    freeBytes: (w.memory.nodeFree[node]! + (node === backed ? 1 : 0)) * w.scenario.blockBytes,
  }));
  w.cpuVcpu.forEach((vcpu, cpu) => {
    if (w.masks.isOnline[cpu] === 0) return;
    const node = nodes[cpuNode[cpu]!]!;
    node.cpus++;
    if (vcpu < 0 || (event === 'run' && vcpu === subject)) node.idleCpus++;
  });
  w.vcpuState.forEach((state, vcpu) => {
    const isWaiting = vcpu === subject ? event === 'run' : state === VCPU_RUNNABLE;
    if (isWaiting) nodes[cpuNode[w.queuedCpu[vcpu]!]!]!.waiting++;
  });
  return nodes;
}

function cpuOf(w: World, cpu: number, starting: number, waking: number): SeenCpu {
  const vcpu = w.cpuVcpu[cpu] === starting ? -1 : w.cpuVcpu[cpu]!;
  let waiting = 0;
  w.vcpuState.forEach((state, other) => {
    if ((other === starting || state === VCPU_RUNNABLE) && other !== waking && w.queuedCpu[other] === cpu) waiting++;
  });
  return {
    cpu,
    node: w.scenario.machine.cpuNode[cpu]!,
    isIdle: vcpu < 0,
    running: vcpu < 0 ? null : { guest: w.guests[w.vcpuGuest[vcpu]!]!.spec.name, vcpu: numberInGuest(w, vcpu) },
    waiting,
  };
}

function placementOf(w: World, guest: number): SeenPlacement {
  const { firstVcpu, vcpuCount } = w.guests[guest]!;
  const masked = (masks: Int32Array): (readonly number[] | null)[] =>
    Array.from(masks.subarray(firstVcpu, firstVcpu + vcpuCount), (mask) => (mask === 0 ? null : cpusIn(w.masks.allowed[mask]!)));
  return { hardCpus: masked(w.vcpuMask), softCpus: masked(w.vcpuSoftMask), memoryNodes: [...w.placements[guest]!.memoryNodes] };
}

function guestOfBlock(w: World, block: number): number {
  const { first } = w.memory.guestBlocks;
  let guest = first.length - 1;
  while (first[guest]! > block) guest--;
  return guest;
}

function numberInGuest(w: World, vcpu: number): number {
  return vcpu - w.guests[w.vcpuGuest[vcpu]!]!.firstVcpu;
}

function cpusIn(bits: Uint8Array): number[] {
  return Array.from(bits.keys()).filter((cpu) => bits[cpu] === 1);
}
