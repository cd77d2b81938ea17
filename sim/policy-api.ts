import type { OptionSpec, OptionValues } from './options.ts';
import type { CpuId, DsqId, GuestId, NodeId, VcpuId } from './units.ts';

/**
 * What a policy is made of. The cpu part has the names, order and contracts of sched_ext's ops (kernel/sched/ext.c); the word
 * "task" there is "vCPU" here. The core owns queues, idle state and ticks. Hooks are called on the hot path: they must not allocate.
 */
export interface Policy {
  readonly name: string;
  readonly placement?: PlacementPolicy;
  readonly cpu: CpuPolicy;
  readonly memory: MemoryPolicy;
}

/** Flags of a wake, as SCX_WAKE_*. FORK is the vCPU's first. */
export const WAKE_FORK = 1;
export const WAKE_TTWU = 2;

/** Flags of enqueue, as SCX_ENQ_*: why the vCPU is queued. */
export const ENQ_WAKEUP = 1;
/** Preempted with slice left. */
export const ENQ_PREEMPTED = 2;
/** Its slice ran out. */
export const ENQ_SLICE_END = 4;
/** Insert at the head of a FIFO queue. */
export const ENQ_HEAD = 8;
/** Nothing else waits for its CPU: only told to policies that ask for it (`enqLast`), else it keeps running. */
export const ENQ_LAST = 16;

/** The FIFO queue of the CPU that selectCpu chose, of CPU c (LOCAL_ON + c), and of the machine: SCX_DSQ_LOCAL, LOCAL_ON, GLOBAL. */
export const DSQ_LOCAL = -1 as DsqId;
export const DSQ_GLOBAL = -2 as DsqId;
export const DSQ_LOCAL_ON = 0x40000000;

export const KICK_IDLE = 1;
export const KICK_PREEMPT = 2;

/** Weight of nice 0, as in sched_ext (CGROUP_WEIGHT_DFL). */
export const DEFAULT_WEIGHT = 100;

/** SCX_SLICE_DFL. */
export const SLICE_DEFAULT_NS = 20_000_000;

export interface CpuPolicy {
  readonly name: string;
  /** SCX_OPS_ENQ_LAST: a vCPU whose slice is over, or taken away, is enqueued even if nothing else waits; so it can be moved. */
  readonly enqLast?: boolean;
  /** Ticks per second and CPU for `tick`; without it there are none. */
  readonly hz?: number;
  init?(k: Kernel): void;
  /** A hint, not binding: the CPU a waking vCPU should be queued on. May insert into DSQ_LOCAL at once, which skips enqueue. */
  selectCpu?(k: Kernel, vcpu: VcpuId, prev: CpuId, flags: number): CpuId;
  /** Must insert the vCPU into a queue. */
  enqueue(k: Kernel, vcpu: VcpuId, flags: number): void;
  /** A CPU has nothing in its local queue. `prev` still runs there if it is runnable, or is NONE. */
  dispatch?(k: Kernel, cpu: CpuId, prev: VcpuId): void;
  tick?(k: Kernel, vcpu: VcpuId, cpu: CpuId): void;
  runnable?(k: Kernel, vcpu: VcpuId, flags: number): void;
  running?(k: Kernel, vcpu: VcpuId, cpu: CpuId): void;
  stopping?(k: Kernel, vcpu: VcpuId, cpu: CpuId, runnable: boolean): void;
  quiescent?(k: Kernel, vcpu: VcpuId): void;
  updateIdle?(k: Kernel, cpu: CpuId, idle: boolean): void;
}

/** Helpers of the core, each named for the kfunc it stands for. */
export interface Kernel {
  /** scx_bpf_now */
  readonly nowNs: number;
  readonly cpuCount: number;
  readonly nodeCount: number;
  readonly guestCount: number;
  readonly vcpuCount: number;

  cpuNode(cpu: CpuId): NodeId;
  nodeSocket(node: NodeId): number;
  nodeFirstCpu(node: NodeId): CpuId;
  nodeCpuCount(node: NodeId): number;
  /** SLIT distance, what firmware says. */
  distance(from: NodeId, to: NodeId): number;
  /** The i-th nearest node by SLIT, ties by id; 0 is the node itself. */
  nthNearest(node: NodeId, i: number): NodeId;
  nodeMemoryBytes(node: NodeId): number;
  nodeFreeBytes(node: NodeId): number;
  /** Addresses below 4 GiB that are given to devices; the memory that would stand there is found above the top. */
  readonly memoryHoleBytes: number;
  readonly blockBytes: number;

  guestOf(vcpu: VcpuId): GuestId;
  guestKind(guest: GuestId): GuestKind;
  guestMemoryBytes(guest: GuestId): number;
  guestFirstVcpu(guest: GuestId): VcpuId;
  guestVcpuCount(guest: GuestId): number;
  /** Virtual nodes the guest believes in; 1 for a flat guest. */
  guestVnodeCount(guest: GuestId): number;
  /** The vnode that a block of guest-physical memory is in, 0 to guestVnodeCount - 1. */
  blockVnode(guest: GuestId, block: number): number;
  vcpuVnode(vcpu: VcpuId): number;
  /** The host's own background load: a guest of kind `bare`, and dom0, of kind `xen-pv`, with this true. */
  isHostNoise(guest: GuestId): boolean;
  weight(vcpu: VcpuId): number;
  /** scx_bpf_task_cpu: where it runs or last ran. */
  taskCpu(vcpu: VcpuId): CpuId;
  /** In selectCpu: where the wake is handled (bpf_get_smp_processor_id): the waker's CPU, or the one that took the interrupt. */
  readonly wakerCpu: CpuId;
  /** The vCPU that runs on a CPU, or NONE: scx_bpf_cpu_curr. */
  cpuCurr(cpu: CpuId): VcpuId;
  isRunning(vcpu: VcpuId): boolean;
  /** bpf_cpumask_test_cpu on the hard mask. */
  allows(vcpu: VcpuId, cpu: CpuId): boolean;
  /** CPU time it has had: p->se.sum_exec_runtime. */
  runtimeNs(vcpu: VcpuId): number;
  /** When it last stopped running; 0 if never. */
  stoppedNs(vcpu: VcpuId): number;

  /** scx_bpf_create_dsq: ids are small whole numbers of the policy's choice. */
  createDsq(dsq: DsqId): void;
  /** scx_bpf_dsq_insert. */
  dsqInsert(vcpu: VcpuId, dsq: DsqId, sliceNs: number, flags: number): void;
  /** scx_bpf_dsq_insert_vtime: lower first, ties in order of arrival. */
  dsqInsertVtime(vcpu: VcpuId, dsq: DsqId, sliceNs: number, vtime: number, flags: number): void;
  /** scx_bpf_dsq_move_to_local: first vCPU of the queue that may run here, in dispatch. */
  dsqMoveToLocal(dsq: DsqId): boolean;
  /** scx_bpf_dsq_nr_queued. */
  dsqNrQueued(dsq: DsqId): number;
  /** Cursor over a queue (bpf_for_each scx_dsq): its first vCPU, and the one after; NONE at the end. */
  dsqFirst(dsq: DsqId): VcpuId;
  dsqNext(vcpu: VcpuId): VcpuId;
  /** scx_bpf_dsq_move to the local queue of the dispatching CPU. False if it may not run there. */
  dsqMove(vcpu: VcpuId): boolean;

  isIdle(cpu: CpuId): boolean;
  nrIdle(node: NodeId): number;
  /** scx_bpf_test_and_clear_cpu_idle: claims an idle CPU, so that two wakes at one instant do not choose the same. */
  testAndClearIdle(cpu: CpuId): boolean;
  /** scx_bpf_pick_idle_cpu_node: claims the first idle CPU of a node the vCPU may use, from `start` on, wrapping; NONE without. */
  pickIdleCpuNode(vcpu: VcpuId, node: NodeId, start: CpuId): CpuId;
  /** scx_bpf_kick_cpu: KICK_IDLE lets an idle CPU look for work, KICK_PREEMPT ends the current slice. */
  kick(cpu: CpuId, flags: number): void;
  /** bpf_timer, periodic. */
  timer(periodNs: number, fire: (k: Kernel) => void): void;
  /** bpf_get_prandom_u32, from the policy's own stream, in [0, 1). */
  random(): number;
}

/** A guest is a virtual machine, or (`bare`) a group of processes of the host with one vCPU a thread. */
export type GuestKind = 'kvm' | 'xen-hvm' | 'xen-pv' | 'bare';

/** Where a guest goes when it arrives. */
export interface PlacementPolicy {
  readonly name: string;
  place(k: Kernel, guest: GuestId): Placement;
}

export interface Placement {
  /** CPUs its vCPUs may use; null for all. */
  readonly hardNodes: readonly NodeId[] | null;
  /** Node its memory is meant for, for memory parts that follow the placement; NONE for none. */
  readonly memoryNode: NodeId;
  /** Node it should run on without being held there; NONE for none. */
  readonly homeNode: NodeId;
}

export const FLOATING: Placement = { hardNodes: null, memoryNode: -1 as NodeId, homeNode: -1 as NodeId };

/** How memory falls back when the wanted node is full: to the nearest by SLIT, to the next id (Xen 4.0), or not at all (membind). */
export type Fallback = 'distance' | 'next-id' | 'none';

export interface MemoryPolicy {
  readonly name: string;
  /** Whether the host backs memory at its first touch ever (KVM) or all of it when the guest is built (Xen). */
  readonly backs: 'first-touch' | 'at-build';
  readonly fallback: Fallback;
  /** Node for a block of guest-physical memory; `node` is that of the touching CPU, or NONE at build. */
  alloc(k: Kernel, guest: GuestId, block: number, node: NodeId, placement: Placement): NodeId;
  /** Hint faults, as AutoNUMA has them: every `periodNs` of a vCPU's running, some blocks of what it works on are sampled. */
  readonly sampling?: { readonly periodNs: number; readonly blocks: number };
  /** A sampled access. Returns the node the block should move to, or NONE. */
  onHintFault?(k: Kernel, vcpu: VcpuId, blockNode: NodeId, cpuNode: NodeId): NodeId;
  /** Bytes that may be moved per second over the whole host. */
  readonly moveBytesPerSecond?: number;
}

/** A policy as users name it. */
export interface PolicyEntry {
  readonly name: string;
  readonly summary: string;
  /** What its rules are taken from. */
  readonly source: string;
  /** Whether it is given what no kernel could know. */
  readonly oracle: boolean;
  readonly options: readonly OptionSpec[];
  /** What no option shows alone: whether these go with a machine of so many nodes. @throws RangeError saying which does not, and what was wanted */
  check?(options: OptionValues, nodeCount: number): void;
  make(options: OptionValues): Policy;
  /** What it promises beyond what all must keep; the contract suite holds it to that. */
  readonly claims?: PolicyClaims;
}

export interface PolicyClaims {
  /** No CPU idles while a vCPU waits that could run there. */
  readonly workConserving?: boolean;
  /** vCPUs that compete share CPU time as their weights say. */
  readonly weights?: boolean;
  /** The policy without NUMA that it equals where there is but one kind of distance. */
  readonly numaBase?: string;
}

/** Joins parts into a policy; a later part replaces an earlier one of its kind. */
export function compose(name: string, ...parts: Partial<Omit<Policy, 'name'>>[]): Policy {
  const joined = Object.assign({}, ...parts) as Partial<Policy>;
  if (!joined.cpu || !joined.memory) throw new RangeError(`policy ${name}: want a cpu part and a memory part`);
  return { ...(joined as Policy), name };
}
