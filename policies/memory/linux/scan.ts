import type { Kernel } from '../../../sim/policy-api.ts';
import { type GuestId, MiB, ms, type NodeId, type VcpuId } from '../../../sim/units.ts';

const MS_NS = ms(1);
/** A scan may pass over so many times its size of memory that has nothing to mark. */
const VIRTUAL_WINDOWS = 8;
/** MAX_SCAN_WINDOW: no vCPU marks more than this a second, so its period has a floor. */
const MOST_BYTES_PER_SECOND = MiB(2560);
/** Run time between scans is at least so many times what the last one cost: 3 % at most. */
const LEAST_RUN_PER_COST = 32;

export interface ScanOptions {
  /** From a guest's arrival to its first scan, ms, and what vCPUs start with as their period. */
  readonly delayMs: number;
  /** Shortest and longest time a vCPU takes to scan all memory of its guest, ms. */
  readonly minMs: number;
  readonly maxMs: number;
  /** Memory marked by one scan. */
  readonly sizeBytes: number;
  readonly hz: number;
}

/** sysctl_numa_balancing_scan_delay, scan_period_min, scan_period_max and scan_size; CONFIG_HZ. */
export const SCAN_DEFAULTS: ScanOptions = { delayMs: 1000, minMs: 1000, maxMs: 60_000, sizeBytes: MiB(256), hz: 250 };

/** What marking one mapping is thought to cost; the kernel has it from the clock (assumed). */
const MAPPING_NS = 100;

/** What is known of how vCPUs share memory. */
export interface Sharing {
  /** A period made longer the more of its group's memory a vCPU shares, ms; the same for one that is in no group. */
  stretchMs(vcpu: VcpuId, periodMs: number): number;
}

const ALONE: Sharing = { stretchMs: (_, periodMs) => periodMs };

/**
 * When a guest's memory is marked for hint faults, and by whom. A vCPU that has run for its scan period marks the next piece of memory,
 * unless another vCPU of its guest did so less than that one's period ago. At the end of memory a new sequence begins.
 * After: Linux 6.12 kernel/sched/fair.c: task_tick_numa, task_numa_work, init_numa_balancing, task_scan_min, task_scan_start,
 * task_scan_max, update_scan_period. Guest memory is one mapping that all its vCPUs use, so no VMA is passed over. vCPUs are threads that
 * the emulator starts, which begin with the delay as their period; task_scan_start is for its first thread.
 */
export class ScanPacing {
  /** [guest] how often all of its memory has been gone through (mm->numa_scan_seq). */
  readonly sequence: Int32Array;
  /** [vcpu] run time between its scans, ms (numa_scan_period). */
  readonly periodMs: Float64Array;
  private readonly options: ScanOptions;
  private readonly sharing: Sharing;
  private readonly mark: Kernel['markBlocks'];
  private readonly tickNs: number;
  private readonly nextScanNs: Float64Array; // [guest]
  private readonly nextBlock: Float64Array; //  [guest] where the next scan begins
  private readonly stampNs: Float64Array; //    [vcpu] run time at which its period began (node_stamp)

  /**
   * @param sharing what makes periods longer
   * @param mark marks blocks, and says how many it did; to leave some out
   */
  constructor(k: Kernel, options: ScanOptions, sharing: Sharing = ALONE, mark: Kernel['markBlocks'] = markAll(k)) {
    this.options = options;
    this.sharing = sharing;
    this.mark = mark;
    this.tickNs = Math.round(1e9 / options.hz);
    this.sequence = new Int32Array(k.guestCount);
    this.periodMs = new Float64Array(k.vcpuCount).fill(Infinity);
    this.nextScanNs = new Float64Array(k.guestCount);
    this.nextBlock = new Float64Array(k.guestCount);
    this.stampNs = new Float64Array(k.vcpuCount);
  }

  /** A guest arrives: init_numa_balancing. One without memory is never scanned. */
  arrive(k: Kernel, guest: GuestId): void {
    if (k.guestBlockCount(guest) === 0) return;
    const { delayMs } = this.options;
    this.sequence[guest] = 0;
    this.nextBlock[guest] = 0;
    this.nextScanNs[guest] = k.nowNs + delayMs * MS_NS;
    const first = k.guestFirstVcpu(guest);
    for (let i = 0; i < k.guestVcpuCount(guest); i++) {
      this.periodMs[first + i] = delayMs;
      this.stampNs[first + i] = k.runtimeNs((first + i) as VcpuId) + 2 * this.tickNs;
    }
  }

  /** At a tick of a vCPU that runs. @returns whether it has marked memory */
  tick(k: Kernel, vcpu: VcpuId): boolean {
    const periodNs = this.periodMs[vcpu]! * MS_NS;
    if (k.runtimeNs(vcpu) <= this.stampNs[vcpu]! + periodNs) return false;
    const guest = k.guestOf(vcpu);
    this.stampNs[vcpu]! += periodNs;
    if (k.nowNs < this.nextScanNs[guest]!) return false;
    this.nextScanNs[guest] = k.nowNs + periodNs;
    const marked = this.scan(k, guest);
    this.stampNs[vcpu]! += 2 * this.tickNs + LEAST_RUN_PER_COST * marked * MAPPING_NS; // so that another vCPU wins the next time
    return true;
  }

  /** task_scan_min: the shortest period, ms. */
  shortestMs(k: Kernel, guest: GuestId): number {
    const { minMs, sizeBytes } = this.options;
    const perSecond = sizeBytes < MOST_BYTES_PER_SECOND ? Math.floor(MOST_BYTES_PER_SECOND / sizeBytes) : 1;
    return Math.max(Math.floor(1000 / perSecond), Math.floor(minMs / this.windows(k, guest)));
  }

  /** task_scan_max: the longest, ms. */
  longestMs(k: Kernel, vcpu: VcpuId): number {
    const guest = k.guestOf(vcpu);
    const longest = Math.floor(this.options.maxMs / this.windows(k, guest));
    return Math.max(this.shortestMs(k, guest), longest, this.sharing.stretchMs(vcpu, longest));
  }

  /** task_scan_start: what to begin anew with, ms. */
  startMs(k: Kernel, vcpu: VcpuId): number {
    const shortest = this.shortestMs(k, k.guestOf(vcpu));
    return Math.max(shortest, this.sharing.stretchMs(vcpu, shortest));
  }

  /** The next scan of a vCPU's guest is its period away from now. */
  postpone(k: Kernel, vcpu: VcpuId): void {
    this.nextScanNs[k.guestOf(vcpu)] = k.nowNs + this.periodMs[vcpu]! * MS_NS;
  }

  /** task_nr_scan_windows: scans it takes to go through a guest's backed memory once. */
  private windows(k: Kernel, guest: GuestId): number {
    let bytes = 0;
    for (let node = 0 as NodeId; node < k.nodeCount; node++) bytes += k.guestNodeBytes(guest, node);
    return Math.max(1, Math.ceil(bytes / this.options.sizeBytes));
  }

  /** task_numa_work: marks one window that has something to mark, or ends at the end of memory. @returns mappings marked */
  private scan(k: Kernel, guest: GuestId): number {
    const window = Math.max(1, Math.round(this.options.sizeBytes / k.blockBytes));
    const end = k.guestBlockCount(guest);
    let block = this.nextBlock[guest]!;
    let marked = 0;
    let left = window; //                         still to mark
    let virtualLeft = window * VIRTUAL_WINDOWS; // still to pass over
    if (block >= end) {
      this.sequence[guest]!++;
      block = 0;
    }
    while (block < end && left > 0 && virtualLeft > 0) {
      const count = Math.min(left, end - block);
      const now = this.mark(guest, block, count);
      if (now > 0) left -= count;
      virtualLeft -= count;
      marked += now;
      block += count;
    }
    if (left > 0 && virtualLeft > 0) {
      this.sequence[guest]!++;
      block = 0;
    }
    this.nextBlock[guest] = block;
    return marked;
  }
}

function markAll(k: Kernel): Kernel['markBlocks'] {
  return (guest, first, count) => k.markBlocks(guest, first, count);
}
