import type { Machine } from '../../sim/machine.ts';
import { guestClasses, nodeSymmetries } from './symmetry.ts';
import type { GuestSpec } from '../../sim/scenario.ts';

/** [guest] the nodes its vCPUs are dealt out over, in turn. */
export type NodeSets = readonly (readonly number[])[];

/** More than this are not even counted out. */
const MOST_LISTED = 5_000;

/**
 * All ways to give guests nodes that differ by more than names of equal guests and of equal nodes; null if there are more than `most`.
 * A guest of several vCPUs may be given any set of nodes while those are few, else one node, two, or all; else one or all.
 */
export function distinctNodeSets(machine: Machine, guests: readonly GuestSpec[], most: number): NodeSets[] | null {
  const nodes = nodesWithCpus(machine);
  const levels = [(size: number) => size > 0, (size: number) => size <= 2 || size === nodes.length, (size: number) => size === 1 || size === nodes.length]; // prettier-ignore
  if (nodes.length > 8) return null;
  const classes = guestClasses(guests);
  for (const isWanted of levels) {
    const sets = subsets(nodes).filter((set) => isWanted(set.length));
    const choices = classes.map(([guest]) => sets.filter((set) => set.length === 1 || set.length <= guests[guest!]!.vcpus));
    const listed = choices.reduce((product, { length }, at) => product * multisets(length, classes[at]!.length), 1);
    if (listed > MOST_LISTED) continue;
    const distinct = list(machine, classes, choices);
    if (distinct.length <= most) return distinct;
  }
  return null;
}

export function nodesWithCpus(machine: Machine): number[] {
  return Array.from({ length: machine.nodeCount }, (_, node) => node).filter((node) => machine.nodeCpuCount[node]! > 0);
}

function subsets(nodes: readonly number[]): number[][] {
  const all = nodes.reduce<number[][]>((sets, node) => [...sets, ...sets.map((set) => [...set, node])], [[]]);
  return all.filter((set) => set.length > 0).sort((a, b) => a.length - b.length);
}

/** Ways to draw `count` of `kinds`, whatever the order, any number of each. */
function multisets(kinds: number, count: number): number {
  let ways = 1;
  for (let i = 1; i <= count; i++) ways = (ways * (kinds + i - 1)) / i;
  return Math.round(ways);
}

function list(machine: Machine, classes: readonly number[][], choices: readonly (readonly number[])[][]): NodeSets[] {
  const symmetries = nodeSymmetries(machine);
  const seen = new Set<string>();
  const distinct: NodeSets[] = [];
  const sets: (readonly number[])[] = [];
  const places = classes.flatMap((members, at) => members.map((guest, i) => ({ guest, at, isFirst: i === 0 })));
  const extend = (place: number, from: number): void => {
    if (place === places.length) {
      const key = canonical(classes, sets, symmetries);
      if (!seen.has(key)) distinct.push([...sets]);
      seen.add(key);
      return;
    }
    const { guest, at, isFirst } = places[place]!;
    for (let choice = isFirst ? 0 : from; choice < choices[at]!.length; choice++) {
      sets[guest] = choices[at]![choice]!;
      extend(place + 1, choice);
    }
  };
  extend(0, 0);
  return distinct;
}

/** The same text for all that differ in names alone. */
function canonical(classes: readonly number[][], sets: NodeSets, symmetries: readonly number[][]): string {
  let least = '';
  for (const image of symmetries) {
    const renamed = (guest: number): string => sets[guest]!.map((node) => image[node]!).sort((a, b) => a - b).join('+'); // prettier-ignore
    const text = classes.map((members) => members.map(renamed).sort().join(' ')).join('|');
    if (least === '' || text < least) least = text;
  }
  return least;
}
