import type { PageRun, PageTimeline } from '../../experiments/page/schemas.ts';
import { withTicks } from '../axis.ts';
import { counted, formatNumber, formatShare, plainText } from '../format.ts';
import type { PageContext } from './context.ts';
import { figure } from './figure.ts';
import { type Html, markup, NOTHING } from './html.ts';
import { measuredFrom } from './run-view.ts';

const WIDTH = 460;
const LEFT = 92;
const RIGHT = 12;
const TOP = 22;
const HALF = 8;
const GUEST_GAP = 9;
const STRIP = 17;
/** Guests are drawn with a row for each node they used as long as they are few; then as a strip each; beyond these, not at all. */
const MOST_IN_FULL = 12;
const MOST_STRIPS = 96;
/** A node that never had this much of a guest's CPU time or memory has no row. */
const LEAST_SHARE = 0.01;

/** What a guest had on each node between two points of time, and where its memory lay at the end of that. */
interface Course {
  readonly name: string;
  /** [interval][node] share of the time of its vCPUs. */
  readonly cpu: readonly (readonly number[])[];
  /** [interval][node] share of its blocks. */
  readonly memory: readonly (readonly number[])[];
}

/** Where each guest's vCPUs ran and where its memory lay, as the run went on. */
export function timelineFigure(run: PageRun, timeline: PageTimeline, context: PageContext): Html {
  const policy = plainText(run.policy);
  const id = context.idOf('timeline', policy);
  const courses = run.guests.map((guest, g) => courseOf(guest.name, guest.vcpus, timeline, g));
  const endNs = timeline.timesNs.at(-1)!;
  const x = (ns: number): number => LEFT + (endNs > 0 ? ns / endNs : 0) * (WIDTH - LEFT - RIGHT);
  const isFull = courses.length <= MOST_IN_FULL;
  const drawn = isFull ? fullRows(courses, timeline, x) : strips(courses.slice(0, MOST_STRIPS), timeline, x);
  const height = drawn.bottom + 34;
  const from = measuredFrom(run);
  const measured =
    from === null
      ? NOTHING
      : markup`<path class="since" d="M${x(from).toFixed(1)} ${TOP - 8}V${drawn.bottom}"></path><text class="small" x="${(x(from) + 4).toFixed(1)}" y="${TOP - 8}">measured from here</text>`;
  const picture = markup`<svg class="chart timeline" role="img" color="${context.colourOf(run.policy)}" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" aria-label="${policy}: where guests ran and where their memory lay over time" aria-describedby="${id}-caption">
${drawn.rows}${timeAxis(endNs, x, drawn.bottom)}${measured}</svg>`;
  return figure({
    id,
    title: `${policy}: guests over nodes`,
    picture,
    caption: markup`${captionOf(courses)} ${isFull ? FULL_KEY : STRIP_KEY}${courses.length > MOST_STRIPS ? ` The first ${MOST_STRIPS} of ${courses.length} guests.` : ''}`,
    table: {
      columns: ['guest', 'CPU time by node', 'memory by node at the end', { title: 'changes of main node', align: 'right' }],
      rows: courses.map((course) => [
        course.name,
        sharesText(average(course.cpu)),
        sharesText(course.memory.at(-1) ?? []),
        String(changesOf(course)),
      ]),
    },
  });
}

const FULL_KEY = 'A row for each node n a guest used. Above its line, full: the share of its vCPUs that ran there; below, outlined: the share of its memory there.'; // prettier-ignore
const STRIP_KEY = 'A strip for each guest: numbers are the node on which it ran most; empty where it did not run.';

function courseOf(name: string, vcpus: number, { timesNs, guests }: PageTimeline, g: number): Course {
  const { nodeRunNs, nodeBlocks } = guests[g]!;
  const intervals = timesNs.slice(1).map((_, t) => t + 1);
  return {
    name: plainText(name),
    cpu: intervals.map((t) => {
      const lengthNs = (timesNs[t]! - timesNs[t - 1]!) * Math.max(1, vcpus);
      return nodeRunNs[t]!.map((ns, node) => (lengthNs > 0 ? clamp((ns - nodeRunNs[t - 1]![node]!) / lengthNs) : 0));
    }),
    memory: intervals.map((t) => {
      const blocks = nodeBlocks[t]!.reduce((sum, count) => sum + count, 0);
      return nodeBlocks[t]!.map((count) => (blocks > 0 ? count / blocks : 0));
    }),
  };
}

interface Drawn {
  readonly rows: readonly Html[];
  readonly bottom: number;
}

function fullRows(courses: readonly Course[], { timesNs }: PageTimeline, x: (ns: number) => number): Drawn {
  const rows: Html[] = [];
  let y = TOP;
  for (const course of courses) {
    const nodes = usedNodes(course);
    rows.push(markup`<text x="6" y="${y + HALF + 4}" font-weight="600">${shortened(course.name)}</text>
`);
    for (const node of nodes) {
      const middle = y + HALF;
      const cpu = course.cpu.map((shares) => shares[node]!);
      const memory = course.memory.map((shares) => shares[node]!);
      const tip = `${course.name} on node ${node}: ${formatShare(mean(cpu))} of its vCPU time, ${formatShare(memory.at(-1) ?? 0)} of its memory at the end`; // prettier-ignore
      rows.push(markup`<g class="mark" role="img"><title>${tip}</title><rect class="row" x="${LEFT}" y="${y}" width="${WIDTH - LEFT - RIGHT}" height="${2 * HALF}"></rect><path class="memory" d="${stepPath(memory, timesNs, x, middle, HALF - 1)}"></path><path class="cpu" d="${stepPath(cpu, timesNs, x, middle, 1 - HALF)}"></path><path class="base" d="M${LEFT} ${middle}H${WIDTH - RIGHT}"></path></g><text class="small" x="${LEFT - 6}" y="${middle + 4}" text-anchor="end">n${node}</text>
`);
      y += 2 * HALF + 1;
    }
    if (nodes.length === 0) y += 2 * HALF;
    y += GUEST_GAP;
  }
  return { rows, bottom: y - GUEST_GAP + 4 };
}

/** The outline of shares as steps over a base line, upwards where `height` is negative. Steps of equal height are one. */
function stepPath(shares: readonly number[], timesNs: readonly number[], x: (ns: number) => number, base: number, height: number): string {
  let path = '';
  let before = base;
  shares.forEach((share, t) => {
    const y = Number((base + share * height).toFixed(1));
    if (y === before) return;
    path += `${path === '' ? `M${x(timesNs[t]!).toFixed(1)} ${base}` : `H${x(timesNs[t]!).toFixed(1)}`}V${y}`;
    before = y;
  });
  return path === '' ? '' : `${path}H${x(timesNs.at(-1)!).toFixed(1)}V${base}Z`;
}

function strips(courses: readonly Course[], { timesNs }: PageTimeline, x: (ns: number) => number): Drawn {
  const rows = courses.map((course, g) => {
    const y = TOP + g * STRIP;
    const mains = course.cpu.map(mainNode);
    const starts = mains.flatMap((node, t) => (t === 0 || node !== mains[t - 1] ? [t] : []));
    const parts = starts.map((t, i) => {
      const node = mains[t]!;
      if (node === null) return NOTHING;
      const [from, to] = [x(timesNs[t]!), x(timesNs[starts[i + 1] ?? mains.length]!)];
      const number =
        to - from >= 9
          ? markup`<text class="small" x="${((from + to) / 2).toFixed(1)}" y="${y + STRIP - 5}" text-anchor="middle">${node}</text>`
          : NOTHING;
      return markup`<rect class="part${node % 2 === 0 ? ' even' : ''}" x="${from.toFixed(1)}" y="${y}" width="${Math.max(0.5, to - from).toFixed(1)}" height="${STRIP - 3}"></rect>${number}`;
    });
    const tip = `${course.name}: CPU time ${sharesText(average(course.cpu))}; memory at the end ${sharesText(course.memory.at(-1) ?? [])}`;
    return markup`<text class="small" x="${LEFT - 6}" y="${y + STRIP - 5}" text-anchor="end">${shortened(course.name)}</text><g class="mark" role="img"><title>${tip}</title><rect class="row" x="${LEFT}" y="${y}" width="${WIDTH - LEFT - RIGHT}" height="${STRIP - 3}"></rect>${parts}</g>
`;
  });
  return { rows, bottom: TOP + courses.length * STRIP + 2 };
}

function timeAxis(endNs: number, x: (ns: number) => number, y: number): Html {
  const unit = endNs >= 2e9 ? 1e9 : 1e6;
  const { ticks } = withTicks({ scale: 'linear', low: 0, high: Math.max(endNs, 1) / unit }, 5);
  const inside = ticks.filter((tick) => tick * unit <= endNs);
  const last = unit === 1e9 ? ' s' : ' ms';
  const label = (tick: number, i: number): Html =>
    markup`<text class="small" x="${x(tick * unit).toFixed(1)}" y="${y + 17}" text-anchor="middle">${formatNumber(tick, 3).replace(/\.0+$/, '')}${i === inside.length - 1 ? last : ''}</text>`;
  const marks = inside.map((tick) => `M${x(tick * unit).toFixed(1)} ${y}v4`).join('');
  return markup`<path class="axis" d="M${LEFT} ${y}H${WIDTH - RIGHT}${marks}"></path>${inside.map(label)}`;
}

function captionOf(courses: readonly Course[]): string {
  const still = courses.filter((course) => changesOf(course) === 0).length;
  const most = courses.toSorted((a, b) => changesOf(b) - changesOf(a))[0];
  if (!most) return 'No guests.';
  if (still === courses.length) return courses.length === 1 ? 'The guest stays on one node.' : 'Every guest stays on one node.';
  const moved = counted(changesOf(most), 'change');
  return `${still} of ${counted(courses.length, 'guest')} stay on one node; ${most.name} wanders most, with ${moved} of its main node seen.`;
}

/** How often the node on which it ran most was another than before. */
function changesOf({ cpu }: Course): number {
  const mains = cpu.map(mainNode).filter((node) => node !== null);
  return mains.filter((node, t) => t > 0 && node !== mains[t - 1]).length;
}

function mainNode(shares: readonly number[]): number | null {
  const largest = Math.max(...shares);
  return largest > 0 ? shares.indexOf(largest) : null;
}

function usedNodes({ cpu, memory }: Course): number[] {
  const nodes = (cpu[0] ?? []).map((_, node) => node);
  return nodes.filter(
    (node) => mean(cpu.map((shares) => shares[node]!)) >= LEAST_SHARE || memory.some((shares) => shares[node]! >= LEAST_SHARE),
  );
}

function sharesText(shares: readonly number[]): string {
  const sum = shares.reduce((all, share) => all + share, 0);
  const used = shares.flatMap((share, node) => (sum > 0 && share / sum >= 0.005 ? [{ node, share: share / sum }] : []));
  return used.length === 0 ? 'none' : used.map(({ node, share }) => `node ${node} ${formatShare(share, 2)}`).join(', ');
}

function average(rows: readonly (readonly number[])[]): number[] {
  return (rows[0] ?? []).map((_, node) => mean(rows.map((row) => row[node]!)));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** What fits beside the rows. */
function shortened(name: string): string {
  return name.length > 9 ? `${name.slice(0, 8)}…` : name;
}
