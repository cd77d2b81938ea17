import type { Kernel } from '../../../sim/policy-api.ts';
import type { NodeId } from '../../../sim/units.ts';

/** [node] bytes. Free memory below `low` is not given out while another node has more; what is demoted makes room up to `promotion`. */
export interface Watermarks {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly promotion: Float64Array;
}

/**
 * The marks of each node, one above the other by `scale` ten-thousandths of its memory, and by no less than a block.
 * After: Linux mm/page_alloc.c, __setup_per_zone_wmarks with watermark_scale_factor. Simplified: a node is one zone, and the lowest mark,
 * which is far below a thousandth of large nodes, counts as nothing (assumed).
 */
export function watermarksOf(k: Kernel, scale: number): Watermarks {
  const steps = (count: number): Float64Array =>
    Float64Array.from({ length: k.nodeCount }, (_, node) => {
      const blocks = Math.max(1, Math.floor((k.nodeMemoryBytes(node as NodeId) * scale) / 10_000 / k.blockBytes));
      return count * blocks * k.blockBytes;
    });
  return { low: steps(1), high: steps(2), promotion: steps(3) };
}
