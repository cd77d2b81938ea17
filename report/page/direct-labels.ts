/**
 * Places for labels that want to stand at `wanted` (pixels from the top): as near to them as may be, `gap` apart, in the order of
 * what they want. Labels that touch move apart as one block around their middle.
 */
export function spread(wanted: readonly number[], gap: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  let blocks: { members: number[]; middle: number }[] = [];
  for (const at of order) {
    blocks.push({ members: [at], middle: wanted[at]! });
    while (blocks.length > 1 && touches(blocks.at(-2)!, blocks.at(-1)!, gap)) {
      const members = blocks.slice(-2).flatMap((block) => block.members);
      const middle = members.reduce((sum, member) => sum + wanted[member]!, 0) / members.length;
      blocks = [...blocks.slice(0, -2), { members, middle }];
    }
  }
  const places: number[] = [];
  for (const { members, middle } of blocks) {
    members.forEach((member, i) => (places[member] = middle + (i - (members.length - 1) / 2) * gap));
  }
  return places;
}

interface Block {
  readonly members: readonly number[];
  readonly middle: number;
}

function touches(above: Block, below: Block, gap: number): boolean {
  return below.middle - above.middle < ((above.members.length + below.members.length) / 2) * gap;
}
