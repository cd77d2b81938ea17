import { tQuantile } from '../experiments/statistics/student-t.ts';

/** What queueing theory says exactly, the mean service being the unit of time, and how closely replications say it. */

/** Probability that an arrival waits at `servers` servers offered `load` (Erlang C), by the recursion of Erlang B over the servers. */
export function waitProbability(servers: number, load: number): number {
  let blocked = 1;
  for (let server = 1; server <= servers; server++) blocked = (load * blocked) / (server + load * blocked);
  return blocked / (1 - (load / servers) * (1 - blocked));
}

/** Mean time in an M/M/c system first come first served; in M/G/c with the servers shared equally, the same whatever the law of service. */
export function meanSojourn(servers: number, load: number): number {
  return 1 + waitProbability(servers, load) / (servers - load);
}

/**
 * Jobs done in a unit of time by `servers` servers for `tasks` tasks that think for a mean `think` and then ask for service (machine
 * repair): in balance the number asking goes from n - 1 to n as often as back, (tasks - n + 1) / think * p(n - 1) = min(n, servers) * p(n).
 */
export function closedThroughput(tasks: number, servers: number, think: number): number {
  let weight = 1;
  let weights = 1;
  let throughput = 0;
  for (let n = 1; n <= tasks; n++) {
    weight *= (tasks - n + 1) / think / Math.min(n, servers);
    weights += weight;
    throughput += weight * Math.min(n, servers);
  }
  return throughput / weights;
}

/** Probability that a Poisson number with this mean is `least` or more. */
export function poissonTail(mean: number, least: number): number {
  let below = 0;
  for (let n = 0, probability = Math.exp(-mean); n < least; probability *= mean / ++n) below += probability;
  return 1 - below;
}

export interface Replication {
  readonly measured: number;
  /** Figures of the same draws whose means are known to be 0. */
  readonly controls: readonly number[];
}

export interface Interval {
  readonly mean: number;
  readonly halfWidth: number;
}

const CONFIDENCE = 0.999;

/**
 * The mean of independent replications with what the controls explain taken away: the value at controls 0 of the least-squares plane
 * through them, with its t interval (S. Lavenberg and P. Welch, "A perspective on the use of control variables to increase the
 * efficiency of Monte Carlo simulations", 1981). The plane stands on a row [1, controls] for each replication.
 */
export function estimate(replications: readonly Replication[]): Interval {
  const rows = replications.map(({ controls }) => [1, ...controls]);
  const size = rows[0]!.length;
  const terms = Array.from({ length: size }, (_, i) => i);
  const inverse = inverted(terms.map((i) => terms.map((j) => sum(rows.map((row) => row[i]! * row[j]!)))));
  const products = terms.map((i) => sum(rows.map((row, r) => row[i]! * replications[r]!.measured)));
  const plane = inverse.map((line) => dot(line, products));
  const freedom = rows.length - size;
  const variance = sum(rows.map((row, r) => (replications[r]!.measured - dot(plane, row)) ** 2)) / freedom;
  return { mean: plane[0]!, halfWidth: tQuantile((1 + CONFIDENCE) / 2, freedom) * Math.sqrt(variance * inverse[0]![0]!) };
}

/** Gauss and Jordan, without a search for pivots: the matrix is symmetric and positive. */
function inverted(matrix: readonly (readonly number[])[]): number[][] {
  const size = matrix.length;
  const work = matrix.map((line, i) => [...line, ...matrix.map((_, j) => (i === j ? 1 : 0))]);
  for (let pivot = 0; pivot < size; pivot++) {
    work[pivot] = work[pivot]!.map((value) => value / work[pivot]![pivot]!);
    for (let i = 0; i < size; i++) {
      const factor = work[i]![pivot]!;
      if (i !== pivot) work[i] = work[i]!.map((value, j) => value - factor * work[pivot]![j]!);
    }
  }
  return work.map((line) => line.slice(size));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return sum(a.map((value, i) => value * b[i]!));
}
