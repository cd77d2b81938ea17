import { buildMachine, type Machine } from '../../sim/machine.ts';
import type { Figure, MachineSpec, Matrix } from '../../sim/machine-spec.ts';
import { below, namedStream, type Random } from '../../sim/random.ts';
import { KiB } from '../../sim/units.ts';

/** A machine of one to five nodes wired at random, no two figures alike; some nodes without CPUs, some without room. */
export function randomMachine(seed: number): Machine {
  const random = namedStream(String(seed), 'machine', 0, 'test');
  const nodeCount = 1 + below(random, 5);
  const nodes = Array.from({ length: nodeCount }, (_, node) => node);
  const drawn = (least: number, most: number): number => least + random() * (most - least);
  const matrix = (own: () => number, other: () => number): Matrix => nodes.map((a) => nodes.map((b) => (a === b ? own() : other())));
  const spec: MachineSpec = {
    name: `random ${seed}`,
    summary: 'drawn at random',
    sockets: nodeCount,
    nodeSocket: nodes,
    nodeCpus: nodes.map((node) => (node === 0 ? 1 + below(random, 4) : below(random, 5))),
    clockGHz: figure(drawn(1, 4)),
    l1Bytes: figure(KiB(32)),
    l2Bytes: figure(KiB(128 << below(random, 3))),
    llcBytes: figure(KiB(512) + below(random, KiB(4096))),
    hitCycles: figure({ l1: 4, l2: 13, llc: 30 + below(random, 20) }),
    memoryGiB: figure(nodes.map(() => drawn(0.1, 0.9))),
    memoryHoleGiB: figure(0),
    slit: figure(
      matrix(
        () => 10,
        () => 11 + below(random, 20),
      ),
    ),
    latencyNs: figure(
      matrix(
        () => drawn(60, 110),
        () => drawn(110, 300),
      ),
    ),
    ...wiring(nodeCount, random),
    controllerGBps: figure(nodes.map(() => drawn(4, 16))),
    ...(random() < 0.5
      ? {
          pairGBps: figure(
            matrix(
              () => 20,
              () => drawn(1, 6),
            ),
          ),
        }
      : {}),
    linesInFlight: figure(1 + below(random, 6)),
    loadedLatency: figure({ rise: drawn(0, 0.5), curve: drawn(0, 0.8) }),
  };
  return buildMachine(spec);
}

/** A tree of nodes, each linked to one before it: the way from one to another is the only one. */
function wiring(nodeCount: number, random: Random): Pick<MachineSpec, 'links' | 'nextHop'> {
  const parent = Array.from({ length: nodeCount }, (_, node) => (node === 0 ? -1 : below(random, node)));
  const pathToRoot = (node: number): number[] => (node < 0 ? [] : [node, ...pathToRoot(parent[node]!)]);
  const nextHop = parent.map((above, from) =>
    parent.map((_, to) => {
      if (from === to) return to;
      const path = pathToRoot(to);
      const at = path.indexOf(from);
      return at > 0 ? path[at - 1]! : above; // down towards it, else up
    }),
  );
  const links = parent.flatMap((above, node) => (above < 0 ? [] : [{ between: [above, node] as const, capacityGBps: 1 + random() * 7 }]));
  return { links: figure(links), nextHop: figure(nextHop) };
}

const figure = <Value>(value: Value): Figure<Value> => ({ value, source: 'assumed: drawn at random' });
