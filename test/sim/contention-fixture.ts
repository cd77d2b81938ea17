import type { Contention } from '../../sim/contention.ts';
import type { Machine } from '../../sim/machine.ts';
import { below, type Random } from '../../sim/random.ts';
import type { FlowSpec } from './contention-fifo.slow.ts';

export function offer(contention: Contention, flow: number, spec: FlowSpec): void {
  contention.beginFlow(flow, spec.baseNs, spec.lines, spec.inFlight);
  for (const { pair, share, writeShare } of spec.uses) contention.addUse(flow, pair, share, 1, writeShare);
  contention.commitFlow(flow);
}

/** Solves and refreshes the flows that changed, as the simulator does. @returns those flows */
export function settle(contention: Contention): Set<number> {
  contention.solve();
  const changed = new Set(contention.changed.subarray(0, contention.changedCount));
  for (const flow of changed) contention.refresh(flow);
  contention.takeChanged();
  return changed;
}

/** A flow as CPUs of this node may make it: a stream or a chase, from one node or a mixture, reading or writing. */
export function drawFlow(machine: Machine, node: number, random: Random): FlowSpec {
  const N = machine.nodeCount;
  const most = machine.linesInFlight[node * N + node]!;
  const inFlight = random() < 0.3 ? 1 : random() < 0.5 ? most : 1 + random() * (most - 1);
  const weights = Array.from({ length: N }, () => (random() < 0.5 ? random() : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const one = below(random, N);
  const shares =
    total === 0 || random() < 0.4 ? weights.map((_, other) => (other === one ? 1 : 0)) : weights.map((weight) => weight / total);
  const writeShare = random() < 0.5 ? 0 : random();
  const lines = random() < 0.5 ? 1 : 0.001 + random();
  const idleNs = shares.reduce((sum, share, other) => {
    const pair = node * N + other;
    return sum + share * machine.latencyNs[pair]! * Math.max(1, inFlight / machine.linesInFlight[pair]!);
  }, 0);
  const computeNs = random() < 0.5 ? 0 : random() * 20;
  const uses = shares.flatMap((share, other) => (share > 0 ? [{ pair: node * N + other, share, writeShare }] : []));
  return { baseNs: computeNs + (lines / inFlight) * idleNs, lines, inFlight, uses };
}

/** One to three CPUs turn to other work, this share of them to none. `flows` is kept in step. */
export function disturb(contention: Contention, machine: Machine, flows: Map<number, FlowSpec>, random: Random, idleShare: number): void {
  for (let moves = 1 + below(random, 3); moves > 0; moves--) {
    const cpu = below(random, machine.cpuCount);
    if (random() < idleShare) {
      contention.clearFlow(cpu);
      flows.delete(cpu);
    } else {
      const spec = drawFlow(machine, machine.cpuNode[cpu]!, random);
      offer(contention, cpu, spec);
      flows.set(cpu, spec);
    }
  }
}

/** One figure of the machine scaled anew for each resource, so that other resources than the usual ones saturate. */
export function drawMachine(machine: Machine, random: Random): Machine {
  return { ...machine, capacity: machine.capacity.map((capacity) => capacity * (0.2 + random())), curve: random() * 0.9 };
}
