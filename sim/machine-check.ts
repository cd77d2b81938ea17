import type { MachineSpec, Matrix } from './machine-spec.ts';
import { routeBetween } from './route.ts';

type Check = (path: string, value: number) => void;

/** @throws RangeError naming path, value and what was wanted, for a machine that cannot be */
export function checkSpec(spec: MachineSpec): void {
  const nodeCount = spec.nodeSocket.length;
  const wrong = (path: string, value: unknown, want: string): never => {
    throw new RangeError(`${spec.name}: ${path} = ${String(value)}, want ${want}`);
  };
  const within =
    (holds: (value: number) => boolean, want: string): Check =>
    (path, value) => {
      if (!(Number.isFinite(value) && holds(value))) wrong(path, value, want);
    };
  const checkIds = (path: string, ids: readonly number[] | undefined, count: number): void => {
    if (ids === undefined) return;
    if (ids.length !== count) wrong(`${path}.length`, ids.length, `${count}, one each`);
    ids.forEach((id, i) => whole(`${path}[${i}]`, id));
    const seen = new Set<number>();
    for (const id of ids) {
      if (seen.has(id)) wrong(path, id, 'each id once');
      seen.add(id);
    }
  };
  const positive = within((value) => value > 0, 'more than 0');
  const notNegative = within((value) => value >= 0, '0 or more');
  const whole = within((value) => Number.isSafeInteger(value) && value >= 0, 'a whole number');
  const node = within((value) => Number.isSafeInteger(value) && value >= 0 && value < nodeCount, `a node below ${nodeCount}`);
  const list = (path: string, value: readonly number[], check: Check): void => {
    if (value.length !== nodeCount) wrong(`${path}.length`, value.length, `${nodeCount}, one a node`);
    value.forEach((cell, i) => check(`${path}[${i}]`, cell));
  };
  const matrix = (path: string, value: Matrix, check: (path: string, value: number, row: number, column: number) => void): void => {
    if (value.length !== nodeCount) wrong(`${path}.length`, value.length, `${nodeCount}, one row a node`);
    value.forEach((cells, row) => {
      if (cells.length !== nodeCount) wrong(`${path}[${row}].length`, cells.length, `${nodeCount}, one column a node`);
      cells.forEach((cell, column) => check(`${path}[${row}][${column}]`, cell, row, column));
    });
  };

  if (nodeCount < 1 || nodeCount > 254) wrong('nodeSocket.length', nodeCount, '1 to 254 nodes');
  list('nodeSocket', spec.nodeSocket, whole);
  for (let socket = 0; socket < spec.sockets; socket++) {
    if (!spec.nodeSocket.includes(socket)) wrong('sockets', spec.sockets, `no more than have nodes; socket ${socket} has none`);
  }
  list(
    'nodeSocket',
    spec.nodeSocket,
    within((socket) => socket < spec.sockets, `a socket below ${spec.sockets}`),
  );
  list('nodeCpus', spec.nodeCpus, whole);
  if (!spec.nodeCpus.some((cpus) => cpus > 0)) wrong('nodeCpus', spec.nodeCpus, 'at least one CPU');

  const threads = spec.threadsPerCore ?? 1;
  within((count) => Number.isSafeInteger(count) && count >= 1, 'a whole number from 1')('threadsPerCore', threads);
  list(
    'nodeCpus',
    spec.nodeCpus,
    within((cpus) => cpus % threads === 0, `whole cores of ${threads} threads`),
  );
  checkIds('nodeIds', spec.nodeIds, nodeCount);
  checkIds('cpuIds', spec.cpuIds, spec.nodeCpus.reduce((sum, count) => sum + count, 0)); // prettier-ignore
  if (spec.threadShare) {
    within((share) => share >= 1 / threads && share <= 1, `1/${threads} to 1`)('threadShare', spec.threadShare.value);
  }

  for (const name of ['clockGHz', 'l1Bytes', 'l2Bytes', 'llcBytes'] as const) positive(name, spec[name].value);
  for (const level of ['l1', 'l2', 'llc'] as const) positive(`hitCycles.${level}`, spec.hitCycles.value[level]);
  list('memoryGiB', spec.memoryGiB.value, notNegative);
  const bare = spec.memoryGiB.value.findIndex((GiB, node) => GiB === 0 && spec.nodeCpus[node] === 0);
  if (bare >= 0) wrong(`memoryGiB[${bare}]`, 0, 'more than 0 in a node without CPUs');
  if (!spec.memoryGiB.value.some((GiB) => GiB > 0)) wrong('memoryGiB', spec.memoryGiB.value, 'some in at least one node');
  within((GiB) => GiB >= 0 && GiB < 4, '0 to less than 4')('memoryHoleGiB', spec.memoryHoleGiB.value);
  // As Linux accepts a SLIT: 10 is a node's distance to itself and nothing else's, 255 would be unreachable.
  matrix('slit', spec.slit.value, (path, value, row, column) => {
    if (row === column) within((distance) => distance === 10, '10, a node to itself')(path, value);
    else within((distance) => Number.isInteger(distance) && distance > 10 && distance < 255, 'a whole number from 11 to 254')(path, value);
  });

  matrix('latencyNs', spec.latencyNs.value, positive);
  list('controllerGBps', spec.controllerGBps.value, positive);
  for (const name of ['pairGBps', 'pairWriteGBps', 'oneThreadReadGBps', 'oneThreadWriteGBps'] as const) {
    if (spec[name]) matrix(name, spec[name].value, positive);
  }
  if (spec.linesInFlight) within((lines) => lines >= 1, '1 or more')('linesInFlight', spec.linesInFlight.value);
  notNegative('loadedLatency.rise', spec.loadedLatency.value.rise);
  within((curve) => curve >= 0 && curve < 1, '0 to less than 1')('loadedLatency.curve', spec.loadedLatency.value.curve);

  if (spec.clusters) {
    const { cpus, capacityGBps } = spec.clusters.value;
    within((count) => Number.isSafeInteger(count) && count >= 1, 'a whole number from 1')('clusters.cpus', cpus);
    positive('clusters.capacityGBps', capacityGBps);
  }

  const linked = new Set<string>();
  spec.links.value.forEach(({ between: [a, b], capacityGBps }, i) => {
    node(`links[${i}].between[0]`, a);
    node(`links[${i}].between[1]`, b);
    if (a === b || linked.has(`${a}>${b}`)) wrong(`links[${i}].between`, [a, b], 'two different nodes, each pair once');
    positive(`links[${i}].capacityGBps`, capacityGBps);
    linked.add(`${a}>${b}`).add(`${b}>${a}`);
  });
  matrix('nextHop', spec.nextHop.value, (path, next, from, to) => {
    node(path, next);
    if (from !== to && !linked.has(`${from}>${next}`)) wrong(path, next, `a neighbour of node ${from} by a link`);
  });
  for (let from = 0; from < nodeCount; from++) for (let to = 0; to < nodeCount; to++) routeBetween(spec, from, to);
}
