import type { HintFault, Kernel, MemoryPolicy } from '../../../sim/policy-api.ts';
import { ms, type NodeId } from '../../../sim/units.ts';
import { Demotion } from './demotion.ts';
import { Promotion, type PromotionOptions } from './promotion.ts';
import { RecentUsers } from './recent-users.ts';
import { type ScanOptions, SlowScan } from './slow-scan.ts';
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

/** How often the kernel threads look whether there is something to do. Assumed. */
const STEP_NS = ms(10);

/**
 * Memory of two speeds under numa_balancing = 2: first touch, on slow nodes where fast ones are short; blocks of slow nodes that are
 * touched soon after they were marked go up to the node of the CPU, cold ones of a fast node that is short of room go down.
 * Where no node is slow this is first touch.
 * After: Linux 6.12, see promotion.ts, slow-scan.ts, demotion.ts; mm/migrate.c, migrate_misplaced_folio_prepare (a node that has no more
 * than the high watermark free takes nothing and is reclaimed); mm/page_alloc.c, get_page_from_freelist (low watermark).
 */
export function tiering(options: TieringOptions): MemoryPolicy {
  let parts: Parts | undefined;
  const partsOf = (k: Kernel): Parts => (parts ??= makeParts(k, options));
  return {
    name: 'tiering',
    backs: 'first-touch',
    fallback: 'distance',
    alloc: (k, _guest, _block, node) => nodeWithRoom(k, partsOf(k), node),
    onHintFault(k, fault) {
      const { tiers, demotion, mayGoUp } = partsOf(k);
      if (tiers.isSlow[fault.node] === 0) demotion.touched(fault.guest, fault.block);
      else if (mayGoUp.allows(k, fault, fault.cpuNode)) promote(k, partsOf(k), fault, options.demotes);
    },
    onMoved(k, guest, block, from) {
      partsOf(k).demotion.moved(guest, block, from);
    },
    plan: {
      periodNs: STEP_NS,
      step(k) {
        const { tiers, scan, demotion } = partsOf(k);
        if (!tiers.hasSlow) return;
        scan.step(k);
        demotion.step(k);
      },
    },
  };
}

interface Parts {
  readonly tiers: Tiers;
  readonly marks: Watermarks;
  readonly scan: SlowScan;
  readonly mayGoUp: { allows(k: Kernel, fault: HintFault, to: NodeId): boolean };
  readonly demotion: Demotion;
}

function makeParts(k: Kernel, { scan, hotSelection, watermarkScale }: TieringOptions): Parts {
  const tiers = tiersOf(k);
  const marks = watermarksOf(k, watermarkScale);
  return {
    tiers,
    marks,
    scan: new SlowScan(k.guestCount, tiers, scan),
    mayGoUp: hotSelection ? new Promotion(k.nodeCount, hotSelection) : new RecentUsers(),
    demotion: new Demotion(k.nodeCount, tiers, marks),
  };
}

/** The nearest node that keeps more than its low watermark, or as if there were none. */
function nodeWithRoom(k: Kernel, { tiers, marks }: Parts, node: NodeId): NodeId {
  if (!tiers.hasSlow) return node;
  for (let i = 0; i < k.nodeCount; i++) {
    const candidate = k.nthNearest(node, i);
    if (k.nodeFreeBytes(candidate) - k.blockBytes >= marks.low[candidate]!) return candidate;
  }
  return node;
}

function promote(k: Kernel, { marks, demotion }: Parts, { guest, block, cpuNode }: HintFault, demotes: boolean): void {
  if (k.nodeFreeBytes(cpuNode) - k.blockBytes > marks.high[cpuNode]!) k.moveBlock(guest, block, cpuNode);
  else if (demotes) demotion.wake(cpuNode);
}
