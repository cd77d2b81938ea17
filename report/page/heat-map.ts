import * as Plot from '@observablehq/plot';
import type { PageRun } from '../../experiments/page/schemas.ts';
import { formatNumber, formatShare, plainText } from '../format.ts';
import { HEAT_STEPS } from './colours.ts';
import type { PageContext } from './context.ts';
import { figure } from './figure.ts';
import { type Html, markup } from './html.ts';
import { plotSvg } from './plot-svg.ts';

const WIDTH = 460;
/** More nodes than this leave no room for numbers. */
const MOST_NUMBERED = 12;
/** The darkest step is for this share of a CPU node's lines and more. */
const STEPS = [0.0005, 0.02, 0.1, 0.25, 0.5, 0.8];

/** Which node's memory the CPUs of each node read, in percent of all lines of the run. */
export function heatMap(run: PageRun, context: PageContext): Html {
  const policy = plainText(run.policy);
  const id = context.idOf('accesses', policy);
  const nodes = Math.sqrt(run.linesByPair.length);
  const total = run.linesByPair.reduce((sum, lines) => sum + lines, 0);
  const cells = run.linesByPair.map((lines, pair) => {
    const cpuNode = Math.floor(pair / nodes);
    return { cpuNode, node: pair % nodes, share: total > 0 ? lines / total : 0 };
  });
  const largest = Math.max(...cells.map(({ share }) => share));
  const stepOf = (share: number): number => STEPS.filter((limit) => share >= limit * largest && share > 0).length;
  const size = (WIDTH - 70) / nodes;
  const height = 66 + Math.min(size * 0.78, 60) * nodes;
  const all = Array.from({ length: nodes }, (_, node) => node);
  const picture = plotSvg(
    {
      width: WIDTH,
      height,
      marginLeft: 62,
      marginRight: 8,
      marginTop: 46,
      marginBottom: 10,
      padding: 0,
      x: { domain: all, label: null, ticks: [] },
      y: { domain: all, label: null, ticks: [] },
      color: { type: 'identity' },
      marks: [
        Plot.axisX(nodes > 32 ? [] : all, { anchor: 'top', tickSize: 0, label: null, fill: 'var(--soft)' }),
        Plot.axisY(nodes > 32 ? [] : all, { tickSize: 0, label: null, fill: 'var(--soft)' }),
        Plot.text(['memory of node'], { frameAnchor: 'top', dy: -32, text: (d: string) => d, fill: 'var(--soft)' }),
        Plot.text(['CPUs of node'], { frameAnchor: 'left', dx: -40, rotate: -90, text: (d: string) => d, fill: 'var(--soft)' }),
        Plot.cell(cells, { x: 'node', y: 'cpuNode', inset: 1, fill: (cell: Cell) => `var(--h${Math.min(stepOf(cell.share), HEAT_STEPS - 1)})`, stroke: (cell: Cell) => (cell.node === cell.cpuNode ? 'var(--ink)' : 'var(--grid)'), strokeWidth: 1, title: (cell: Cell) => `CPUs of node ${cell.cpuNode}, memory of node ${cell.node}: ${formatShare(cell.share)} of all lines` }), // prettier-ignore
        ...(nodes <= MOST_NUMBERED
          ? [Plot.text(cells, { x: 'node', y: 'cpuNode', text: (cell: Cell) => numberOf(cell.share), fill: (cell: Cell) => `var(--t${Math.min(stepOf(cell.share), HEAT_STEPS - 1)})` })] // prettier-ignore
          : []),
      ],
    },
    { label: `${policy}: accesses by node of the CPU and node of the memory`, describedBy: `${id}-caption` },
  );
  return figure({
    id,
    title: `${policy}: who reads whose memory`,
    picture,
    caption: markup`${captionOf(cells, total)} In percent of all lines fetched; outlined: a node’s own memory.`,
    table: {
      columns: ['CPUs of node', ...all.map((node) => ({ title: `memory of ${node}`, align: 'right' as const }))],
      rows: all.map((cpuNode) => [String(cpuNode), ...all.map((node) => formatShare(cells[cpuNode * nodes + node]!.share))]),
    },
  });
}

interface Cell {
  readonly cpuNode: number;
  readonly node: number;
  readonly share: number;
}

function numberOf(share: number): string {
  const percent = share * 100;
  return percent === 0 ? '·' : percent < 0.1 ? '<0.1' : formatNumber(percent, percent >= 10 ? 3 : 2);
}

function captionOf(cells: readonly Cell[], total: number): string {
  if (total === 0) return 'No line was fetched from memory.';
  const remote = cells.filter(({ node, cpuNode }) => node !== cpuNode).reduce((sum, { share }) => sum + share, 0);
  const byNode = [...new Set(cells.map(({ node }) => node))].map((node) => ({
    node,
    share: cells.filter((cell) => cell.node === node).reduce((sum, { share }) => sum + share, 0),
  }));
  const busiest = byNode.toSorted((a, b) => b.share - a.share)[0]!;
  const from =
    remote === 0
      ? 'Every line came from the CPU’s own node.'
      : `${formatShare(remote)} of the lines came from another node than the CPU’s.`;
  return `${from} Node ${busiest.node} served most: ${formatShare(busiest.share)}.`;
}
