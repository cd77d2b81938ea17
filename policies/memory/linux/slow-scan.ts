import type { Kernel } from '../../../sim/policy-api.ts';
import { MiB, type GuestId, type NodeId, ms, seconds, type VcpuId } from '../../../sim/units.ts';
import type { Tiers } from './tiers.ts';

export interface ScanOptions {
  /** Memory of a guest that is looked at in one go. */
  readonly scanBytes: number;
  /** Time in which all of a guest's memory is looked at, as long as that is no more than MOST_BYTES_PER_SECOND. */
  readonly periodNs: number;
}

const DELAY_NS = seconds(1);
const MOST_BYTES_PER_SECOND = MiB(2560);
/** Where nothing is slow, the next windows are looked at, so many at most. */
const WINDOWS = 8;

/**
 * Marks the blocks of guests that lie on slow nodes, window after window, so that it is seen when they are touched next.
 * After: Linux 6.12 kernel/sched/fair.c, task_numa_work, task_scan_min; mm/mprotect.c, which passes over the top tier while only
 * tiering is on. The pace stays as it begins: hint faults of slow memory are not counted (task_numa_fault), and what is not counted
 * does not change it. Simplified: a kernel thread scans for the guest, once it has run for a period, and not one of its threads.
 */
export class SlowScan {
  private readonly options: ScanOptions;
  private readonly tiers: Tiers;
  private readonly nextNs: Float64Array; //    [guest] 0 before it was seen
  private readonly nextBlock: Int32Array; //   [guest]
  private readonly runtimeNs: Float64Array; // [guest] as its last scan found it

  constructor(guestCount: number, tiers: Tiers, options: ScanOptions) {
    this.options = options;
    this.tiers = tiers;
    this.nextNs = new Float64Array(guestCount);
    this.nextBlock = new Int32Array(guestCount);
    this.runtimeNs = new Float64Array(guestCount);
  }

  step(k: Kernel): void {
    for (let guest = 0 as GuestId; guest < k.guestCount; guest++) {
      if (!k.isHere(guest)) continue;
      if (this.nextNs[guest] === 0) this.nextNs[guest] = k.nowNs + DELAY_NS;
      else if (k.nowNs >= this.nextNs[guest]!) this.scanIfDue(k, guest);
    }
  }

  private scanIfDue(k: Kernel, guest: GuestId): void {
    const periodNs = this.periodOf(k, guest);
    const runtimeNs = runtimeOf(k, guest);
    if (runtimeNs - this.runtimeNs[guest]! < periodNs) return;
    this.runtimeNs[guest] = runtimeNs;
    this.nextNs[guest] = k.nowNs + periodNs;
    this.scan(k, guest);
  }

  /** Time between two scans of a guest: less, the more memory it has. */
  private periodOf(k: Kernel, guest: GuestId): number {
    const { scanBytes, periodNs } = this.options;
    let bytes = 0;
    for (let node = 0 as NodeId; node < k.nodeCount; node++) bytes += k.guestNodeBytes(guest, node);
    const leastNs = (scanBytes / MOST_BYTES_PER_SECOND) * seconds(1);
    return Math.max(leastNs, ms(1), periodNs / Math.max(1, Math.ceil(bytes / scanBytes)));
  }

  private scan(k: Kernel, guest: GuestId): void {
    const blocks = k.guestBlockCount(guest);
    const window = Math.max(1, Math.floor(this.options.scanBytes / k.blockBytes));
    let first = this.nextBlock[guest]!;
    for (let i = 0; i < WINDOWS && first < blocks; i++) {
      const end = Math.min(first + window, blocks);
      const marked = this.markSlow(k, guest, first, end);
      first = end;
      if (marked > 0) break;
    }
    this.nextBlock[guest] = first < blocks ? first : 0;
  }

  /** Marks in runs, as a call for each block would cost more. */
  private markSlow(k: Kernel, guest: GuestId, first: number, end: number): number {
    let marked = 0;
    let run = first;
    for (let block = first; block < end; block++) {
      const node = k.blockNode(guest, block);
      if (node >= 0 && this.tiers.isSlow[node] === 1) continue;
      if (block > run) marked += k.markBlocks(guest, run, block - run);
      run = block + 1;
    }
    return end > run ? marked + k.markBlocks(guest, run, end - run) : marked;
  }
}

function runtimeOf(k: Kernel, guest: GuestId): number {
  const first = k.guestFirstVcpu(guest);
  let sumNs = 0;
  for (let vcpu: number = first; vcpu < first + k.guestVcpuCount(guest); vcpu++) sumNs += k.runtimeNs(vcpu as VcpuId);
  return sumNs;
}
