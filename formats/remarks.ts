import { asRanges } from './id-list.ts';

const MOST_REMARKS = 200;

const OF_NODE = /\bnode (\d+)/;

/** Each once, one for all nodes that the same is said of, and not so many that nobody reads them. */
export function limitedRemarks(remarks: readonly string[]): string[] {
  const alike = new Map<string, Set<number>>(); // nodes by the remark without its node
  for (const remark of remarks) {
    const key = remark.replace(OF_NODE, 'node #');
    const nodes = alike.get(key) ?? new Set();
    alike.set(key, nodes);
    const node = OF_NODE.exec(remark)?.[1];
    if (node !== undefined) nodes.add(Number(node));
  }
  const once = [...alike].map(([key, found]) => {
    if (found.size === 0) return key;
    const nodes = [...found].sort((a, b) => a - b);
    return key.replace('node #', () => (nodes.length > 1 ? `each of nodes ${asRanges(nodes)}` : `node ${nodes[0]}`));
  });
  return once.length <= MOST_REMARKS ? once : [...once.slice(0, MOST_REMARKS), `and ${once.length - MOST_REMARKS} more remarks`];
}
