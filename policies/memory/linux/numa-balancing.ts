import type { HintFault, Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, type GuestId, NONE, type NodeId, PAGE_BYTES, type VcpuId } from '../../../sim/units.ts';
import { NumaGroup, NumaTask } from './numa-faults.ts';
import { NumaWeights } from './numa-weights.ts';
import { type ScanOptions, ScanPacing, type Sharing } from './scan.ts';
import { periodChangeMs } from './scan-rate.ts';
import { shouldMove } from './two-stage-filter.ts';

/** Longest time after which a vCPU that is not on its preferred node tries again to get there; and the share of its scan period. */
const MOST_RETRY_NS = 1e9;
const RETRIES_PER_PERIOD = 16;
const MS_NS = 1e6;

/** What the scheduler does for NUMA balancing. */
export interface NumaPlacer {
  /** Finds a vCPU, which runs and is not on its preferred node, a better CPU (task_numa_migrate). */
  migrate(k: Kernel, task: NumaTask): void;
  /** A vCPU is about to prefer another node (sched_setnuma). */
  prefers(k: Kernel, task: NumaTask, node: NodeId): void;
}

/**
 * NUMA balancing: memory is marked piece by piece, the faults that follow tell which vCPU uses what, and by them blocks are moved to vCPUs,
 * and vCPUs to their memory. What both the memory part and the cpu part of a policy know.
 * After: Linux 6.12 kernel/sched/fair.c: task_numa_fault, task_numa_placement, update_task_scan_period, task_numa_group,
 * numa_migrate_preferred, task_numa_free; mm/memory.c: do_numa_page. Guest memory counts as written to (no TNF_NO_GROUP), and no two
 * guests share any. A vCPU is known by its id, not by the low bits of one. Where a mapping has several blocks, who touched it last is kept by
 * block. At first a vCPU's share of run time is that of its life, where the kernel has its decayed average.
 */
export class NumaBalancing implements Sharing {
  readonly scan: ScanPacing;
  readonly weights: NumaWeights;
  /** [vcpu] what is known of it; nothing before its first fault. */
  readonly tasks: (NumaTask | undefined)[];
  placer: NumaPlacer | null = null;
  private readonly lastTouch: (Int32Array | undefined)[]; // [guest][block] 1 + vCPU of the guest * cpuCount + CPU; 0 for never (cpupid)
  private readonly arrivedNs: Float64Array; // [guest]
  private readonly failures: Float64Array; // [guest] moves that failed, as far as known
  private readonly lastNode: Int32Array; //   [vcpu] where it ran last, or NONE
  private readonly pages: number; //          of a block
  private readonly forced: NodeId;
  private groups = 0;

  /** @param forced node that whoever uses memory prefers by order, and from which none moves; NONE where faults tell */
  constructor(k: Kernel, options: ScanOptions, forced: NodeId = NONE) {
    this.forced = forced;
    this.scan = new ScanPacing(k, options, this);
    this.weights = new NumaWeights(k);
    this.tasks = Array<NumaTask | undefined>(k.vcpuCount).fill(undefined);
    this.lastTouch = Array<Int32Array | undefined>(k.guestCount).fill(undefined);
    this.arrivedNs = new Float64Array(k.guestCount);
    this.failures = new Float64Array(k.guestCount);
    this.lastNode = new Int32Array(k.vcpuCount).fill(NONE);
    this.pages = Math.max(1, k.blockBytes / PAGE_BYTES);
  }

  arrive(k: Kernel, guest: GuestId): void {
    this.arrivedNs[guest] = k.nowNs;
    this.failures[guest] = k.failedMoves(guest);
    this.scan.arrive(k, guest);
  }

  /** task_numa_free. */
  depart(k: Kernel, guest: GuestId): void {
    const first = k.guestFirstVcpu(guest);
    for (let i = 0; i < k.guestVcpuCount(guest); i++) {
      this.tasks[first + i] = undefined;
      this.lastNode[first + i] = NONE;
    }
    this.lastTouch[guest] = undefined;
  }

  /** A vCPU starts to run. One that was taken off its preferred node, or is new, begins its scan period anew (update_scan_period). */
  runs(k: Kernel, vcpu: VcpuId, cpu: CpuId): void {
    const from = this.lastNode[vcpu]! as NodeId;
    const to = k.cpuNode(cpu);
    if (from === to) return;
    this.lastNode[vcpu] = to;
    const task = this.tasks[vcpu];
    if (!task || from === NONE) return;
    if (task.sequence > 0 && (to === task.preferred || (task.preferred !== NONE && from !== task.preferred))) return;
    this.scan.periodMs[vcpu] = this.scan.startMs(k, vcpu);
  }

  /** do_numa_page. */
  fault(k: Kernel, fault: HintFault): void {
    const { guest, vcpu, block, node, cpuNode } = fault;
    const task = (this.tasks[vcpu] ??= new NumaTask(vcpu, k.nodeCount, this.arrivedNs[guest]!));
    if (this.forced !== NONE && task.preferred !== this.forced) this.prefer(k, task, this.forced);
    const touches = (this.lastTouch[guest] ??= new Int32Array(k.guestBlockCount(guest)));
    const first = k.guestFirstVcpu(guest);
    const last = touches[block]!;
    touches[block] = 1 + (vcpu - first) * k.cpuCount + fault.cpu;
    const lastCpu = (last === 0 ? NONE : (last - 1) % k.cpuCount) as CpuId;
    const lastVcpu = (last === 0 ? NONE : first + Math.floor((last - 1) / k.cpuCount)) as VcpuId;

    const lastNode = lastCpu === NONE ? NONE : k.cpuNode(lastCpu);
    const isWanted =
      this.forced === NONE && node !== cpuNode && k.nodeMemoryBytes(cpuNode) > 0 && shouldMove(task, lastVcpu, lastNode, node, cpuNode);
    const memoryNode = isWanted && k.moveBlock(guest, block, cpuNode) ? cpuNode : node;
    const isPrivate = lastVcpu === NONE || lastVcpu === vcpu;
    if (!isPrivate) this.joinGroup(k, task, lastVcpu, lastCpu);
    const isLocal = node === cpuNode || (!isPrivate && isWithinGroup(task.group, cpuNode, memoryNode));
    if (k.nowNs > task.retryNs) {
      this.settle(k, task);
      this.retry(k, task, cpuNode);
    }
    task.failed += this.newFailures(k, guest) * this.pages;
    task.faults.note(memoryNode, cpuNode, isPrivate, this.pages);
    if (isLocal) task.local += this.pages;
    else task.remote += this.pages;
  }

  /** Lets a vCPU prefer a node: sched_setnuma. */
  prefer(k: Kernel, task: NumaTask, node: NodeId): void {
    this.placer?.prefers(k, task, node);
    task.preferred = node;
  }

  /** The node a vCPU prefers, or NONE. */
  preferred(vcpu: VcpuId): NodeId {
    return this.tasks[vcpu]?.preferred ?? NONE;
  }

  stretchMs(vcpu: VcpuId, periodMs: number): number {
    const group = this.tasks[vcpu]?.group;
    if (!group) return periodMs;
    const { total, privateTotal } = group.faults;
    return Math.floor((periodMs * group.members * (total - privateTotal + 1)) / (total + 1));
  }

  /** Moves of a guest that have failed since this was last asked: put down to the vCPU that faults, as it mostly was its own. */
  private newFailures(k: Kernel, guest: GuestId): number {
    const failures = k.failedMoves(guest) - this.failures[guest]!;
    this.failures[guest]! += failures;
    return failures;
  }

  /** task_numa_group: two vCPUs that touch the same block, the other of which still runs where it did so, become one group. */
  private joinGroup(k: Kernel, task: NumaTask, lastVcpu: VcpuId, lastCpu: CpuId): void {
    if (!task.group) {
      task.group = new NumaGroup(this.groups++, k.nodeCount);
      task.group.faults.merge(task.faults, 1);
    }
    if (k.cpuCurr(lastCpu) !== lastVcpu) return;
    const from = task.group;
    const to = this.tasks[lastVcpu]?.group;
    if (!to || to === from || !from.yieldsTo(to)) return;
    from.faults.merge(task.faults, -1);
    to.faults.merge(task.faults, 1);
    from.members--;
    to.members++;
    task.group = to;
  }

  /** task_numa_placement: when a sequence is over, its faults are counted in, and say which node to prefer and how often to scan. */
  private settle(k: Kernel, task: NumaTask): void {
    const { faults, group } = task;
    const sequence = this.scan.sequence[k.guestOf(task.vcpu)]!;
    if (task.sequence === sequence) return;
    task.sequence = sequence;
    const longestMs = this.scan.longestMs(k, task.vcpu);
    const shared = faults.newFaults(false);
    const privates = faults.newFaults(true);
    faults.decay(task.runShare(k), task.local + task.remote, group?.faults ?? null);
    group?.countActiveNodes(k);
    const preferred = this.forced === NONE ? this.weights.preferredNode(k, task) : this.forced;
    if (preferred !== NONE && preferred !== task.preferred) this.prefer(k, task, preferred);
    this.adapt(k, task, privates, shared, longestMs);
  }

  /** update_task_scan_period. */
  private adapt(k: Kernel, task: NumaTask, privates: number, shared: number, longestMs: number): void {
    const { scan } = this;
    const { vcpu, local, remote } = task;
    const periodMs = scan.periodMs[vcpu]!;
    if (local + shared === 0 || task.failed > 0) {
      scan.periodMs[vcpu] = Math.min(longestMs, 2 * periodMs);
      scan.postpone(k, vcpu);
      return; // the kernel too forgets neither these faults nor that moves failed
    }
    const changedMs = periodMs + periodChangeMs(periodMs, local, remote, privates, shared);
    scan.periodMs[vcpu] = Math.max(scan.shortestMs(k, k.guestOf(vcpu)), Math.min(changedMs, scan.longestMs(k, vcpu)));
    task.local = task.remote = task.failed = 0;
  }

  /** numa_migrate_preferred. */
  private retry(k: Kernel, task: NumaTask, node: NodeId): void {
    if (task.preferred === NONE) return;
    task.retryNs = k.nowNs + Math.min(MOST_RETRY_NS, (this.scan.periodMs[task.vcpu]! * MS_NS) / RETRIES_PER_PERIOD);
    if (node !== task.preferred) this.placer?.migrate(k, task);
  }
}

/** A shared fault between nodes on which a group runs is as good as local. */
function isWithinGroup(group: NumaGroup | null, cpuNode: NodeId, memoryNode: NodeId): boolean {
  return group !== null && group.activeNodes > 1 && group.isActive(cpuNode) && group.isActive(memoryNode);
}
