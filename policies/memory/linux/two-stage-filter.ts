import { NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import { ACTIVE_NODE_FRACTION, type NumaTask } from './numa-faults.ts';

/** Sequences in which a vCPU's memory follows it at once: two passes of the filter. */
const EARLY_SEQUENCES = 4;

/**
 * Whether a block should follow a vCPU that faults on it, from the node where it lies to the one where the vCPU runs: if the fault before
 * was by the same vCPU, or from the same node by another and the group uses it there more than here.
 * After: Linux 6.12 kernel/sched/fair.c, should_numa_migrate_memory.
 * @param lastVcpu who touched it before, as far as faults tell, or NONE; `lastNode` is where that one ran
 */
export function shouldMove(task: NumaTask, lastVcpu: VcpuId, lastNode: NodeId, from: NodeId, to: NodeId): boolean {
  const isEarly = task.preferred === NONE || task.sequence <= EARLY_SEQUENCES;
  const isOwn = lastVcpu === task.vcpu;
  if (isEarly && (isOwn || lastVcpu === NONE)) return true;
  if (lastVcpu !== NONE && lastNode !== to) return false;
  if (isOwn || !task.group) return true;
  const { faults } = task.group;
  if (faults.cpu(to) > faults.cpu(from) * ACTIVE_NODE_FRACTION) return true;
  // faults.cpu / faults.memory, with a quarter of hysteresis
  return faults.cpu(to) * faults.memory(from) * 3 > faults.cpu(from) * faults.memory(to) * 4;
}
