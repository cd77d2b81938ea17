import { expect, test } from 'vitest';
import { streamGBps } from '../../experiments/path-bandwidth.ts';
import { kunpeng920 } from '../../machines/kunpeng920-2s-96c.ts';
import { buildMachine } from '../../sim/machine.ts';

/**
 * Published (cluster scheduling domain patch): six STREAM threads on a node of six clusters of four CPUs copy 39.096 GB/s where the
 * scheduler happens to put them and 47.604 spread over the clusters, 1.217 times as much; triad gains 1.289 times.
 */
const machine = buildMachine(kunpeng920);
const COPY = 1 / 2; // every second line is written
const TRIAD = 1 / 3;
const WAYS = [1, 4, 6, 4, 1]; // to choose 0..4 of the 4 CPUs of a cluster

function placed(threadsByCluster: readonly number[], writeShare: number): number {
  const cpus = threadsByCluster.flatMap((threads, cluster) => Array.from({ length: threads }, (_, i) => cluster * 4 + i));
  return streamGBps(machine, cpus, 0, writeShare);
}

/** All ways to put `threads` on so many clusters. */
function placements(threads: number, clusters: number): number[][] {
  if (clusters === 0) return threads === 0 ? [[]] : [];
  return [0, 1, 2, 3, 4]
    .filter((here) => here <= threads)
    .flatMap((here) => placements(threads - here, clusters - 1).map((rest) => [here, ...rest]));
}

/** Mean over all choices of 6 of the 24 CPUs, each as likely. */
function atRandom(writeShare: number): number {
  let GBps = 0;
  let all = 0;
  for (const placement of placements(6, 6)) {
    const ways = placement.reduce((product, threads) => product * WAYS[threads]!, 1);
    GBps += ways * placed(placement, writeShare);
    all += ways;
  }
  expect(all).toBe(134_596); // 24 over 6
  return GBps / all;
}

const SPREAD = [1, 1, 1, 1, 1, 1];

test('fitted: six copying threads get what was measured, spread and at random', () => {
  expect(placed(SPREAD, COPY) / 47.604).toBeCloseTo(1, 2);
  expect(atRandom(COPY) / 39.096).toBeCloseTo(1, 2);
  expect(placed(SPREAD, COPY) / atRandom(COPY)).toBeCloseTo(1.217, 2);
});

test('predicted: triad gains 1.289 times, within 8 %', () => {
  const gain = placed(SPREAD, TRIAD) / atRandom(TRIAD);
  expect(gain).toBeCloseTo(1.233, 2); // 4 % below
  expect(Math.abs(gain / 1.289 - 1)).toBeLessThan(0.08);
});

test('two threads in one cluster share 11 GB/s, in two clusters each has its own', () => {
  expect(placed([2, 0, 0, 0, 0, 0], COPY)).toBeCloseTo(11.04, 5);
  expect(placed([1, 1, 0, 0, 0, 0], COPY) / placed([1, 0, 0, 0, 0, 0], COPY)).toBeCloseTo(2, 1);
});
