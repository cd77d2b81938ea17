/**
 * What a node is worth, in thousandths, as the kernel has it, from a matrix of distances and faults by node.
 * After: Linux 6.12 kernel/sched/fair.c, score_nearby_nodes, task_weight.
 */
export function slowWeight(
  slit: readonly (readonly number[])[],
  topology: string,
  faults: readonly number[],
  node: number,
  limit: number,
): number {
  const total = faults.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  const farthest = Math.max(...slit.flat());
  const scores = faults.map((count, other) => {
    const distance = slit[node]![other]!;
    if (other === node) return count;
    if (topology === 'direct' || distance === farthest) return 0;
    if (topology === 'backplane') return distance < limit ? count : 0;
    return Math.floor((count * (farthest - distance)) / (farthest - 10));
  });
  return Math.floor((1000 * scores.reduce((sum, score) => sum + score, 0)) / total);
}
