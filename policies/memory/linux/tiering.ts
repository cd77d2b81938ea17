import type { CpuPolicy, HintFault, Kernel, MemoryPolicy, Policy } from '../../../sim/policy-api.ts';
import { ms, type NodeId } from '../../../sim/units.ts';
import { Demotion } from './demotion.ts';
import { markSlow } from './mark-slow.ts';
import { Promotion, type PromotionOptions } from './promotion.ts';
import { RecentUsers } from './recent-users.ts';
import { ScanPacing, type ScanOptions } from './scan.ts';
import { type Tiers, tiersOf } from './tiers.ts';
import { type Watermarks, watermarksOf } from './watermarks.ts';

export interface TieringOptions {
  readonly scan: ScanOptions;
  /** null promotes what is touched, hot or not: kernels before 6.1. */
  readonly hotSelection: PromotionOptions | null;
  readonly demotes: boolean;
  /** Ten-thousandths of a node's memory from one watermark to the next. */
  readonly watermarkScale: number;
}

/** How often the kernel threads that demote look whether there is something to do. Assumed; they are woken at once. */
const STEP_NS = ms(10);

/**
 * Memory of two speeds under numa_balancing = 2: first touch, on slow nodes where fast ones are short; blocks of slow nodes that are
 * touched soon after they were marked go up to the node of the CPU, cold ones of a fast node that is short of room go down. The pace of
 * marking stays as it begins: faults of slow memory are not counted, and only what is counted changes it.
 * Where no node is slow this is first touch, and the scheduler alone.
 * After: Linux 6.12, see promotion.ts, mark-slow.ts, demotion.ts, scan.ts; kernel/sched/fair.c, task_numa_fault (slow memory does not
 * count); mm/migrate.c, migrate_misplaced_folio_prepare (a node with no more than its high watermark free takes nothing and is
 * reclaimed); mm/page_alloc.c, get_page_from_freelist (low watermark).
 * @param cpu the scheduler, at whose ticks memory is marked
 */
export function tiering(cpu: CpuPolicy, options: TieringOptions): Pick<Policy, 'cpu' | 'memory'> {
  let parts: Parts | undefined;
  const partsOf = (k: Kernel): Parts => (parts ??= makeParts(k, options));
  const memory: MemoryPolicy = {
    name: 'tiering',
    backs: 'first-touch',
    fallback: 'distance',
    alloc: (k, _guest, _block, node) => nodeWithRoom(k, partsOf(k), node),
    onHintFault(k, fault) {
      const { tiers, demotion, mayGoUp } = partsOf(k);
      const isOfDemotion = demotion.touched(fault.guest, fault.block);
      if (isOfDemotion || tiers.isSlow[fault.node] === 0) return;
      if (mayGoUp.allows(k, fault, fault.cpuNode)) promote(k, partsOf(k), fault, options.demotes);
    },
    onMoved: (k, _guest, _block, from) => partsOf(k).demotion.moved(from),
    plan: { periodNs: STEP_NS, step: (k) => partsOf(k).demotion.step(k) },
  };
  return { cpu: scanning(cpu, partsOf), memory };
}

/** The scheduler, at whose ticks slow memory is marked. */
function scanning(cpu: CpuPolicy, partsOf: (k: Kernel) => Parts): CpuPolicy {
  return {
    ...cpu,
    guestInit(k, guest) {
      partsOf(k).scan.arrive(k, guest);
      cpu.guestInit?.(k, guest);
    },
    tick(k, vcpu, on) {
      const { tiers, scan } = partsOf(k);
      if (tiers.hasSlow) scan.tick(k, vcpu);
      cpu.tick?.(k, vcpu, on);
    },
  };
}

interface Parts {
  readonly tiers: Tiers;
  readonly marks: Watermarks;
  readonly scan: ScanPacing;
  readonly mayGoUp: { allows(k: Kernel, fault: HintFault, to: NodeId): boolean };
  readonly demotion: Demotion;
}

function makeParts(k: Kernel, { scan, hotSelection, watermarkScale }: TieringOptions): Parts {
  const tiers = tiersOf(k);
  const marks = watermarksOf(k, watermarkScale);
  const demotion = new Demotion(k, tiers, marks);
  const mark = markSlow(k, tiers, (guest, block) => demotion.disown(guest, block));
  return {
    tiers,
    marks,
    scan: new ScanPacing(k, scan, undefined, mark),
    mayGoUp: hotSelection ? new Promotion(k.nodeCount, hotSelection) : new RecentUsers(),
    demotion,
  };
}

/** The nearest node that keeps its low watermark, or as if there were no watermarks. */
function nodeWithRoom(k: Kernel, { tiers, marks }: Parts, node: NodeId): NodeId {
  if (!tiers.hasSlow) return node;
  for (let i = 0; i < k.nodeCount; i++) {
    const candidate = k.nthNearest(node, i);
    if (k.nodeFreeBytes(candidate) - k.blockBytes >= marks.low[candidate]!) return candidate;
  }
  return node;
}

function promote(k: Kernel, { marks, demotion }: Parts, { guest, block, cpuNode }: HintFault, demotes: boolean): void {
  if (k.nodeFreeBytes(cpuNode) - k.blockBytes >= marks.high[cpuNode]!) k.moveBlock(guest, block, cpuNode);
  else if (demotes) demotion.wake(cpuNode);
}
