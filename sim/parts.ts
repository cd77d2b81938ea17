/**
 * Equal contiguous parts of a row of items, as a guest's vCPUs and blocks are divided over its virtual nodes: sizes differ by one at
 * most. With as many items as parts or more, no part is empty.
 */

/** First item of a part; of part `parts`, one past the last item. */
export function partStart(part: number, items: number, parts: number): number {
  return Math.floor((part * items) / parts);
}

/** The part an item is in: the last whose start is not beyond it. */
export function partOf(item: number, items: number, parts: number): number {
  return Math.floor(((item + 1) * parts - 1) / items);
}
