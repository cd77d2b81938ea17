import type { MemoryPolicy } from './memory-policy.ts';
import type { OptionSpec, OptionValues } from './options.ts';
import type { CpuId, DsqId, GuestId, NodeId, VcpuId } from './units.ts';

export type { Fallback, HintFault, MemoryPolicy, PageSample } from './memory-policy.ts';

/**
 * What a policy is made of: where guests go when they arrive (placement), which vCPU runs where and when (cpu), where memory lies
 * (memory), and slow controllers in user space (daemons). The cpu part has the names, order and contracts of sched_ext's ops
 * (kernel/sched/ext.c); the word "task" there is "vCPU" here. The core owns queues, idle state and ticks. Hooks are called on the hot
 * path: they must not allocate. Every call of a hook or a helper costs time (Costs: hookNs, helperNs).
 */
export interface Policy {
  readonly name: string;
  readonly placement?: PlacementPolicy;
  readonly cpu: CpuPolicy;
  readonly memory: MemoryPolicy;
  readonly daemons?: readonly Daemon[];
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
/** It was taken out of its queue for a change of mask or weight, or its CPU went away: ENQUEUE_RESTORE of the core. */
export const ENQ_RESTORE = 32;
/** Insert into the local queue and take the CPU from what runs there: SCX_ENQ_PREEMPT. */
export const ENQ_PREEMPT = 64;

/** Flags of dequeue and quiescent: it goes to sleep, or is only taken out for a change (SCX_DEQ_SLEEP, DEQUEUE_SAVE of the core). */
export const DEQ_SLEEP = 1;
export const DEQ_SAVE = 2;

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

/**
 * A scheduler of vCPUs. Order of calls, as in the kernel:
 *   wake     selectCpu, runnable, enqueue (skipped if selectCpu inserted), [dispatch], running; selectCpu is skipped for a vCPU that
 *            may use one CPU only
 *   preempt  [dispatch], stopping(runnable), enqueue, running of the next
 *   yield    yield, then as preempt
 *   block    stopping(not runnable), quiescent, [dispatch], running of the next or updateIdle(idle)
 *   change   of mask or weight, of one that is queued: dequeue, quiescent, setCpumask or setWeight, runnable, enqueue(ENQ_RESTORE); of one
 *            that runs: stopping first, and with a new mask it is queued anew; of one that sleeps: the change alone
 *   arrive   guestInit, then initTask and enable of each vCPU
 *   exit     stopping and quiescent if it ran, dequeue and quiescent if it was queued, disable and exitTask of each vCPU, guestExit
 * A vCPU whose slice is over goes through enqueue, unless nothing waits: then it keeps running, with SLICE_DEFAULT_NS anew.
 */
export interface CpuPolicy {
  readonly name: string;
  /** SCX_OPS_ENQ_LAST: a vCPU whose slice is over, or taken away, is enqueued even if nothing else waits; so it can be moved. */
  readonly enqLast?: boolean;
  /** Ticks per second and CPU for `tick`; without it there are none. */
  readonly hz?: number;
  init?(k: Kernel): void;
  exit?(k: Kernel): void;
  /** A guest arrives or departs: cgroup_init, cgroup_exit. */
  guestInit?(k: Kernel, guest: GuestId): void;
  guestExit?(k: Kernel, guest: GuestId): void;
  initTask?(k: Kernel, vcpu: VcpuId): void;
  enable?(k: Kernel, vcpu: VcpuId): void;
  disable?(k: Kernel, vcpu: VcpuId): void;
  exitTask?(k: Kernel, vcpu: VcpuId): void;
  /** A hint, not binding: the CPU a waking vCPU should be queued on. May insert into DSQ_LOCAL at once, which skips enqueue. */
  selectCpu?(k: Kernel, vcpu: VcpuId, prev: CpuId, flags: number): CpuId;
  /** Must insert the vCPU into a queue. `k.taskCpu` is the CPU that selectCpu chose. */
  enqueue(k: Kernel, vcpu: VcpuId, flags: number): void;
  /** A queued vCPU is taken out, for a change or because it departs; it is in no queue any more. */
  dequeue?(k: Kernel, vcpu: VcpuId, flags: number): void;
  /** A CPU has nothing in its local queue. `prev` still runs there if it is runnable, or is NONE. */
  dispatch?(k: Kernel, cpu: CpuId, prev: VcpuId): void;
  tick?(k: Kernel, vcpu: VcpuId, cpu: CpuId): void;
  runnable?(k: Kernel, vcpu: VcpuId, flags: number): void;
  running?(k: Kernel, vcpu: VcpuId, cpu: CpuId): void;
  stopping?(k: Kernel, vcpu: VcpuId, cpu: CpuId, runnable: boolean): void;
  quiescent?(k: Kernel, vcpu: VcpuId, flags: number): void;
  /** The vCPU gives its CPU away (sched_yield). Without this hook its slice ends; with it that is up to `k.setSlice`. */
  yield?(k: Kernel, vcpu: VcpuId): void;
  updateIdle?(k: Kernel, cpu: CpuId, idle: boolean): void;
  setWeight?(k: Kernel, vcpu: VcpuId, weight: number): void;
  /** The hard or the soft mask has changed: see `allows` and `prefers`. */
  setCpumask?(k: Kernel, vcpu: VcpuId): void;
  cpuOnline?(k: Kernel, cpu: CpuId): void;
  /** What waits in its local queue has been, and what waits for it elsewhere must be, queued anew: `allows` is false from now on. */
  cpuOffline?(k: Kernel, cpu: CpuId): void;
}

/** A slow controller in user space: numad, a rebalancer. It may change masks and weights, and costs no hook on the hot path. */
export interface Daemon {
  readonly name: string;
  readonly periodNs: number;
  step(k: Kernel, act: Actuators): void;
}

/** What user space can set: sched_setaffinity(2), cgroup weights, and Xen's soft affinity. Hooks of the cpu part follow at once. */
export interface Actuators {
  /** CPUs a vCPU may use; null for all. @throws PolicyError for an empty list or a CPU that is none */
  setAffinity(vcpu: VcpuId, cpus: readonly CpuId[] | null): void;
  /** CPUs it should rather use; null for no preference. */
  setSoftAffinity(vcpu: VcpuId, cpus: readonly CpuId[] | null): void;
  setWeight(guest: GuestId, weight: number): void;
  /**
   * migrate_pages(2): all of a guest's memory on one node is moved to another, in the order of its addresses, by that node's kernel thread. Returns at
   * once; a later order for the same guest and node replaces it.
   */
  migratePages(guest: GuestId, from: NodeId, to: NodeId): void;
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
  /** Core, counted over the machine; CPUs of one core are its hardware threads and follow one another. */
  cpuCore(cpu: CpuId): number;
  nodeSocket(node: NodeId): number;
  nodeFirstCpu(node: NodeId): CpuId;
  nodeCpuCount(node: NodeId): number;
  /** SLIT distance, what firmware says. */
  distance(from: NodeId, to: NodeId): number;
  /** The i-th nearest node by SLIT, ties by id; 0 is the node itself. */
  nthNearest(node: NodeId, i: number): NodeId;
  /**
   * GB/s that the CPUs of one node read from the memory of another (or of the same) when nobody else does, as a kernel can measure at boot;
   * 0 for a node without CPUs. No firmware tells.
   */
  pairGBps(cpuNode: NodeId, memoryNode: NodeId): number;
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
  /** Virtual nodes the guest is given, whether or not it believes in them; 1 for a flat guest. */
  guestVnodeCount(guest: GuestId): number;
  /** The vnode that a block of guest-physical memory is in, 0 to guestVnodeCount - 1. */
  blockVnode(guest: GuestId, block: number): number;
  vcpuVnode(vcpu: VcpuId): number;
  /** The host's own background load: a guest of kind `bare`, and dom0, of kind `xen-pv`, with this true. */
  isHostNoise(guest: GuestId): boolean;
  weight(vcpu: VcpuId): number;
  /** The slice a thread asks for (sched_setattr, sched_runtime of SCHED_OTHER, p->se.slice); 0 where it asks for none. */
  sliceHint(vcpu: VcpuId): number;
  /** CPU time a guest may have, in percent of one CPU (Xen's cap); 0 for no limit. Enforced by policies that claim it. */
  cap(guest: GuestId): number;
  /** Whether the guest has arrived and not departed. */
  isHere(guest: GuestId): boolean;
  /** scx_bpf_task_cpu: where it runs or last ran; in enqueue, the CPU that selectCpu chose. */
  taskCpu(vcpu: VcpuId): CpuId;
  /** In selectCpu: where the wake is handled (bpf_get_smp_processor_id): the waker's CPU, or the one that took the interrupt. */
  readonly wakerCpu: CpuId;
  /** The vCPU that runs on a CPU, or NONE: scx_bpf_cpu_curr. */
  cpuCurr(cpu: CpuId): VcpuId;
  isRunning(vcpu: VcpuId): boolean;
  isRunnable(vcpu: VcpuId): boolean;
  /** bpf_cpumask_test_cpu on the hard mask, and the CPU is online. If none of the mask is, all are allowed (select_fallback_rq). */
  allows(vcpu: VcpuId, cpu: CpuId): boolean;
  /** Whether it may use some CPU of the node. */
  allowsNode(vcpu: VcpuId, node: NodeId): boolean;
  /** Number of CPUs it may use. */
  nrAllowed(vcpu: VcpuId): number;
  /** On the soft mask; true everywhere for a vCPU without one (hasSoft). sched_ext has none: keep it in task storage. */
  prefers(vcpu: VcpuId, cpu: CpuId): boolean;
  hasSoft(vcpu: VcpuId): boolean;
  /** First node of the guest's soft mask as it was placed, or NONE. */
  homeNode(guest: GuestId): NodeId;
  isOnline(cpu: CpuId): boolean;
  /** CPU time it has had: p->se.sum_exec_runtime. */
  runtimeNs(vcpu: VcpuId): number;
  /**
   * Counters of the performance monitoring unit, in ns: time in programs, and of it time the core stalled on memory (cycles, stalled-cycles;
   * bpf_perf_event_read_value). As of the last time they were saved, and not quite right: what was
   * counted between two readings, but for pmuRunNs, is off by up to 2 % at random.
   */
  pmuRunNs(vcpu: VcpuId): number;
  pmuStallNs(vcpu: VcpuId): number;
  /** The same way: instructions it ran, its accesses to the last-level cache, and its lines fetched from a node's memory. */
  pmuInstructions(vcpu: VcpuId): number;
  pmuAccesses(vcpu: VcpuId): number;
  pmuLines(vcpu: VcpuId, node: NodeId): number;
  /** Counter of the memory controllers and links: lines that CPUs of one node fetched from the memory of another (or of the same). */
  nodeLines(cpuNode: NodeId, memoryNode: NodeId): number;
  /** When it last stopped running; 0 if never. */
  stoppedNs(vcpu: VcpuId): number;

  /**
   * Blocks of a guest are numbered from 0, in guest-physical order. Where a mapping is huge (`huge`), what is said of one of its blocks
   * holds for all of them. guestBlockCount: how many there are, backed or not.
   */
  guestBlockCount(guest: GuestId): number;
  /** Backed memory of a guest on a node: numa_maps. */
  guestNodeBytes(guest: GuestId, node: NodeId): number;
  /** Host node of a block, or NONE when it is not backed: page_to_nid. */
  blockNode(guest: GuestId, block: number): NodeId;
  /**
   * change_prot_numa: the next access to each of the backed blocks in [first, first + count) is a hint fault. Costs `markNs` a mapping.
   * @returns blocks that are marked now and were not before
   */
  markBlocks(guest: GuestId, first: number, count: number): number;
  /**
   * Asks for a block to be moved: migrate_pages. In onHintFault the vCPU that faulted copies it before it runs on, elsewhere the kernel
   * thread of the node it goes to (as kcompactd: one a node with CPUs); both compete for CPUs, controllers and links like all else.
   * False, and nothing done, when it is there already, not backed, on its way, or replicated; when its cooldown or the rate forbids it; when the
   * target has no room (counted in failedMoves), or when too many wait. The move may still fail later, if the room is gone by then.
   */
  moveBlock(guest: GuestId, block: number, to: NodeId): boolean;
  /** Bytes that moveBytesPerSecond allows to be asked for now. */
  readonly moveRoomBytes: number;
  /** Moves of the guest's blocks that failed so far because the target was full. */
  failedMoves(guest: GuestId): number;
  /** Asks for a copy of a block on another node, from which reads by that node's CPUs are then served; the first write drops all copies. */
  replicateBlock(guest: GuestId, block: number, node: NodeId): boolean;
  /** Splits a huge mapping into blocks, so that each has its own marks and moves; costs `splitNs`. False when it is none. */
  splitBlock(guest: GuestId, block: number): boolean;
  /** Joins a mapping that was split (khugepaged), if all its blocks are on one node; costs a copy of it. False when it cannot be. */
  mergeBlock(guest: GuestId, block: number): boolean;

  /** scx_bpf_create_dsq: ids are small whole numbers of the policy's choice. */
  createDsq(dsq: DsqId): void;
  /** scx_bpf_dsq_insert. A queue of one's own is either FIFO or by vtime while anything is in it. */
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
  /** scx_bpf_dsq_move and scx_bpf_dsq_move_vtime to another queue of one's own, or DSQ_LOCAL_ON; in dispatch or a timer. */
  dsqMoveTo(vcpu: VcpuId, dsq: DsqId): boolean;
  dsqMoveVtime(vcpu: VcpuId, dsq: DsqId, vtime: number): boolean;
  /** Queue it is in, or NONE; local queues are DSQ_LOCAL_ON + CPU. */
  dsqOf(vcpu: VcpuId): DsqId;
  /** scx_bpf_task_set_slice: what a running vCPU still has; 0 ends its slice at this instant. */
  setSlice(vcpu: VcpuId, sliceNs: number): void;

  isIdle(cpu: CpuId): boolean;
  nrIdle(node: NodeId): number;
  /** scx_bpf_test_and_clear_cpu_idle: claims an idle CPU, so that two wakes at one instant do not choose the same. */
  testAndClearIdle(cpu: CpuId): boolean;
  /** scx_bpf_pick_idle_cpu_node: claims the first idle CPU of a node the vCPU may use, from `start` on, wrapping; NONE without. */
  pickIdleCpuNode(vcpu: VcpuId, node: NodeId, start: CpuId): CpuId;
  /** scx_bpf_pick_idle_cpu: claims an idle CPU the vCPU may use, lowest first; NONE without. */
  pickIdleCpu(vcpu: VcpuId): CpuId;
  /** scx_bpf_select_cpu_dfl: claims `prev` if idle, else an idle CPU of its node (its last-level cache), else any; NONE without. */
  selectCpuDfl(vcpu: VcpuId, prev: CpuId): CpuId;
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
  /** Nodes on whose CPUs its vCPUs may run; null for all. */
  readonly hardNodes: readonly NodeId[] | null;
  /** [vCPU of the guest] CPUs each may use, in place of hardNodes; null for all. */
  readonly hardCpus?: readonly (readonly CpuId[] | null)[];
  /** Nodes its vCPUs should rather run on without being held there, the first is home; null for no preference. */
  readonly softNodes: readonly NodeId[] | null;
  /** Nodes its memory is meant for, for memory parts that follow the placement; empty for none. */
  readonly memoryNodes: readonly NodeId[];
}

export const FLOATING: Placement = { hardNodes: null, softNodes: null, memoryNodes: [] };

/** A policy as users name it. */
export interface PolicyEntry {
  readonly name: string;
  readonly summary: string;
  /** What its rules are taken from. */
  readonly source: string;
  /** Whether it is given what no kernel could know. */
  readonly oracle: boolean;
  readonly options: readonly OptionSpec[];
  /** What it promises beyond what all must keep; the contract suite holds it to that. */
  readonly claims?: PolicyClaims;
  /**
   * What no option shows alone: whether these go with a machine of so many nodes, and CPUs on each.
   * @throws RangeError saying which does not, and what was wanted
   */
  check?(options: OptionValues, nodeCount: number, nodeCpus: readonly number[]): void;
  make(options: OptionValues): Policy;
}

export interface PolicyClaims {
  /** No CPU idles while a vCPU waits that may run there, but for the time a hand-over takes. */
  readonly workConserving?: boolean;
  /** CPU time of busy vCPUs goes by weight. */
  readonly weights?: boolean;
  /** A guest has no more CPU time than its cap. */
  readonly caps?: boolean;
  /** Each vCPU has a CPU of its own; those there are too many of wait for ever. */
  readonly oneToOne?: boolean;
  /** The policy it is but for what it knows of nodes: the same where all memory is equally far. */
  readonly numaBase?: string;
}

/** Joins parts into a policy; a later part replaces an earlier one of its kind. */
export function compose(name: string, ...parts: Partial<Omit<Policy, 'name'>>[]): Policy {
  const joined = Object.assign({}, ...parts) as Partial<Policy>;
  if (!joined.cpu || !joined.memory) throw new RangeError(`policy ${name}: want a cpu part and a memory part`);
  return { ...(joined as Policy), name };
}
