import { lopsided } from '../../machines/lopsided.ts';
import { buildMachine, type Machine } from '../../sim/machine.ts';
import type { Figure, MachineSpec, Matrix } from '../../sim/machine-spec.ts';

/** Lopsided with node n called order[n]. */
export function relabelled(order: readonly number[]): MachineSpec {
  const list = <Value>(figure: Figure<readonly Value[]>): Figure<readonly Value[]> => ({
    ...figure,
    value: order.map((_, at) => figure.value[order.indexOf(at)]!),
  });
  const matrix = (figure: Figure<Matrix>): Figure<Matrix> => ({
    ...figure,
    value: order.map((_, a) => order.map((_, b) => figure.value[order.indexOf(a)]![order.indexOf(b)]!)),
  });
  const nextHop = matrix(lopsided.nextHop);
  return {
    ...lopsided,
    nodeSocket: list({ value: lopsided.nodeSocket, source: '' }).value,
    nodeCpus: list({ value: lopsided.nodeCpus, source: '' }).value,
    memoryGiB: list(lopsided.memoryGiB),
    slit: matrix(lopsided.slit),
    latencyNs: matrix(lopsided.latencyNs),
    links: {
      ...lopsided.links,
      value: lopsided.links.value.map(({ between: [a, b], capacityGBps }) => ({ between: [order[a]!, order[b]!], capacityGBps })),
    },
    nextHop: { ...nextHop, value: nextHop.value.map((row) => row.map((node) => order[node]!)) },
    controllerGBps: list(lopsided.controllerGBps),
    pairGBps: matrix(lopsided.pairGBps!),
    pairWriteGBps: matrix(lopsided.pairWriteGBps!),
    oneThreadReadGBps: matrix(lopsided.oneThreadReadGBps!),
    oneThreadWriteGBps: matrix(lopsided.oneThreadWriteGBps!),
  };
}

export const scaled = <Value>(figure: Figure<Value>, factor: number): Figure<Value> => ({ ...figure, value: times(figure.value, factor) });
function times<Value>(value: Value, factor: number): Value {
  return (Array.isArray(value) ? value.map((part: unknown) => times(part, factor)) : (value as number) * factor) as Value;
}

/** All bandwidths of a machine scaled: controllers, links, pairs, single threads. */
export function widened(spec: MachineSpec, factor: number): MachineSpec {
  return {
    ...spec,
    controllerGBps: scaled(spec.controllerGBps, factor),
    links: { ...spec.links, value: spec.links.value.map((link) => ({ ...link, capacityGBps: link.capacityGBps * factor })) },
    pairGBps: scaled(spec.pairGBps!, factor),
    pairWriteGBps: scaled(spec.pairWriteGBps!, factor),
    oneThreadReadGBps: scaled(spec.oneThreadReadGBps!, factor),
    oneThreadWriteGBps: scaled(spec.oneThreadWriteGBps!, factor),
  };
}

/** Lopsided without what was measured of single threads: each core keeps four lines in flight whatever the distance. */
export function fourLines(latencyNs: Matrix): Machine {
  const { oneThreadReadGBps: _read, oneThreadWriteGBps: _write, ...rest } = lopsided;
  return buildMachine({
    ...rest,
    latencyNs: { ...lopsided.latencyNs, value: latencyNs },
    linesInFlight: { value: 4, source: 'assumed: for tests' },
  });
}
