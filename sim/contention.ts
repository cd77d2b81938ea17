import { FifoContention } from './contention-fifo.ts';
import { MaxMinContention } from './contention-max-min.ts';
import type { Network } from './flow-table.ts';

/**
 * How running CPUs slow each other down. `fifo`: queues with a closed population, each flow waiting in proportion to the lines it keeps
 * in flight. `max-min`: fair sharing of bandwidth, as other fluid simulators have it.
 */
export type ContentionModel = 'fifo' | 'max-min';

/**
 * The speeds of the running CPUs. The caller states flows (beginFlow, addUse for each pair of nodes, commitFlow; clearFlow), solves
 * once an instant, books what each flow in `changed` did at its old speed, refreshes it, and calls takeChanged.
 */
export interface Contention {
  /** [flow] ns per unit with no delay anywhere. */
  readonly baseNs: Float64Array;
  /** [flow] ns per unit now. */
  readonly unitNs: Float64Array;
  /** [flow * 3 + kind] ns per unit spent in delays at controllers, links, pairs. */
  readonly queueNs: Float64Array;
  /** Flows whose speed is new: changed[0..changedCount). */
  readonly changed: Int32Array;
  readonly changedCount: number;
  /** How often speeds were worked out. */
  readonly solves: number;

  clearFlow(flow: number): void;
  beginFlow(flow: number, baseNs: number, lines: number, inFlight: number, weight?: number): void;
  addUse(flow: number, pair: number, share: number, readShare: number, writeShare: number): void;
  addPort(flow: number, port: number, amount: number): void;
  commitFlow(flow: number): void;
  solve(): void;
  refresh(flow: number): void;
  takeChanged(): void;
  /** Lines per ns through a resource, a written one by its weight. */
  traffic(resource: number): number;
  /** Asserts what the model's speeds are defined by, of all flows: to be called when all that changed are refreshed. */
  certify(): void;
}

/** @param flows the most flows there can be, numbered from 0 */
export function contentionOf(model: ContentionModel, network: Network, flows: number): Contention {
  return model === 'fifo' ? new FifoContention(network, flows) : new MaxMinContention(network, flows);
}
