import { pooledLoadedLatency } from '../../machines/figures.ts';
import type { Machine } from '../../sim/machine.ts';
import { simulateFluid } from './fluid.ts';
import type { Network } from './network.ts';
import type { Speed } from './requests.ts';

/** How far the fluid speeds may be from single requests, by class of load: where little or everything waits, and in between. */
export const BOUNDS: readonly number[] = [0.05, 0.15, 0.15, 0.05];

/** By how much the fluid speeds of a network are above those of single requests, as a share of these. */
export interface Gap {
  /** Lines per ns of all flows together. */
  readonly throughput: number;
  /** Mean time of a line. */
  readonly latency: number;
  /** Lines per ns of the flow that is furthest off, without sign. */
  readonly worstFlow: number;
}

export function gapBetween(fluid: readonly Speed[], requests: readonly Speed[]): Gap {
  return {
    throughput: linesPerNs(fluid) / linesPerNs(requests) - 1,
    latency: meanLatencyNs(fluid) / meanLatencyNs(requests) - 1,
    worstFlow: Math.max(...requests.map((flow, i) => Math.abs(fluid[i]!.linesPerNs / flow.linesPerNs - 1))),
  };
}

export function isWithin({ throughput, latency }: Gap, bound: number): boolean {
  return Math.abs(throughput) <= bound && Math.abs(latency) <= bound;
}

function linesPerNs(flows: readonly Speed[]): number {
  return flows.reduce((sum, flow) => sum + flow.linesPerNs, 0);
}

function meanLatencyNs(flows: readonly Speed[]): number {
  return flows.reduce((sum, flow) => sum + flow.linesPerNs * flow.latencyNs, 0) / linesPerNs(flows);
}

/** The measured rise below saturation, for machines without a curve of their own (machines/opteron-6100.ts). */
export const MEASURED = pooledLoadedLatency.value;

/** Latency rises with the use of the controller as the measured curves do. */
export function withMeasuredRise(machine: Machine): Machine {
  const { nodeCount, latencyNs } = machine;
  const riseNs = machine.riseNs.map((_, node) => latencyNs[node * nodeCount + node]! * MEASURED.rise);
  return { ...machine, riseNs, curve: MEASURED.curve };
}

/** Fitted on networks of other seeds; a server that is always met at random would have 1. */
const OWN_CURVE = 0.8;

/**
 * Latency rises as it does at a controller that is no more than a server of fixed service time: half a service time at random
 * arrivals (Pollaczek and Khinchine: service * u / 2 (1 - u)), less steeply as few requests cannot all stand there at once.
 */
export function withOwnRise(machine: Machine): Machine {
  return { ...machine, riseNs: machine.riseNs.map((_, node) => 0.5 / machine.capacity[node]!), curve: OWN_CURVE };
}

/** The gap of the fluid speeds in this network, under each rise. */
export function gapsByRise(network: Network, requests: readonly Speed[]): { none: Gap; measured: Gap; own: Gap } {
  const gap = (change?: (machine: Machine) => Machine): Gap => gapBetween(simulateFluid(network, change), requests);
  return { none: gap(), measured: gap(withMeasuredRise), own: gap(withOwnRise) };
}
