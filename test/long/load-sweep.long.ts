import { expect, test } from 'vitest';
import { runChart } from '../../experiments/chart.ts';
import { charts } from '../../experiments/deck.ts';
import { machines } from '../../machines/index.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import { workloads } from '../../workloads/index.ts';

const SEEDS = ['31', '32'];
/** What apart may do worse than the better of pinned and free at any load. */
const MOST_REGRET = 0.05;

test(`apart is never further than ${MOST_REGRET} from the better of pinned and free, from 0.3 to 1.5 vCPUs a CPU, seeds ${SEEDS.join()}`, () => {
  let largest = { regret: -Infinity, where: '' };
  for (const name of ['load-sweep', 'load-sweep-memory', 'load-sweep-compute']) {
    const chart = charts.find((one) => one.name === name)!;
    const { points } = runChart(chart, 'reduced', SEEDS, { machines, policies, workloads, run }, () => undefined);
    const at = (series: string, x: number): number => points.find((point) => point.series === series && point.x === x)!.mean.mean;
    const loads = [...new Set(points.map(({ x }) => x))];
    expect([Math.min(...loads), Math.max(...loads)]).toEqual([0.3, 1.5]);
    for (const x of loads) {
      const best = Math.max(...['pin', 'kvm-numactl', 'kvm-cfs', 'kvm-eevdf'].map((series) => at(series, x)));
      const regret = 1 - at('apart', x) / best;
      if (regret > largest.regret) largest = { regret, where: `${name}, ${x} vCPUs a CPU` };
    }
    // pinning wins where there are CPUs to spare and memory counts, and loses where there are not and it does not
    if (name !== 'load-sweep-compute') expect(at('kvm-numactl', 0.3)).toBeGreaterThan(1.03 * at('kvm-eevdf', 0.3));
    else expect(at('pin', 1.5)).toBeLessThan(0.97 * at('kvm-eevdf', 1.5));
  }
  process.stdout.write(`largest regret of apart: ${(100 * largest.regret).toFixed(2)} % (${largest.where})\n`);
  expect(largest.regret).toBeLessThan(MOST_REGRET);
});
