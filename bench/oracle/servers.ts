import type { MachineSpec } from '../../sim/machine-spec.ts';
import { LINE_BYTES } from '../../sim/units.ts';

/** What a line passes on its way, as indices of servers; a server that weighs `visits` times a read is visited that often on average. */
export interface Way {
  readonly idleNs: (inFlight: number, isWritten: boolean) => number;
  /** A read line visits each once, in the order of travel. */
  readonly there: readonly number[];
  /** A written line then also goes back. */
  readonly back: readonly { readonly server: number; readonly visits: number }[];
}

export interface Servers {
  readonly names: readonly string[];
  /** [server] ns that one visit of one line takes. */
  readonly serviceNs: readonly number[];
  /** [node of the CPU][node of the memory] */
  readonly ways: readonly (readonly Way[])[];
}

/**
 * The servers of a machine, read from its file once more and apart from `buildMachine`, which is among what is under test: each
 * controller, each directed link, and each window of a node pair that is narrower than everything on its way.
 */
export function serversOf(spec: MachineSpec): Servers {
  const names: string[] = [];
  const GBps: number[] = [];
  const add = (name: string, capacityGBps: number): number => GBps.push(capacityGBps) && names.push(name) - 1;
  const nodes = spec.nodeSocket.map((_, node) => node);
  for (const node of nodes) add(`controller ${node}`, spec.controllerGBps.value[node]!);
  for (const { between, capacityGBps } of spec.links.value) {
    add(`link ${between[0]}>${between[1]}`, capacityGBps);
    add(`link ${between[1]}>${between[0]}`, capacityGBps);
  }
  const links = (from: number, to: number): number[] => {
    const found: number[] = [];
    for (let at = from; at !== to;) {
      const next = spec.nextHop.value[at]![to]!;
      found.push(names.indexOf(`link ${at}>${next}`));
      at = next;
    }
    return found;
  };
  const way = (cpuNode: number, node: number): Way => {
    const there = [node, ...links(node, cpuNode)];
    const back = links(cpuNode, node).map((server) => ({ server, visits: 1 }));
    const windowGBps = spec.pairGBps?.value[cpuNode]![node] ?? Infinity;
    if (node !== cpuNode && windowGBps < Math.min(...there.map((server) => GBps[server]!))) {
      const window = add(`pair ${cpuNode}<${node}`, windowGBps);
      there.push(window);
      back.push({ server: window, visits: extraVisits(spec, cpuNode, node) });
    }
    back.push({ server: node, visits: extraVisits(spec, node, node) });
    return { there, back, idleNs: (inFlight, isWritten) => idleNs(spec, cpuNode, node, inFlight, isWritten) };
  };
  const ways = nodes.map((cpuNode) => nodes.map((node) => way(cpuNode, node)));
  return { names, serviceNs: GBps.map((capacityGBps) => LINE_BYTES / capacityGBps), ways };
}

/** How much more a written line weighs than a read one: as much as its measured bandwidth is lower; a second line where none is measured. */
function extraVisits(spec: MachineSpec, cpuNode: number, node: number): number {
  const writtenGBps = spec.pairWriteGBps?.value[cpuNode]![node];
  if (writtenGBps === undefined) return cpuNode === node ? 1 : 0;
  const readGBps = cpuNode === node ? spec.controllerGBps.value[node]! : spec.pairGBps!.value[cpuNode]![node]!;
  return Math.max(0, readGBps / writtenGBps - 1);
}

/** A line takes its latency, or what the measured bandwidth of one thread leaves for each of its lines in flight if that is longer. */
function idleNs(spec: MachineSpec, cpuNode: number, node: number, inFlight: number, isWritten: boolean): number {
  const oneThread = isWritten ? spec.oneThreadWriteGBps : spec.oneThreadReadGBps;
  const aloneGBps = oneThread?.value[cpuNode]![node] ?? Infinity;
  return Math.max(spec.latencyNs.value[cpuNode]![node]!, (inFlight * LINE_BYTES) / aloneGBps);
}
