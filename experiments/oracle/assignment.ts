import { capacityGBps, type Machine } from '../../sim/machine.ts';
import type { GuestSpec } from '../../sim/scenario.ts';
import { solveInteger } from './integer-programme.ts';
import { type NodeSets, nodesWithCpus } from './node-sets.ts';
import { guestClasses } from './symmetry.ts';

/** A guest, or an equal part of one that no node has the CPUs for. */
interface Part {
  readonly members: readonly number[]; // guests that have such parts
  readonly each: number; //               parts of a guest
  readonly vcpus: number;
  readonly memoryBytes: number;
  /** What it draws from memory when it runs alone. */
  readonly demandGBps: number;
}

/** Points at which the square of a node's load is touched from below. */
const TANGENTS = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6];

/**
 * Nodes for guests by an estimate, for when there are too many ways to try them all: an integer programme that says how many of each
 * kind of guest go to each node, so that memory fits, no CPU is wanted twice where that can be helped, and the controllers' loads (the
 * square of use over capacity, which queues grow with) are least in sum. Parts of one guest are then dealt to nodes near one another.
 * @param demandGBps [guest] what it draws from memory when it runs alone
 */
export function assignNodes(machine: Machine, guests: readonly GuestSpec[], demandGBps: readonly number[]): NodeSets {
  const nodes = nodesWithCpus(machine);
  const most = Math.max(...nodes.map((node) => machine.nodeCpuCount[node]!));
  const parts = guestClasses(guests).map((members): Part => {
    const { vcpus, memoryBytes } = guests[members[0]!]!;
    const each = Math.min(nodes.length, Math.ceil(vcpus / most));
    return { members, each, vcpus: vcpus / each, memoryBytes: memoryBytes / each, demandGBps: demandGBps[members[0]!]! / each };
  });
  const counts = solveInteger(programme(machine, nodes, parts));
  return dealParts(machine, guests.length, nodes, parts, (part, node) => Math.round(counts?.get(`z${part}_${node}`) ?? 0));
}

/** In CPLEX's LP format. z: parts on a node; t: load of its controller, squared; s: vCPUs beyond its CPUs; m: GiB beyond its memory. */
function programme(machine: Machine, nodes: readonly number[], parts: readonly Part[]): string {
  const sum = (node: number, of: (part: Part) => number): string =>
    parts.map((part, at) => `+ ${fixed(of(part))} z${at}_${node}`).join(' ');
  const rows = [
    ...parts.map(({ members, each }, at) => `${nodes.map((node) => `+ z${at}_${node}`).join(' ')} = ${members.length * each}`),
    ...nodes.flatMap((node) => {
      const width = capacityGBps(machine, node);
      return [
        ...TANGENTS.map((use) => `t${node} ${sum(node, ({ demandGBps }) => (-2 * use * demandGBps) / width)} >= ${fixed(-use * use)}`),
        `s${node} ${sum(node, ({ vcpus }) => -vcpus)} >= ${-machine.nodeCpuCount[node]!}`,
        `m${node} ${sum(node, ({ memoryBytes }) => -memoryBytes / 2 ** 30)} >= ${fixed(-machine.memoryBytes[node]! / 2 ** 30)}`,
      ];
    }),
  ];
  const integers = parts.flatMap((_, at) => nodes.map((node) => `z${at}_${node}`));
  const cost = nodes.map((node) => `+ t${node} + 4 s${node} + 1000 m${node}`).join(' ');
  return `Minimize\n cost: ${cost}\nSubject To\n${rows.map((row, i) => ` c${i}: ${row}\n`).join('')}General\n ${integers.join('\n ')}\nEnd\n`;
}

/** No exponent, which the format would read as a name. */
function fixed(value: number): string {
  return value.toFixed(9);
}

function dealParts(
  machine: Machine,
  guestCount: number,
  nodes: readonly number[],
  parts: readonly Part[],
  countOn: (part: number, node: number) => number,
): number[][] {
  const sets = Array.from({ length: guestCount }, (): number[] => []);
  parts.forEach(({ members, each }, at) => {
    const left = new Map(nodes.map((node) => [node, countOn(at, node)]));
    for (const guest of members) {
      for (let i = 0; i < each; i++) {
        const free = nodes.filter((node) => left.get(node)! > 0);
        const home = sets[guest]![0] ?? free[0] ?? nodes[0]!;
        const far = (node: number): number => machine.slit[home * machine.nodeCount + node]! + (sets[guest]!.includes(node) ? 1000 : 0);
        const node = free.reduce((best, other) => (far(other) < far(best) ? other : best), free[0] ?? home);
        left.set(node, (left.get(node) ?? 1) - 1);
        sets[guest]!.push(node);
      }
    }
  });
  return sets.map((set) => [...new Set(set)]);
}
