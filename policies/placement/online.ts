import type { Kernel } from '../../sim/policy-api.ts';
import type { CpuId, NodeId } from '../../sim/units.ts';

/** CPUs of a node that are online. */
export function onlineCpus(k: Kernel, node: NodeId): number {
  let count = 0;
  for (const cpu of cpusOf(k, [node])) if (k.isOnline(cpu)) count++;
  return count;
}

/** Cores of a node with a CPU online: hardware threads of one core follow one another. */
export function onlineCores(k: Kernel, node: NodeId): number {
  let count = 0;
  let last = -1;
  for (const cpu of cpusOf(k, [node])) {
    if (!k.isOnline(cpu) || k.cpuCore(cpu) === last) continue;
    last = k.cpuCore(cpu);
    count++;
  }
  return count;
}

/** CPUs of some nodes, online or not, in their order. */
export function cpusOf(k: Kernel, nodes: readonly NodeId[]): CpuId[] {
  return nodes.flatMap((node) => Array.from({ length: k.nodeCpuCount(node) }, (_, i) => (k.nodeFirstCpu(node) + i) as CpuId));
}
