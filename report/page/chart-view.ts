import type { PageChart } from '../../experiments/page/schemas.ts';
import { formatBytes, formatNumber, plainText } from '../format.ts';
import type { DrawnSeries } from './line-chart.ts';
import type { PageContext } from './context.ts';

/** A chart's series, and the panels that they are drawn in. */
export interface Panel {
  /** What all series of the panel have in common; empty where there is one panel. */
  readonly title: string;
  readonly series: readonly DrawnSeries[];
}

/** More lines than this in one picture are told apart by nobody. */
const MOST_TOGETHER = 4;

export function formatterOf(chart: PageChart): (x: number) => string {
  return (x) => {
    const name = chart.xNames?.[String(x)];
    if (name !== undefined) return plainText(name);
    return chart.xIsBytes === true ? formatBytes(x) : formatNumber(x, 4).replace(/\.0+$/, '');
  };
}

/**
 * Series share a picture if they are few. Else there is a panel for each setting of the other words in which series differ (vCPUs,
 * memory), with the policies in it: they are what is compared.
 */
export function panelsOf(chart: PageChart, context: PageContext): Panel[] {
  const names = [...new Set(chart.points.map(({ series }) => series))];
  const pointsOf = (name: string): PageChart['points'] => chart.points.filter(({ series }) => series === name);
  const policyOf = (name: string): string => textOf(pointsOf(name)[0]!.words.policy ?? name);
  const draw = (list: readonly string[], nameOf = (name: string): string => name): DrawnSeries[] =>
    list.map((name, s) => ({
      name: plainText(nameOf(name)),
      colour: context.colourOf(policyOf(name)),
      look: list.slice(0, s).filter((other) => policyOf(other) === policyOf(name)).length,
      points: pointsOf(name),
    }));
  if (names.length <= MOST_TOGETHER) return [{ title: '', series: draw(names) }];
  const settings = names.map((name) => settingOf(chart, name));
  const distinct = [...new Set(settings)];
  const isPaired = distinct.every((setting) => {
    const policies = names.filter((_, i) => settings[i] === setting).map(policyOf);
    return policies.length > 1 && new Set(policies).size === policies.length;
  });
  if (distinct.length < 2 || !isPaired) return [{ title: '', series: draw(names) }];
  return distinct.map((title) => ({ title, series: draw(names.filter((_, i) => settings[i] === title), policyOf) })); // prettier-ignore
}

/** `1 vCPU, 2GiB`: the words that stay the same along a series and differ between series, the policy apart. */
function settingOf(chart: PageChart, name: string): string {
  const own = chart.points.filter(({ series }) => series === name);
  const words = Object.keys(own[0]!.words).filter((word) => word !== 'policy');
  const constant = words.filter((word) => new Set(own.map((point) => textOf(point.words[word]))).size === 1);
  const telling = constant.filter((word) => new Set(chart.points.map((point) => textOf(point.words[word]))).size > 1);
  const several = telling.filter((word) => word !== 'kind');
  return several.map((word) => wordText(word, textOf(own[0]!.words[word]))).join(', ');
}

function wordText(word: string, value: string): string {
  if (word === 'vcpus') return `${value} vCPU${value === '1' ? '' : 's'}`;
  if (word === 'memory') return value.replace(/(?<=\d)(?=[A-Z])/, ' ');
  return `${word} ${value}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
