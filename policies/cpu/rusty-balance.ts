import type { NodeId, VcpuId } from '../../sim/units.ts';

/** Shares of the mean load beyond which a node, and a domain, has too much or too little. */
const NODE_IMBALANCE = 0.17;
const DOMAIN_IMBALANCE = 0.05;
/** Share of the smaller imbalance that one move should be of, and share of its own that a node gives away at most in a round. */
const TRANSFER_TARGET = 0.5;
const PUSH_MAX = 0.5;

/** A domain of CPUs that share a last-level cache; here each is a node. */
export interface Domain {
  readonly node: NodeId;
  load: number;
}

/** A vCPU that could be moved. */
export interface Candidate {
  readonly vcpu: VcpuId;
  readonly load: number;
  /** Domain it belongs to; a vCPU is moved once in a round. */
  readonly node: NodeId;
  allows(node: NodeId): boolean;
}

/**
 * One round of balancing: from the busiest node to the idlest, one vCPU a pair, the one whose load is nearest to half of what either is
 * off by, if that makes the two less uneven.
 * After: scx_rusty src/load_balance.rs, balance_between_nodes, transfer_between_nodes, try_find_move_task. As each node has one domain
 * there is nothing to balance within nodes.
 * @param move told of each move; loads are those afterwards
 */
export function balanceNodes(domains: readonly Domain[], candidates: readonly Candidate[], move: (vcpu: VcpuId, to: NodeId) => void): void {
  const average = domains.reduce((sum, { load }) => sum + load, 0) / domains.length;
  const moved = new Set<VcpuId>();
  const isOff = (by: number, share: number): boolean => Math.abs(by) > average * share;
  const left = [...domains].sort((a, b) => a.load - b.load || a.node - b.node);
  while (left.length >= 2) {
    const push = left.pop()!;
    if (push.load <= average || !isOff(push.load - average, NODE_IMBALANCE)) break;
    const cutoff = (push.load - average) * PUSH_MAX;
    let pushed = 0;
    for (const pull of [...left].sort((a, b) => a.load - b.load || a.node - b.node)) {
      if (pushed >= cutoff || pull.load >= average || !isOff(pull.load - average, NODE_IMBALANCE)) break;
      if (push.load <= average || !isOff(push.load - average, DOMAIN_IMBALANCE)) break;
      const chosen = nearest(candidates, moved, push, pull, average);
      if (!chosen) continue;
      moved.add(chosen.vcpu);
      push.load -= chosen.load;
      pull.load += chosen.load;
      pushed += chosen.load;
      move(chosen.vcpu, pull.node);
    }
    left.sort((a, b) => a.load - b.load || a.node - b.node);
  }
}

/** The heaviest of those that weigh no more than the transfer wanted, or the lightest of the others: what leaves the pair less uneven. */
function nearest(
  candidates: readonly Candidate[],
  moved: ReadonlySet<VcpuId>,
  push: Domain,
  pull: Domain,
  average: number,
): Candidate | undefined {
  const toPush = push.load - average;
  const toPull = average - pull.load;
  const wanted = Math.min(toPush, toPull) * TRANSFER_TARGET;
  let below: Candidate | undefined;
  let above: Candidate | undefined;
  for (const candidate of candidates) {
    if (candidate.node !== push.node || moved.has(candidate.vcpu) || !candidate.allows(pull.node)) continue;
    if (candidate.load <= wanted && (!below || candidate.load > below.load)) below = candidate;
    if (candidate.load >= wanted && (!above || candidate.load < above.load)) above = candidate;
  }
  const unevenness = (load: number): number => Math.abs(toPush - load) + Math.abs(toPull - load);
  const chosen = below && above ? (unevenness(below.load) <= unevenness(above.load) ? below : above) : (below ?? above);
  return chosen && unevenness(chosen.load) <= toPush + toPull ? chosen : undefined;
}

/** A running average of whether a vCPU wants a CPU, 0..1, that forgets half in `halfLifeNs` (ravg, as a continuous average). */
export interface DutyCycles {
  /** From now on it does, or does not. */
  set(vcpu: VcpuId, nowNs: number, isRunnable: boolean): void;
  get(vcpu: VcpuId, nowNs: number): number;
}

export function dutyCycles(vcpuCount: number, halfLifeNs: number): DutyCycles {
  const average = new Float64Array(vcpuCount);
  const sinceNs = new Float64Array(vcpuCount);
  const wants = new Uint8Array(vcpuCount);
  const get = (vcpu: VcpuId, nowNs: number): number => {
    const kept = 2 ** (-(nowNs - sinceNs[vcpu]!) / halfLifeNs);
    return wants[vcpu]! + (average[vcpu]! - wants[vcpu]!) * kept;
  };
  return {
    get,
    set(vcpu, nowNs, isRunnable) {
      average[vcpu] = get(vcpu, nowNs);
      sinceNs[vcpu] = nowNs;
      wants[vcpu] = isRunnable ? 1 : 0;
    },
  };
}
