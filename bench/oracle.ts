import { table } from '../report/table.ts';
import { BOUNDS, gapsByRise, isWithin } from './oracle/agreement.ts';
import { drawNetwork, LOADS } from './oracle/network.ts';
import { simulateRequests } from './oracle/requests.ts';

const RISES = ['none', 'own', 'measured'] as const;

/**
 * `npm run oracle -- [NETWORKS] [FIRST]`: the speeds of the simulator against single requests on random networks, by load; FIRST is the
 * seed of the first network of each load, 0 if left out. The table of docs/model.md. Exits with 1 when a network without a rise is further off than it may be.
 */
function main(): void {
  const count = Number(process.argv[2] ?? 200) / LOADS.length;
  if (!(Number.isInteger(count) && count > 0)) {
    console.error(`oracle: networks = ${process.argv[2]}, want a multiple of ${LOADS.length}`);
    process.exitCode = 2;
    return;
  }
  const first = Number(process.argv[3] ?? 0);
  if (!(Number.isInteger(first) && first >= 0)) {
    console.error(`oracle: first = ${process.argv[3]}, want a whole number from 0`);
    process.exitCode = 2;
    return;
  }
  let isAgreed = true;
  const rows = LOADS.map((load, loadClass) => {
    const gaps = Array.from({ length: count }, (_, i) => {
      const seed = first + i;
      const network = drawNetwork(seed, loadClass);
      const found = gapsByRise(network, simulateRequests(network));
      if (!isWithin(found.none, BOUNDS[loadClass]!)) {
        isAgreed = false;
        console.log(`beyond ${percent(BOUNDS[loadClass]!)}: load ${load}, seed ${seed}, ${JSON.stringify(found.none)}`);
      }
      return found;
    });
    const none = gaps.map((gap) => gap.none);
    return [
      load,
      count,
      mean(none.map((gap) => gap.throughput)),
      worst(none.map((gap) => gap.throughput)),
      mean(none.map((gap) => gap.latency)),
      worst(none.map((gap) => gap.latency)),
      worst(none.map((gap) => gap.worstFlow)),
      ...RISES.map((rise) => `${mean(gaps.map((gap) => gap[rise].latency))}, ${size(gaps.map((gap) => gap[rise].latency))}`),
    ];
  });
  console.log(
    'Fluid speeds over those of single requests, less 1: mean over the networks and worst of one network, no rise below saturation;',
  );
  console.log('then the latency under each rise: mean, and mean without signs.\n');
  console.log(
    table(['load', 'networks', 'throughput', 'worst', 'latency', 'worst', 'worst flow', ...RISES.map((rise) => `rise: ${rise}`)], rows),
  );
  if (!isAgreed) process.exitCode = 1;
}

function mean(gaps: readonly number[]): string {
  const sum = gaps.reduce((total, gap) => total + gap, 0);
  return `${sum < 0 ? '-' : '+'}${percent(Math.abs(sum) / gaps.length)}`;
}

function size(gaps: readonly number[]): string {
  return percent(gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / gaps.length);
}

function worst(gaps: readonly number[]): string {
  return percent(Math.max(...gaps.map(Math.abs)));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

main();
