import type { PageMachine } from '../../experiments/page/schemas.ts';

export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface Ring {
  readonly width: number;
  readonly height: number;
  readonly radius: number;
  /** Of each node, by its number. */
  readonly places: readonly Place[];
  /** Nodes of each socket, in the order in which they stand. */
  readonly sockets: readonly (readonly number[])[];
}

const WIDTH = 790;
const HEIGHT = 640;
const GAP = 0.55;
/** With more sockets than this, trying every order takes too long. */
const MOST_TRIED = 7;

/**
 * Nodes on an ellipse, those of a socket side by side: straight links between them then cross no node. Sockets stand in the order in
 * which the links are shortest.
 */
export function ringOf(machine: PageMachine, links: readonly (readonly [number, number])[]): Ring {
  const names = [...new Set(machine.nodes.map(({ socket }) => socket))].sort((a, b) => a - b);
  const sockets = names.map((socket) => machine.nodes.filter((node) => node.socket === socket).map(({ node }) => node));
  const rest = sockets.slice(1);
  const orders = sockets.length <= MOST_TRIED ? permutations(rest).map((order) => [sockets[0]!, ...order]) : [sockets];
  const lengthOf = (places: readonly Place[]): number =>
    links.reduce((sum, [a, b]) => sum + Math.hypot(places[a]!.x - places[b]!.x, places[a]!.y - places[b]!.y), 0);
  const tried = orders.map((order) => ({ order, places: placesOf(order) }));
  const best = tried.reduce((a, b) => (lengthOf(b.places) < lengthOf(a.places) - 1e-6 ? b : a));
  const spacing = (2 * Math.PI * 235) / Math.max(1, machine.nodes.length);
  return { width: WIDTH, height: HEIGHT, radius: Math.max(9, Math.min(33, spacing * 0.3)), places: best.places, sockets: best.order };
}

function placesOf(sockets: readonly (readonly number[])[]): Place[] {
  const nodes = sockets.flat();
  if (nodes.length === 1) return [{ x: WIDTH / 2, y: HEIGHT / 2 }];
  const whole = nodes.length + sockets.length * GAP;
  const top = sockets.length <= 2 ? Math.PI : -Math.PI / 2; // where the middle of the first socket stands
  const first = top - ((sockets[0]!.length - 1) / 2 / whole) * 2 * Math.PI;
  const places: Place[] = [];
  let at = 0;
  for (const socket of sockets) {
    socket.forEach((node, i) => {
      const angle = first + ((at + i) / whole) * 2 * Math.PI;
      places[node] = { x: WIDTH / 2 + Math.cos(angle) * 262, y: HEIGHT / 2 + Math.sin(angle) * 222 };
    });
    at += socket.length + GAP;
  }
  return places;
}

function permutations<Value>(values: readonly Value[]): Value[][] {
  if (values.length <= 1) return [[...values]];
  return values.flatMap((value, i) => permutations(values.filter((_, j) => j !== i)).map((rest) => [value, ...rest]));
}
