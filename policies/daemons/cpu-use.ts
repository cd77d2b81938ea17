import type { Kernel } from '../../sim/policy-api.ts';
import { NONE, type NodeId } from '../../sim/units.ts';

/**
 * CPU time that vCPUs have had, and on which nodes, since it was last cleared, in ns. What a vCPU had since the last look counts for the
 * node it is on now: the interface has no idle time of CPUs (/proc/stat), so that this is as near as the looks are frequent.
 */
export class CpuUse {
  readonly vcpuNs: Float64Array;
  readonly nodeNs: Float64Array;
  sinceNs: number;
  private readonly seenNs: Float64Array; // [vcpu]

  constructor(k: Kernel) {
    this.vcpuNs = new Float64Array(k.vcpuCount);
    this.nodeNs = new Float64Array(k.nodeCount);
    this.seenNs = new Float64Array(k.vcpuCount);
    this.look(k);
    this.sinceNs = k.nowNs;
    this.clear(k);
  }

  look(k: Kernel): void {
    for (let vcpu = 0; vcpu < this.seenNs.length; vcpu++) {
      const ranNs = k.runtimeNs(vcpu as never);
      const usedNs = ranNs - this.seenNs[vcpu]!;
      if (usedNs === 0) continue;
      this.seenNs[vcpu] = ranNs;
      this.vcpuNs[vcpu]! += usedNs;
      const cpu = k.taskCpu(vcpu as never);
      if (cpu !== NONE) this.nodeNs[k.cpuNode(cpu) as NodeId]! += usedNs;
    }
  }

  clear(k: Kernel): void {
    this.vcpuNs.fill(0);
    this.nodeNs.fill(0);
    this.sinceNs = k.nowNs;
  }
}
