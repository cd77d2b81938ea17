import type { PageMachine, PageRun } from '../../experiments/page/schemas.ts';
import { counted, formatNs, formatNumber, formatShare, plainText } from '../format.ts';
import type { PageContext } from './context.ts';
import { figure } from './figure.ts';
import { type Html, markup, NOTHING } from './html.ts';
import { type Place, type Ring, ringOf } from './ring.ts';
import { loadsOf } from './run-view.ts';

/** A directed link, or a controller, with what it carries. */
interface Load {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly GBps: number;
  /** null where nothing limits it. */
  readonly capacityGBps: number | null;
}

const WIDEST = 15;
/** Loads below this share of what a link can carry get no label. */
const LEAST_LABELLED = 0.02;
const LABEL = { width: 96, height: 17 };
const ALONG = [0.5, 0.4, 0.6, 0.32, 0.68, 0.26, 0.74];

/** The machine with its sockets, nodes and links, and how much of their capacity a run used. */
export function machineDrawing(run: PageRun, machine: PageMachine, context: PageContext): Html {
  const policy = plainText(run.policy);
  const id = context.idOf('links', policy);
  const { GBps, measuredFromNs } = loadsOf(run);
  const capacity = new Map(machine.resources.map((resource) => [resource.name, resource.GBps]));
  const loads = Object.keys(GBps).flatMap((name): Load[] => {
    const [, from, to] = /^(?:link|controller) (\d+)(?:>(\d+))?$/.exec(name) ?? [];
    if (from === undefined) return [];
    const load = { name, from: Number(from), to: Number(to ?? from), GBps: GBps[name]!, capacityGBps: capacity.get(name) ?? null };
    return Math.max(load.from, load.to) < machine.nodes.length ? [load] : [];
  });
  const links = loads.filter(({ from, to }) => from !== to);
  const controllers = loads.filter(({ from, to }) => from === to);
  const ring = ringOf(machine, links.map(({ from, to }) => [from, to] as const)); // prettier-ignore
  const scale = WIDEST / Math.max(1e-9, ...links.map(({ capacityGBps, GBps: carried }) => capacityGBps ?? carried));
  const { labels, left } = labelsOf(links, ring, scale);
  const picture = markup`<svg class="chart drawing" role="img" color="${context.colourOf(run.policy)}" viewBox="0 0 ${ring.width} ${ring.height}" width="${ring.width}" height="${ring.height}" aria-label="${policy}: load of links and controllers, drawn on the machine" aria-describedby="${id}-caption">
${ring.sockets.map((nodes, socket) => socketMarkup(nodes, ring, socket))}
${links.map((link) => linkMarkup(link, ring, scale))}
${controllers.map((controller) => nodeMarkup(controller, ring, machine))}
${labels}</svg>`;
  return figure({
    id,
    title: `${policy}: load of links and controllers`,
    picture,
    isWide: true,
    caption: markup`${captionOf(links, controllers)} Pale lanes are as wide as a link’s capacity, the dark part as what it carried, arrows point where data go; rings show the use of each node’s controller. Rates ${measuredFromNs === null ? 'over the whole run' : `from ${formatNs(measuredFromNs)} on, while all guests were measured`}.${left > 0 ? ` ${left} of the loaded links have no room for a label: see the data.` : ''}`,
    table: {
      columns: ['', { title: 'GB/s', align: 'right' }, { title: 'capacity, GB/s', align: 'right' }, { title: 'use', align: 'right' }],
      rows: loads.map((load) => [
        load.name,
        formatNumber(load.GBps),
        load.capacityGBps === null ? 'no limit' : formatNumber(load.capacityGBps),
        load.capacityGBps === null ? '-' : formatShare(useOf(load)),
      ]),
    },
  });
}

function useOf({ GBps, capacityGBps }: Load): number {
  return capacityGBps === null || capacityGBps === 0 ? 0 : GBps / capacityGBps;
}

function socketMarkup(nodes: readonly number[], { places, radius }: Ring, socket: number): Html {
  const path = nodes.map((node, i) => `${i === 0 ? 'M' : 'L'}${at(places[node]!)}`).join('');
  const [only] = nodes;
  return markup`<path class="socket" d="${path}${nodes.length === 1 ? `L${at(places[only!]!)}` : ''}" stroke-width="${Math.round(radius * 3.1)}"><title>socket ${socket}: ${nodes.length === 1 ? 'node' : 'nodes'} ${nodes.join(', ')}</title></path>
`;
}

/** The two lanes of a link lie beside each other, each on the right of its way. */
function laneOf({ from, to, capacityGBps, GBps }: Load, { places, radius }: Ring, scale: number): { a: Place; b: Place; width: number } {
  const [start, end] = [places[from]!, places[to]!];
  const length = Math.hypot(end.x - start.x, end.y - start.y) || 1;
  const [ux, uy] = [(end.x - start.x) / length, (end.y - start.y) / length];
  const width = Math.max(2.5, (capacityGBps ?? GBps) * scale);
  const aside = width / 2 + 1.2;
  const inset = radius + 9;
  const point = (from: Place, along: number): Place => ({ x: from.x + ux * along - uy * aside, y: from.y + uy * along + ux * aside });
  return { a: point(start, inset), b: point(end, -inset), width };
}

function linkMarkup(link: Load, ring: Ring, scale: number): Html {
  const { a, b, width } = laneOf(link, ring, scale);
  const carried = link.GBps * scale;
  const path = `M${at(a)}L${at(b)}`;
  const load =
    carried < 0.3
      ? NOTHING
      : markup`<path class="load" d="${path}" stroke-width="${carried.toFixed(1)}"></path><path class="arrow" d="${arrow(a, b, Math.min(7, Math.max(5, width * 0.62)))}"></path>`;
  return markup`<g class="mark" role="img"><title>${link.name}: ${loadText(link)}</title><path class="lane" d="${path}" stroke-width="${width.toFixed(1)}"></path>${load}</g>
`;
}

function arrow(a: Place, b: Place, size: number): string {
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
  const tip = { x: b.x + ux * 5, y: b.y + uy * 5 };
  const base = { x: tip.x - ux * size * 1.7, y: tip.y - uy * size * 1.7 };
  return `M${at(tip)}L${at({ x: base.x - uy * size, y: base.y + ux * size })}L${at({ x: base.x + uy * size, y: base.y - ux * size })}Z`;
}

function nodeMarkup(controller: Load, { places, radius, width, height }: Ring, machine: PageMachine): Html {
  const { x, y } = places[controller.from]!;
  const ring = radius + 4;
  const around = 2 * Math.PI * ring;
  const use = Math.min(1, useOf(controller));
  const node = machine.nodes.find((one) => one.node === controller.from)!;
  const [dx, dy] = [x - width / 2, y - height / 2];
  const far = Math.hypot(dx, dy) || 1;
  const isSmall = radius < 22;
  const out = { x: x + (dx / far) * (ring + 12), y: y + (dy / far) * (ring + 20) };
  const anchor = Math.abs(dx) < 60 ? 'middle' : dx > 0 ? 'start' : 'end';
  const cpus = node.cpus.length === 0 ? 'no CPUs' : counted(node.cpus.length, 'CPU');
  const words = isSmall
    ? markup`<text x="${x.toFixed(1)}" y="${(y + 4).toFixed(1)}" text-anchor="middle" font-weight="600">${controller.from}</text>`
    : markup`<text x="${x.toFixed(1)}" y="${(y - 3).toFixed(1)}" text-anchor="middle" font-weight="600">node ${controller.from}</text><text x="${x.toFixed(1)}" y="${(y + 13).toFixed(1)}" text-anchor="middle" class="small">${cpus}</text>
<text class="halo" x="${out.x.toFixed(1)}" y="${(out.y + 4).toFixed(1)}" text-anchor="${anchor}">${formatNumber(controller.GBps, 2)} GB/s${controller.capacityGBps === null ? '' : ` · ${formatNumber(useOf(controller) * 100, 2)} %`}</text>`;
  return markup`<g class="mark" role="img"><title>node ${controller.from}, ${cpus}, controller: ${loadText(controller)}</title><circle class="node" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius.toFixed(1)}"></circle><circle class="lane" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${ring.toFixed(1)}" stroke-width="7"></circle><circle class="load" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${ring.toFixed(1)}" stroke-width="7" stroke-dasharray="${(around * use).toFixed(1)} ${around.toFixed(1)}" transform="rotate(-90 ${x.toFixed(1)} ${y.toFixed(1)})"></circle>${words}</g>
`;
}

/** The most loaded links are labelled first, each where nothing stands yet. */
function labelsOf(links: readonly Load[], ring: Ring, scale: number): { labels: Html[]; left: number } {
  const loaded = links.filter((link) => useOf(link) >= LEAST_LABELLED || (link.capacityGBps === null && link.GBps > 0));
  const taken = ring.places.map(({ x, y }) => ({ x, y, width: 2 * ring.radius + 22, height: 2 * ring.radius + 18 }));
  const labels: Html[] = [];
  for (const link of loaded.toSorted((a, b) => b.GBps - a.GBps)) {
    const { a, b } = laneOf(link, ring, scale);
    const spot = ALONG.map((t) => ({ x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t, ...LABEL })).find((box) => !taken.some((other) => meet(box, other))); // prettier-ignore
    if (!spot) continue;
    taken.push(spot);
    labels.push(markup`<text class="halo" x="${spot.x.toFixed(1)}" y="${(spot.y + 4).toFixed(1)}" text-anchor="middle">${formatNumber(link.GBps, 2)} GB/s · ${formatNumber(useOf(link) * 100, 2)} %</text>
`); // prettier-ignore
  }
  return { labels, left: loaded.length - labels.length };
}

interface Box extends Place {
  readonly width: number;
  readonly height: number;
}

function meet(a: Box, b: Box): boolean {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2;
}

function loadText(load: Load): string {
  const { GBps, capacityGBps } = load;
  if (capacityGBps === null) return `${formatNumber(GBps)} GB/s, no limit`;
  return `${formatNumber(GBps)} of ${formatNumber(capacityGBps)} GB/s, ${formatShare(useOf(load))}`;
}

function captionOf(links: readonly Load[], controllers: readonly Load[]): string {
  const top = (loads: readonly Load[]): Load | undefined => loads.toSorted((a, b) => useOf(b) - useOf(a) || b.GBps - a.GBps)[0];
  const [controller, link] = [top(controllers), top(links)];
  const said = [
    controller && controller.GBps > 0 ? `The busiest controller is that of node ${controller.from}, with ${loadText(controller)}.` : '',
    link && link.GBps > 0
      ? `The busiest link is ${link.from} to ${link.to}, with ${loadText(link)}.`
      : links.length > 0
        ? 'No link carried anything.'
        : '',
  ];
  return said.filter((text) => text !== '').join(' ');
}

function at({ x, y }: Place): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}
