import { axisOver, placeOn, type Scale, withTicks } from './axis.ts';
import { formatNumber, plainText } from './format.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Ends of a bar through the point, e.g. the smallest and largest guest. */
  readonly low?: number;
  readonly high?: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface PlotOptions {
  readonly title: string;
  readonly xLabel: string;
  /** With its unit. */
  readonly yLabel: string;
  /** Of the whole drawing, in characters; axis and labels included. */
  readonly width?: number;
  /** Lines of the drawing area, about: a linear y axis takes the nearest number that puts its labels at equal distances. */
  readonly height?: number;
  /** 'even' sets the measured x at equal distances, whatever lies between them. */
  readonly xScale?: Scale | 'even';
  readonly yScale?: Scale;
  /** A linear y axis starts at 0 unless this is false. */
  readonly yFromZero?: boolean;
  readonly xFormat?: (x: number) => string;
  readonly yFormat?: (y: number) => string;
}

const MARKS = [...'ox+*#@%$ABCDEFGH'];
const SEVERAL = '&';
const BAR = '|';
const TRAIL = '·';
const LINES_PER_TICK = 3;

/**
 * A plot as text: a y axis with round figures, labels under the measured x, a mark per series with a trail between its points, and
 * a legend. Where there is room, the marks of one x stand side by side; marks that still meet become '&'.
 * @throws RangeError for values that cannot be drawn
 */
export function plot(series: readonly Series[], options: PlotOptions): string {
  const { title, xLabel, yLabel, width = 90, height = 16, xScale = 'linear', yScale = 'linear', yFromZero = true } = options;
  const { xFormat = shortNumber, yFormat = shortNumber } = options;
  checkSeries(series);
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return `${plainText(title)}\n(nothing to draw)`;

  const tickCount = Math.max(2, Math.round(height / LINES_PER_TICK));
  const ys = points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]);
  const { axis: yAxis, ticks: yTicks } = withTicks(axisOver(ys, yScale, yFromZero), tickCount);
  const lines = yScale === 'log' ? height : 1 + (yTicks.length - 1) * Math.max(1, Math.round((height - 1) / (yTicks.length - 1)));
  const rowOf = (y: number): number => Math.round((1 - placeOn(yAxis, y)) * (lines - 1));
  const yLabels = new Map(yTicks.map((tick) => [rowOf(tick), yFormat(tick)]));
  const margin = Math.max(...[...yLabels.values()].map((label) => label.length));

  const columns = width - margin - 2;
  const aside = Math.floor(series.length / 2) + 1; // columns kept free at both ends for marks side by side
  if (columns < 10 + 2 * aside || height < 3) throw new RangeError(`plot: width ${width}, height ${height}, want more room`);
  const xs = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b);
  const xPlace = xScale === 'even' ? (x: number): number => xs.indexOf(x) : (x: number): number => x;
  const xAxis = axisOver(xs.map(xPlace), xScale === 'even' ? 'linear' : xScale, false);
  const columnOf = (x: number): number => aside + Math.round(placeOn(xAxis, xPlace(x)) * (columns - 1 - 2 * aside));

  const grid = new Grid(columns, lines);
  const step = stepAside(xs.map(columnOf), series.length);
  series.forEach(({ points: own }, s) => {
    const sorted = [...own].sort((a, b) => a.x - b.x);
    const cells = sorted.map((point) => [columnOf(point.x) + step(s), rowOf(point.y)] as const);
    for (let i = 1; i < cells.length; i++) grid.trail(cells[i - 1]!, cells[i]!);
    sorted.forEach(({ y, low = y, high = y }, i) => grid.bar(cells[i]![0], rowOf(high), rowOf(low)));
    for (const cell of cells) grid.mark(cell, MARKS[s]!);
  });

  const xTicks = xs.map((x): [number, string] => [columnOf(x), plainText(xFormat(x))]);
  const hasBars = points.some(({ y, low = y, high = y }) => low < high);
  return [
    plainText(title),
    plainText(yLabel),
    ...grid.rows.map((cells, row) => `${(yLabels.get(row) ?? '').padStart(margin)} ${yLabels.has(row) ? '┤' : '│'}${cells.join('')}`),
    ...underAxis(xTicks, columns, plainText(xLabel)).map((line, i) => `${' '.repeat(margin + 1)}${i === 0 ? '└' : ' '}${line}`),
    ...legend(series, width, grid.hasMeetings, hasBars),
  ]
    .map((line) => line.trimEnd())
    .join('\n');
}

type Place = readonly [column: number, row: number];

/** What stands in each cell. Marks cover bars, bars cover trails. */
class Grid {
  readonly rows: string[][];
  hasMeetings = false;

  constructor(columns: number, height: number) {
    this.rows = Array.from({ length: height }, () => new Array<string>(columns).fill(' '));
  }

  mark([column, row]: Place, mark: string): void {
    const before = this.rows[row]![column]!;
    const isTaken = before !== mark && (MARKS.includes(before) || before === SEVERAL);
    this.rows[row]![column] = isTaken ? SEVERAL : mark;
    this.hasMeetings ||= isTaken;
  }

  bar(column: number, top: number, bottom: number): void {
    for (let row = top; row <= bottom; row++) this.cover(column, row, BAR);
  }

  trail([fromColumn, fromRow]: Place, [toColumn, toRow]: Place): void {
    for (let column = fromColumn + 1; column < toColumn; column++) {
      const share = (column - fromColumn) / (toColumn - fromColumn);
      this.cover(column, Math.round(fromRow + share * (toRow - fromRow)), TRAIL);
    }
  }

  private cover(column: number, row: number, what: string): void {
    const before = this.rows[row]![column]!;
    if (before === ' ' || before === TRAIL) this.rows[row]![column] = what;
  }
}

/** By how many columns each series steps aside: side by side if the closest two x leave room for it, else not at all. */
function stepAside(columns: readonly number[], seriesCount: number): (series: number) => number {
  const closest = Math.min(...columns.slice(1).map((column, i) => column - columns[i]!));
  return closest > seriesCount ? (series) => series - Math.floor(seriesCount / 2) : () => 0;
}

/** The x axis with a notch at every labelled x, the labels, what they mean. A label that would touch the one on its left is left out. */
function underAxis(ticks: readonly [number, string][], columns: number, title: string): string[] {
  const line = new Array<string>(columns).fill('─');
  let labels = '';
  for (const [column, label] of ticks) {
    const start = Math.max(0, Math.min(column - Math.floor(label.length / 2), columns - label.length));
    if (labels !== '' && start <= labels.length) continue;
    line[column] = '┬';
    labels = labels.padEnd(start) + label;
  }
  return [line.join(''), labels, ' '.repeat(Math.max(0, Math.floor((columns - title.length) / 2))) + title];
}

function legend(series: readonly Series[], width: number, hasMeetings: boolean, hasBars: boolean): string[] {
  const entries = series.map(({ name }, s) => `${MARKS[s]} ${plainText(name)}`);
  if (hasMeetings) entries.push(`${SEVERAL} several`);
  if (hasBars) entries.push(`${BAR} smallest to largest`);
  const lines: string[] = [];
  for (const entry of entries) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + 3 + entry.length <= width) lines[lines.length - 1] = `${last}   ${entry}`;
    else lines.push(entry);
  }
  return lines;
}

/** Axis figures without the zeros that significant digits would add. */
function shortNumber(value: number): string {
  return String(Number(formatNumber(value, 4)));
}

function checkSeries(series: readonly Series[]): void {
  if (series.length > MARKS.length) throw new RangeError(`plot: ${series.length} series, want at most ${MARKS.length}`);
  for (const { name, points } of series) {
    for (const [i, point] of points.entries()) {
      for (const [key, value] of Object.entries(point)) {
        if (value !== undefined && !Number.isFinite(value)) {
          throw new RangeError(`plot: ${plainText(name)} point ${i}: ${key} = ${value}, want a finite number`);
        }
      }
      if ((point.low ?? point.y) > point.y || (point.high ?? point.y) < point.y) {
        throw new RangeError(`plot: ${plainText(name)} point ${i}: y = ${point.y}, want it between low and high`);
      }
    }
  }
}
