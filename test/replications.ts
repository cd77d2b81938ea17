import { run } from '../sim/engine.ts';
import { buildMachine } from '../sim/machine.ts';
import type { GuestRecord } from '../sim/recording.ts';
import { type GuestProgram, RUN, SLEEP, type WorkloadEntry } from '../sim/workload-api.ts';
import { poissonTail, type Replication } from './closed-forms.ts';
import { SERVICE_NS, type System } from './queueing-systems.ts';
import { FREE_COSTS, guest, scenario } from './sim/scenario-fixture.ts';

/** Runs of queueing systems by seed, and what is known of the draws they were given. */

/** In units of the mean service. What happens in the warm-up does not count. */
export interface Horizon {
  readonly warmUp: number;
  readonly length: number;
  readonly replications: number;
}

export interface Observation {
  /** Mean time a job spends in the system. */
  readonly sojourn: number;
  /** Share of the jobs that wait before they begin. */
  readonly waiting: number;
  /** Jobs done in a unit of time. */
  readonly throughput: number;
  readonly controls: readonly number[];
}

/** Independent replications, each with a seed of its own that `name` is part of. Services take `bias` times what the controls see. */
export function replicate(name: string, system: System, horizon: Horizon, bias: number): Observation[] {
  return Array.from({ length: horizon.replications }, (_, i) => observe(system, `${name}/${i}`, horizon, bias));
}

export function measured(observations: readonly Observation[], figure: 'sojourn' | 'waiting' | 'throughput'): Replication[] {
  return observations.map((observation) => ({ measured: observation[figure], controls: observation.controls }));
}

/**
 * What a system does after its warm-up. A run that ends with the warm-up is, to the last draw, the beginning of the longer run of
 * the same seed, so its books are taken from that one's. The time that jobs spend inside is counted for all of them, whether they
 * came before the window, leave after it or both: over the window it is the integral of their number.
 */
function observe(system: System, seed: string, { warmUp, length }: Horizon, bias: number): Observation {
  const before = ran(system, seed, warmUp, bias);
  const whole = ran(system, seed, warmUp + length, bias);
  const grown = (figure: (record: GuestRecord) => number): number => figure(whole.record) - figure(before.record);
  const arrivals = whole.arrivals.length - before.arrivals.length;
  return {
    sojourn: grown((record) => record.lifetimeNs) / SERVICE_NS / arrivals,
    waiting: grown((record) => record.delayedWakes) / grown((record) => record.wakes),
    throughput: grown((record) => record.throughput.value * record.elapsedNs) / 1e9 / length,
    controls: system.arrivalRate > 0 ? openControls(system, before, whole, length) : closedControls(before, whole, length),
  };
}

/**
 * Sums over the window less what they are on average, as a share of the arrivals expected:
 * - arrivals;
 * - service drawn (a service is independent of whether it is drawn at all, so Wald's identity holds);
 * - arrivals that would find a crowd, were there a CPU for every job. The number inside is then Poisson with the load for its mean,
 *   whatever the law of service (M/G/infinity), and seen so by arrivals, as they are Poisson too.
 */
function openControls(system: System, before: Ran, whole: Ran, length: number): number[] {
  const { arrivalRate, crowd } = system;
  const expected = arrivalRate * length;
  const arrivals = whole.arrivals.length - before.arrivals.length;
  const controls = [arrivals / expected - 1, excess(whole.services, before.services.length) / expected];
  if (crowd > 0) {
    const crowded = findingAtLeast(crowd, whole, before.arrivals.length);
    controls.push(crowded / expected - poissonTail(arrivalRate, crowd));
  }
  return controls;
}

/** Thinking and service drawn in the window, less their means. */
function closedControls(before: Ran, whole: Ran, length: number): number[] {
  return [excess(whole.thinks, before.thinks.length) / length, excess(whole.services, before.services.length) / length];
}

function excess(times: readonly number[], from: number): number {
  let sum = 0;
  for (let i = from; i < times.length; i++) sum += times[i]! - 1;
  return sum;
}

/**
 * How many arrivals from the `from`-th on find `least` jobs inside or more, if each leaves its service after its arrival. The few that
 * have not begun when the run ends have no service yet and count as staying to the end, as nearly all would.
 */
function findingAtLeast(least: number, { arrivals, services }: Ran, from: number): number {
  const departures = Float64Array.from(services, (service, i) => arrivals[i]! + service).sort();
  let left = 0;
  let found = 0;
  for (let i = 0; i < arrivals.length; i++) {
    while (departures[left]! <= arrivals[i]!) left++;
    if (i >= from && i - left >= least) found++;
  }
  return found;
}

/** A run from empty, and what was drawn in it, in units of the mean service and in the order of the draws. */
interface Ran {
  readonly record: GuestRecord;
  readonly arrivals: readonly number[];
  readonly services: readonly number[];
  readonly thinks: readonly number[];
}

function ran(system: System, seed: string, length: number, bias: number): Ran {
  const arrivals: number[] = [];
  const services: number[] = [];
  const thinks: number[] = [];
  const watched: WorkloadEntry = {
    ...system.workload,
    build(options, setup) {
      const program = system.workload.build(options, setup);
      let arrivalNs = 0;
      const nextArrivalNs = (): number => {
        const gapNs = program.nextArrivalNs!();
        arrivalNs += gapNs;
        arrivals.push(arrivalNs / SERVICE_NS);
        return gapNs;
      };
      const next: GuestProgram['next'] = (task, phase, calls) => {
        program.next(task, phase, calls);
        if (phase.kind === SLEEP) thinks.push(phase.durationNs / SERVICE_NS);
        if (phase.kind !== RUN) return;
        services.push(phase.instructions / setup.clockGHz / SERVICE_NS);
        phase.instructions *= bias;
      };
      return program.nextArrivalNs ? { ...program, next, nextArrivalNs } : { ...program, next };
    },
  };
  const { vcpus, kind, options, guestSliceNs } = system;
  const recording = run(
    scenario({
      machine: buildMachine(system.machine),
      policy: system.policy,
      guests: [guest(watched, { vcpus, kind, set: options })],
      seed,
      durationNs: length * SERVICE_NS,
      limitNs: Infinity,
      costs: { ...FREE_COSTS, guestSliceNs },
      checks: 'cheap',
    }),
  );
  if (recording.status !== 'ok') throw new Error(`seed ${seed}: ${recording.status}, ${recording.message}`);
  arrivals.pop(); // the one after the end
  return { record: recording.guests[0]!, arrivals, services, thinks };
}
