import type { Machine } from '../../sim/machine.ts';
import { type FlowSpec, loadOf } from './contention-fifo.slow.ts';

const BISECTIONS = 200;

/**
 * Bounded max-min fair shares the obvious way: the water rises, the same for all; by bisection, as far as it can until a resource
 * overflows, each flow going no further than it could alone. The flows of full resources stop; the rest rise on.
 * @returns lines per ns of each flow
 */
export function slowMaxMin(machine: Machine, flows: readonly FlowSpec[]): number[] {
  const uses = flows.map((flow) => loadOf(machine, flow));
  const tops = flows.map((flow) => flow.lines / flow.baseNs);
  const stopped = flows.map(() => NaN);
  const rateAt = (flow: number, level: number): number => (isNaN(stopped[flow]!) ? Math.min(level, tops[flow]!) : stopped[flow]!);
  const traffic = (resource: number, level: number): number =>
    flows.reduce((sum, _, flow) => sum + (uses[flow]!.get(resource) ?? 0) * rateAt(flow, level), 0);
  const overflows = (level: number): boolean =>
    machine.capacity.some((capacity, resource) => traffic(resource, level) > capacity * (1 + 1e-13));
  while (stopped.some(isNaN)) {
    let low = 0;
    let high = Math.max(...tops);
    for (let step = 0; step < BISECTIONS && overflows(high); step++) {
      const middle = (low + high) / 2;
      if (overflows(middle)) high = middle;
      else low = middle;
      if (step === BISECTIONS - 1) high = low;
    }
    const rates = flows.map((_, flow) => rateAt(flow, high));
    const full = [...machine.capacity].map((capacity, resource) => traffic(resource, high) >= capacity * (1 - 1e-10));
    flows.forEach((_, flow) => {
      if (high >= tops[flow]! || [...uses[flow]!.keys()].some((resource) => full[resource])) stopped[flow] ||= rates[flow]!;
    });
  }
  return stopped;
}
