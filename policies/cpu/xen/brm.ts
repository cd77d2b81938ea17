import type { Kernel } from '../../../sim/policy-api.ts';
import { NONE, type NodeId, type VcpuId } from '../../../sim/units.ts';
import type { NodeRule } from './held-nodes.ts';

export interface BrmOptions {
  readonly periodNs: number;
  /** Share of a new reading in the averages. */
  readonly gain: number;
  /** By how much a bias changes at a time. */
  readonly step: number;
  /** Share by which a penalty must be above the least to count as more. */
  readonly margin: number;
  /** Of the draw of a node, as a share of the least penalty: small for the best only, large for any. */
  readonly temperature: number;
  readonly firstBias: number;
  readonly mostBias: number;
}

/** Penalty of a node it has not been on. */
const UNSEEN = -1;

/**
 * vCPUs wander with a bias for nodes where memory keeps them waiting less. Each vCPU has for each node a bias to stay there and an average of its
 * penalty there: the time it stalls on memory per instruction. Every period in which it ran, its bias for the node it is on shrinks if
 * its penalty was more than the least it knows, and grows if it was not, once it knows all nodes; then with the probability 1 - bias it
 * draws a node by softmax of minus the penalties, those of nodes it never saw taken as the least, and is held there. Memory stays.
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
        const cpu = k.taskCpu(vcpu);
        if (!k.isHere(k.guestOf(vcpu)) || cpu === NONE) continue;
        const here = k.cpuNode(cpu);
        const next = wanderers.read(k, vcpu, here) ? wanderers.choose(k, vcpu, here) : NONE;
        if (next !== NONE) held.send(k, vcpu, next);
      }
    },
  };
}

/** What each vCPU has learnt. */
export interface Wanderers {
  readonly bias: Float64Array; // [vcpu * nodeCount + node] to stay there
  /** Takes in the counters of a vCPU that is on a node. False if it has not run since the last time. */
  read(k: Kernel, vcpu: VcpuId, here: NodeId): boolean;
  /** Node it goes to, or NONE if it draws none. */
  choose(k: Kernel, vcpu: VcpuId, here: NodeId): NodeId;
}

export function wanderersOf({ vcpuCount, nodeCount }: Kernel, options: BrmOptions): Wanderers {
  const { gain, step, margin, temperature, firstBias, mostBias } = options;
  const bias = new Float64Array(vcpuCount * nodeCount).fill(firstBias);
  const penalty = new Float64Array(vcpuCount * nodeCount).fill(UNSEEN); // [vcpu * nodeCount + node] average, ns per instruction
  const instructions = new Float64Array(vcpuCount); // [vcpu] at the last reading
  const stallNs = new Float64Array(vcpuCount);
  const share = new Float64Array(nodeCount); //        [node] of the present draw

  /** The least average of a vCPU. */
  function least(vcpu: VcpuId): number {
    let found = Infinity;
    for (let node = 0; node < nodeCount; node++) {
      const known = penalty[vcpu * nodeCount + node]!;
      if (known !== UNSEEN && known < found) found = known;
    }
    return found;
  }

  function knowsAll(k: Kernel, vcpu: VcpuId): boolean {
    for (let node = 0 as NodeId; node < nodeCount; node++)
      if (penalty[vcpu * nodeCount + node] === UNSEEN && k.allowsNode(vcpu, node)) return false;
    return true;
  }

  return {
    bias,
    read(k, vcpu, here) {
      const ran = k.pmuInstructions(vcpu) - instructions[vcpu]!;
      if (ran <= 0) return false;
      const stalledNs = k.pmuStallNs(vcpu) - stallNs[vcpu]!;
      instructions[vcpu]! += ran;
      stallNs[vcpu]! += stalledNs;
      const now = stalledNs / ran;
      const at = vcpu * nodeCount + here;
      penalty[at] = penalty[at] === UNSEEN ? now : penalty[at]! + gain * (now - penalty[at]!);
      if (now > least(vcpu) * (1 + margin)) bias[at] = Math.max(0, bias[at]! - step);
      else if (knowsAll(k, vcpu)) bias[at] = Math.min(mostBias, bias[at]! + step);
      return true;
    },
    choose(k, vcpu, here) {
      const best = least(vcpu);
      if (best === 0 || k.random() >= 1 - bias[vcpu * nodeCount + here]!) return NONE; // it waits for memory nowhere, or stays
      let total = 0;
      for (let node = 0 as NodeId; node < nodeCount; node++) {
        const known = penalty[vcpu * nodeCount + node]!;
        const more = known === UNSEEN ? 0 : known / best - 1;
        share[node] = k.allowsNode(vcpu, node) ? Math.exp(-more / temperature) : 0;
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
  };
}
