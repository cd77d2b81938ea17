import type { Calibration, Residual } from '../experiments/calibration.ts';
import { curveError, SATURATED_USE } from '../experiments/calibration-curve.ts';
import { table } from '../report/table.ts';

/** What `numalab machine calibrate` prints: parameters, then each measurement against the fit, then figures for a machine file. */
export function calibrationText(found: Calibration, file: string): string {
  return [rise(found), capacities(found), curvePoints(found), residuals(found), notes(found), snippetPart(found, file)]
    .filter((part) => part !== '')
    .join('\n');
}

export function calibrationJson(found: Calibration, file: string): object {
  const { loadedLatency, isFitted, curves, figures, machine } = found;
  const rows = (flat: Float64Array, count: number): number[][] =>
    Array.from({ length: count }, (_, row) => [...flat.subarray(row * count, (row + 1) * count)]);
  return {
    schemaVersion: 1,
    file,
    loadedLatency: { ...loadedLatency, fitted: isFitted },
    curves: curves.map(({ curve, own }) => ({
      name: curve.name,
      idleNs: curve.idleNs,
      peakGBps: curve.peakGBps,
      own,
      points: curve.points.map((point) => ({
        ...point,
        fitted: point.use < SATURATED_USE,
        error: point.use < SATURATED_USE ? curveError(loadedLatency, curve, point) : null,
      })),
    })),
    figures,
    linesInFlight: machine && {
      core: [...machine.coreLines],
      read: rows(machine.linesInFlight, machine.nodeCount),
      write: rows(machine.writeLinesInFlight, machine.nodeCount),
    },
    residuals: found.residuals,
    notes: found.notes,
    snippet: snippet(found, file),
  };
}

/** Lines of a machine file, ready to paste. */
export function snippet({ figures, loadedLatency, isFitted }: Calibration, file: string): string {
  const source = JSON.stringify(`${file.split('/').pop()}, by numalab machine calibrate`);
  const line = (name: string, value: unknown, from: string): string => `  ${name}: { value: ${valueText(value)}, source: ${from} },\n`;
  const rise = { rise: round(loadedLatency.rise), curve: round(loadedLatency.curve) };
  const pooled = '"assumed: pooled fit of four published curves, for no curve was measured"';
  return (
    Object.entries(figures)
      .map(([name, value]) => line(name, value, source))
      .join('') + line('loadedLatency', rise, isFitted ? source : pooled)
  );
}

function rise({ loadedLatency, isFitted, curves }: Calibration): string {
  const { rise: a, curve: c } = loadedLatency;
  const head = `latency = idle * (1 + rise * u / (1 - curve * u)), rise = ${a.toFixed(4)}, curve = ${c.toFixed(4)}`;
  if (!isFitted) return `${head}\n(no latency under load was measured: the pooled fit of four published curves)\n`;
  const all = curves[0]!.pooled;
  const rows = curves.map(({ curve, own }) => [
    curve.name,
    curve.idleNs.toFixed(1),
    curve.peakGBps.toFixed(1),
    own.rise.toFixed(4),
    own.curve.toFixed(4),
    percent(own.meanError),
    percent(own.maxError),
  ]);
  const together = `fitted to ${all.points} points below ${SATURATED_USE} of the peak: mean error ${percent(all.meanError)}, largest ${percent(all.maxError)}`;
  return `${head}\n${together}\n\n${table(['curve', 'idle ns', 'peak GB/s', 'own rise', 'own curve', 'mean error', 'largest'], rows)}\n`;
}

function capacities({ figures, machine }: Calibration): string {
  const controllers = figures.controllerGBps as number[] | undefined;
  if (!controllers)
    return figures.linesInFlight === undefined ? '' : `lines in flight: ${(figures.linesInFlight as number).toFixed(1)} a CPU\n`;
  const rows = controllers.map((GBps, node) => [
    String(node),
    GBps.toFixed(3),
    machine
      ? machine.coreLines[node]!.toFixed(2)
      : figures.linesInFlight === undefined
        ? '-'
        : (figures.linesInFlight as number).toFixed(2),
    ...controllers.map((_, from) => pairText(figures.pairGBps as number[][] | undefined, node, from)),
  ]);
  const heads = ['node', 'controller GB/s', 'lines of a core', ...controllers.map((_, node) => `from ${node}`)];
  return `capacities, and what a node's CPUs read at most from each node (GB/s)\n\n${table(heads, rows)}\n`;
}

function pairText(pairs: number[][] | undefined, cpuNode: number, node: number): string {
  return cpuNode === node || !pairs ? '-' : pairs[cpuNode]![node]!.toFixed(3);
}

function curvePoints({ curves, loadedLatency }: Calibration): string {
  const rows = curves.flatMap(({ curve }) =>
    curve.points.map((point) => {
      const error = curveError(loadedLatency, curve, point);
      return [
        curve.name,
        point.use.toFixed(4),
        point.latencyNs.toFixed(2),
        ...(point.use < SATURATED_USE ? [(point.latencyNs * (1 + error)).toFixed(2), percent(error)] : ['-', 'saturated']),
      ];
    }),
  );
  return rows.length === 0 ? '' : `${table(['curve', 'use', 'measured ns', 'fitted ns', 'error'], rows)}\n`;
}

function residuals({ residuals: all }: Calibration): string {
  if (all.length === 0) return '';
  const errors = all.map(({ error }) => Math.abs(error));
  const summary = `${all.length} bandwidths: mean error ${percent(errors.reduce((sum, error) => sum + error, 0) / errors.length)}, largest ${percent(Math.max(...errors))}`;
  const rows = all.map(({ cpuNode, node, threads, isWrite, GBps, fittedGBps, error }: Residual) => [
    `${cpuNode}<${node}`,
    isWrite ? 'write' : 'read',
    String(threads),
    GBps.toFixed(3),
    fittedGBps.toFixed(3),
    percent(error),
  ]);
  return `${summary}\n\n${table(['CPU<memory', 'access', 'threads', 'measured GB/s', 'fitted GB/s', 'error'], rows)}\n`;
}

function notes({ notes: all }: Calibration): string {
  return all.map((note) => `note: ${note}\n`).join('');
}

function snippetPart(found: Calibration, file: string): string {
  return `for a machine file:\n\n${snippet(found, file)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`.replace('-0.0', '0.0');
}

function round(value: number): number {
  return Number(value.toPrecision(5));
}

function valueText(value: unknown): string {
  if (typeof value === 'number') return String(round(value));
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  const parts = Object.entries(value as object).map(([name, part]) => `${name}: ${valueText(part)}`);
  return `{ ${parts.join(', ')} }`;
}
