import type { LogHistogram } from './log-histogram.ts';

/** Those that schbench prints and the 95th, which servers promise. */
const SHARES: readonly (readonly [name: string, share: number])[] = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p999', 0.999],
];

/**
 * Mean and percentiles as figures `meanWakeNs`, `p50WakeNs` and so on to `p999WakeNs`; none where nothing was counted. Percentiles are
 * within 4.5 % of the true ones (log-histogram.ts), the mean is exact.
 */
export function latencyFigures(name: string, latencies: LogHistogram): Record<string, number> {
  if (latencies.count === 0) return {};
  return {
    [`mean${name}Ns`]: latencies.mean,
    ...Object.fromEntries(SHARES.map(([percentile, share]) => [`${percentile}${name}Ns`, latencies.quantile(share)])),
  };
}

/** A latency as the histogram counts it, from 1 ns on. */
export function latencyOf(fromNs: number, toNs: number): number {
  return Math.max(1, toNs - fromNs);
}
