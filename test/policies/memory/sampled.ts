import { roundRobin } from '../../../policies/cpu/round-robin.ts';
import type { MemoryPolicy, PageSample } from '../../../sim/policy-api.ts';
import { type CpuId, type GuestId, ms, type NodeId, type VcpuId } from '../../../sim/units.ts';
import { type Fake, fakeKernel, type FakeSpec } from '../fake-kernel.ts';

/** A memory policy in a kernel in which it is told of samples, and time passes, as a test wants. */
export interface Sampled {
  readonly k: Fake;
  readonly policy: MemoryPolicy;
  /** Blocks of guest 0 lie on these nodes. */
  lie(...nodes: number[]): void;
  /** A CPU is sampled so many times at a block of guest 0, or another. */
  sample(block: number, cpu: number, count?: number, what?: { isWrite?: boolean; guest?: number }): void;
  /** A period passes, then the policy plans; returns what it asked for. */
  plan(): string[];
}

export function sampled(policy: MemoryPolicy, spec: FakeSpec): Sampled {
  const k = fakeKernel(spec);
  k.start(roundRobin(ms(1)));
  return {
    k,
    policy,
    lie: (...nodes) => nodes.forEach((node, block) => (k.memory.nodes[0]![block] = node as NodeId)),
    sample(block, cpu, count = 1, { isWrite = false, guest = 0 } = {}) {
      const node = k.memory.nodes[guest]![block]!;
      const cpuNode = k.cpuNode(cpu as CpuId);
      const one: PageSample = { guest: guest as GuestId, vcpu: 0 as VcpuId, block, node, cpu: cpu as CpuId, cpuNode, isWrite };
      for (let i = 0; i < count; i++) policy.onSample!(k, one);
    },
    plan() {
      k.pass(policy.plan!.periodNs);
      const before = k.memory.orders.length;
      policy.plan!.step(k);
      return k.memory.orders.slice(before);
    },
  };
}
