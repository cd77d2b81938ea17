import { riseOf } from '../sim/machine.ts';
import type { LoadedLatency } from '../sim/machine-spec.ts';
import { minimise } from './nelder-mead.ts';

/** Beyond this use a queue stands, and latency is set by how many lines are in flight, not by the rise. */
export const SATURATED_USE = 0.97;

/** A measured curve of latency under load. Idle is its least latency, use its bandwidth over its largest. */
export interface LoadedCurve {
  readonly name: string;
  readonly idleNs: number;
  readonly peakGBps: number;
  readonly points: readonly CurvePoint[];
}

export interface CurvePoint {
  readonly latencyNs: number;
  readonly GBps: number;
  readonly use: number; // 0..1
}

export interface CurveFit extends LoadedLatency {
  readonly points: number;
  readonly meanError: number;
  readonly maxError: number;
}

export function curveOf(name: string, points: readonly { latencyNs: number; GBps: number }[]): LoadedCurve {
  const idleNs = Math.min(...points.map(({ latencyNs }) => latencyNs));
  const peakGBps = Math.max(...points.map(({ GBps }) => GBps));
  return { name, idleNs, peakGBps, points: points.map(({ latencyNs, GBps }) => ({ latencyNs, GBps, use: GBps / peakGBps })) };
}

/** Points that the rise explains, of all curves. */
export function risingPoints(curves: readonly LoadedCurve[]): number {
  return curves.reduce((sum, { points }) => sum + points.filter(({ use }) => use < SATURATED_USE).length, 0);
}

/** Latency by the fit over latency measured, less 1. */
export function curveError(fit: LoadedLatency, { idleNs }: LoadedCurve, { latencyNs, use }: CurvePoint): number {
  return (idleNs * (1 + riseOf(fit, use))) / latencyNs - 1;
}

/** Rise and curve by least squares of the relative errors, over the points below saturation of all curves together. */
export function fitCurves(curves: readonly LoadedCurve[]): CurveFit {
  const errorsOf = (fit: LoadedLatency): number[] =>
    curves.flatMap((curve) => curve.points.filter(({ use }) => use < SATURATED_USE).map((point) => curveError(fit, curve, point)));
  const [rise, curve] = minimise(
    ([a, c]) => (a! < 0 || c! < 0 || c! >= 1 ? Infinity : errorsOf({ rise: a!, curve: c! }).reduce((sum, error) => sum + error * error, 0)),
    [0.3, 0.5],
    0.1,
  ) as [number, number];
  const errors = errorsOf({ rise, curve }).map(Math.abs);
  return {
    rise,
    curve,
    points: errors.length,
    meanError: errors.reduce((sum, error) => sum + error, 0) / errors.length,
    maxError: Math.max(...errors),
  };
}
