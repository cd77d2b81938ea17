import type { Kernel } from '../../../sim/policy-api.ts';
import { NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import type { NodeRule } from './held-nodes.ts';

export interface BrmOptions {
  readonly periodNs: number;
  /** Share of a new reading in the averages. */
  readonly gain: number;
  /** By how much a bias changes at a time. */
  readonly step: number;
  /** Share by which a penalty must differ from the usual one to have risen or fallen. */
  readonly margin: number;
  /** Of the draw of a node, as a share of the usual penalty: 0+ for the best only, much for any. */
  readonly temperature: number;
  readonly firstBias: number;
  readonly mostBias: number;
}

/**
 * vCPUs wander with a bias for nodes where memory keeps them waiting less. Each vCPU has for each node a bias to stay there and an average of its
 * penalty there: the time it stalls on memory per instruction. Every period in which it ran, its bias for the node it is on grows if its
 * penalty has not risen above what is usual for it, or else it shrinks; then with the probability 1 - bias it draws a node
 * by softmax of minus the penalties, those of nodes it never saw taken as usual, and is held there. Memory stays.
 * After: J. Rao, K. Wang, X. Zhou, C.-Z. Xu, "Optimizing virtual machine scheduling in NUMA multicore systems", HPCA 2013, reconstructed
 * from its abstract. Assumed: all of the above but that migration is random with a bias to lower penalty; and every option.
 */
export function brm(options: BrmOptions): NodeRule {
  let wanderers: Wanderers;
  return {
    periodNs: options.periodNs,
    step(k, held) {
      wanderers ??= wanderersOf(k, options);
      for (let vcpu = 0 as VcpuId; vcpu < k.vcpuCount; vcpu++) {
        if (!k.isHere(k.guestOf(vcpu))) {
          wanderers.forget(vcpu);
          continue;
        }
        const cpu = k.taskCpu(vcpu);
        if (cpu === NONE) continue;
        const here = k.cpuNode(cpu);
        const next = wanderers.read(k, vcpu, here) ? wanderers.choose(k, vcpu, here) : NONE;
        if (next !== NONE) held.send(k, vcpu, next);
      }
    },
  };
}

/** What each vCPU has learnt. */
export interface Wanderers {
  readonly bias: Float64Array; //    [vcpu * nodeCount + node] to stay there
  readonly penalty: Float64Array; // [vcpu * nodeCount + node] ns per instruction, 0 where it has not been
  /** Takes in the counters of a vCPU that is on a node. False if it has not run since the last time. */
  read(k: Kernel, vcpu: VcpuId, here: NodeId): boolean;
  /** Node it goes to, or NONE if it draws none. */
  choose(k: Kernel, vcpu: VcpuId, here: NodeId): NodeId;
  forget(vcpu: VcpuId): void;
}

export function wanderersOf({ vcpuCount, nodeCount }: Kernel, options: BrmOptions): Wanderers {
  const { gain, step, margin, temperature, firstBias, mostBias } = options;
  const bias = new Float64Array(vcpuCount * nodeCount).fill(firstBias);
  const penalty = new Float64Array(vcpuCount * nodeCount);
  const usual = new Float64Array(vcpuCount); //        [vcpu] its penalty wherever it was, 0 before the first reading
  const instructions = new Float64Array(vcpuCount); // [vcpu] at the last reading
  const stallNs = new Float64Array(vcpuCount);
  const share = new Float64Array(nodeCount); //        [node] of the present draw

  const averaged = (old: number, now: number): number => (old === 0 ? now : old + gain * (now - old));

  return {
    bias,
    penalty,
    read(k, vcpu, here) {
      const ran = k.pmuInstructions(vcpu) - instructions[vcpu]!;
      if (ran <= 0) return false;
      const stalledNs = k.pmuStallNs(vcpu) - stallNs[vcpu]!;
      instructions[vcpu]! += ran;
      stallNs[vcpu]! += stalledNs;
      const now = Math.max(0, stalledNs / ran);
      const at = vcpu * nodeCount + here;
      if (usual[vcpu]! > 0) {
        const hasRisen = now > usual[vcpu]! * (1 + margin);
        bias[at] = hasRisen ? Math.max(0, bias[at]! - step) : Math.min(mostBias, bias[at]! + step);
      }
      penalty[at] = averaged(penalty[at]!, now);
      usual[vcpu] = averaged(usual[vcpu]!, now);
      return true;
    },
    choose(k, vcpu, here) {
      if (usual[vcpu] === 0 || k.random() >= 1 - bias[vcpu * nodeCount + here]!) return NONE;
      let total = 0;
      for (let node = 0 as NodeId; node < nodeCount; node++) {
        const known = penalty[vcpu * nodeCount + node]!;
        const relative = (known === 0 ? usual[vcpu]! : known) / usual[vcpu]! - 1;
        share[node] = k.allowsNode(vcpu, node) ? Math.exp(-relative / temperature) : 0;
        total += share[node]!;
      }
      let left = k.random() * total;
      let drawn: NodeId = NONE;
      for (let node = 0 as NodeId; node < nodeCount && left >= 0; node++) {
        if (share[node] === 0) continue;
        left -= share[node]!;
        drawn = node;
      }
      return drawn;
    },
    forget(vcpu) {
      if (instructions[vcpu] === 0) return;
      bias.fill(firstBias, vcpu * nodeCount, (vcpu + 1) * nodeCount);
      penalty.fill(0, vcpu * nodeCount, (vcpu + 1) * nodeCount);
      usual[vcpu] = 0;
    },
  };
}
