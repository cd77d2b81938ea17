import type { MachineSpec } from '../sim/machine-spec.ts';

const SOCKET_GAP = 2;

/**
 * The links as a diagram of arcs: a column for each node, nodes of a socket side by side, a row for each link from one of its nodes
 * to the other. Links inside a socket are drawn double and come first, then the others by node.
 */
export function drawLinks(spec: MachineSpec): string[] {
  const order = spec.nodeSocket.map((_, node) => node).sort((a, b) => spec.nodeSocket[a]! - spec.nodeSocket[b]! || a - b);
  const nodeWidth = order.length <= 10 ? 7 : 5;
  const columnOf: number[] = [];
  order.forEach((node, i) => {
    const before = order.slice(1, i + 1).filter((next, j) => spec.nodeSocket[next] !== spec.nodeSocket[order[j]!]).length;
    columnOf[node] = 4 + i * nodeWidth + before * SOCKET_GAP;
  });
  const width = Math.max(...columnOf) + 3;
  const isInside = (a: number, b: number): boolean => spec.nodeSocket[a] === spec.nodeSocket[b];

  const links = spec.links.value.map(({ between: [a, b], capacityGBps }) => {
    const [left, right] = columnOf[a]! < columnOf[b]! ? [a, b] : [b, a];
    return { left, right, capacityGBps, inside: isInside(a, b) };
  });
  links.sort(
    (x, y) => Number(y.inside) - Number(x.inside) || columnOf[x.left]! - columnOf[y.left]! || columnOf[x.right]! - columnOf[y.right]!,
  );

  const rows = links.map(({ left, right, capacityGBps, inside }) => {
    const row = Array.from({ length: width }, () => ' ');
    for (let x = columnOf[left]!; x <= columnOf[right]!; x++) row[x] = inside ? '═' : '─';
    for (const node of order) {
      const x = columnOf[node]!;
      row[x] = node === left || node === right ? '●' : row[x] === ' ' ? '┊' : row[x]!;
    }
    return `${row.join('')}  ${left}-${right}`.padEnd(width + 8) + `${capacityGBps} GB/s`.padStart(10);
  });
  return [...socketBrackets(spec, order, columnOf, width), ...rows];
}

/** Two lines above the columns: each socket's name in a bracket that spans its nodes, and the nodes' numbers. */
function socketBrackets(spec: MachineSpec, order: readonly number[], columnOf: readonly number[], width: number): string[] {
  const brackets = Array.from({ length: width }, () => ' ');
  const numbers = Array.from({ length: width }, () => ' ');
  const write = (line: string[], at: number, text: string): void => [...text].forEach((letter, i) => (line[at + i] = letter));
  for (const socket of new Set(order.map((node) => spec.nodeSocket[node]!))) {
    const columns = order.filter((node) => spec.nodeSocket[node] === socket).map((node) => columnOf[node]!);
    const first = columns[0]! - 2;
    const inner = columns[columns.length - 1]! - columns[0]! + 3;
    const label = [`socket ${socket}`, `s${socket}`].find((text) => text.length <= inner) ?? '─';
    write(brackets, first, `╭${label.padStart(Math.ceil((inner + label.length) / 2), '─').padEnd(inner, '─')}╮`);
  }
  for (const node of order) write(numbers, columnOf[node]!, String(node));
  return [brackets.join('').trimEnd(), numbers.join('').trimEnd()];
}
