import type { HintFault, Kernel } from '../../../sim/policy-api.ts';
import { GiB, type NodeId, seconds } from '../../../sim/units.ts';

export interface PromotionOptions {
  /** A block is hot if it is touched so soon after it was marked: where the threshold begins. */
  readonly hotThresholdNs: number;
  /** Hot blocks taken to one node per second. */
  readonly bytesPerSecond: number;
  /** Whether the threshold follows the rate. */
  readonly adjusts: boolean;
  /** How often it does. */
  readonly adjustPeriodNs: number;
}

const WINDOW_NS = seconds(1);
/** The threshold moves in so many steps between nothing and twice what it began with. */
const STEPS = 16;
const PLENTY_BYTES = GiB(1);
const PLENTY_SHARE = 1 / 16;

/**
 * Which touched blocks of slow memory go up to a node. While that has plenty of room, all do. Else those that are hot: touched within a
 * threshold since they were marked. They are the candidates; once there were as many in a second as the rate allows, the rest of them
 * have to wait for the next second. Every so often the threshold of a node is set so that candidates come about as fast as they may go.
 * After: Linux 6.12 kernel/sched/fair.c, should_numa_migrate_memory, numa_promotion_rate_limit, numa_promotion_adjust_threshold,
 * pgdat_free_space_enough.
 */
export class Promotion {
  /** [node] ns */
  readonly thresholdNs: Float64Array;
  private readonly options: PromotionOptions;
  private readonly candidateBytes: Float64Array; // [node] so far
  private readonly windowNs: Float64Array; //       [node] when the present second began, and the candidates then
  private readonly windowBytes: Float64Array;
  private readonly adjustedNs: Float64Array; //     [node] when the threshold was last looked at, and the candidates then
  private readonly adjustedBytes: Float64Array;

  constructor(nodeCount: number, options: PromotionOptions) {
    this.options = options;
    this.thresholdNs = new Float64Array(nodeCount).fill(options.hotThresholdNs);
    this.candidateBytes = new Float64Array(nodeCount);
    this.windowNs = new Float64Array(nodeCount);
    this.windowBytes = new Float64Array(nodeCount);
    this.adjustedNs = new Float64Array(nodeCount);
    this.adjustedBytes = new Float64Array(nodeCount);
  }

  /** Whether a block of slow memory that was just touched may go to a node. */
  allows(k: Kernel, fault: HintFault, to: NodeId): boolean {
    if (hasPlenty(k, to)) {
      this.thresholdNs[to] = this.options.hotThresholdNs; // the work has changed
      return true;
    }
    if (this.options.adjusts) this.adjust(k.nowNs, to);
    if (k.nowNs - fault.markedNs >= this.thresholdNs[to]!) return false;
    return this.isWithinRate(k, to);
  }

  private isWithinRate(k: Kernel, to: NodeId): boolean {
    this.candidateBytes[to]! += k.blockBytes;
    if (k.nowNs - this.windowNs[to]! > WINDOW_NS) {
      this.windowNs[to] = k.nowNs;
      this.windowBytes[to] = this.candidateBytes[to]!;
    }
    return this.candidateBytes[to]! - this.windowBytes[to]! < this.options.bytesPerSecond;
  }

  private adjust(nowNs: number, to: NodeId): void {
    const { hotThresholdNs, bytesPerSecond, adjustPeriodNs } = this.options;
    if (nowNs - this.adjustedNs[to]! <= adjustPeriodNs) return;
    const came = this.candidateBytes[to]! - this.adjustedBytes[to]!;
    const wanted = bytesPerSecond * (adjustPeriodNs / WINDOW_NS);
    const step = (2 * hotThresholdNs) / STEPS;
    if (came * 10 > wanted * 11) this.thresholdNs[to] = Math.max(this.thresholdNs[to]! - step, step);
    else if (came * 10 < wanted * 9) this.thresholdNs[to] = Math.min(this.thresholdNs[to]! + step, 2 * hotThresholdNs);
    this.adjustedNs[to] = nowNs;
    this.adjustedBytes[to] = this.candidateBytes[to]!;
  }
}

function hasPlenty(k: Kernel, node: NodeId): boolean {
  return k.nodeFreeBytes(node) > Math.max(PLENTY_BYTES, k.nodeMemoryBytes(node) * PLENTY_SHARE);
}
