import { meanInterval } from '../statistics/interval.ts';
import { assumedFigures, varied } from '../variations.ts';
import { isInside, parseBands } from './band.ts';
import { publishedOf, type ValidationItem } from './item.ts';
import { scenariosOf, simulate, type Simulator, type Variation } from './validate.ts';

/** What an assumed figure, made larger and smaller by a fifth, does to an item. */
export interface Sensitivity {
  readonly figure: string;
  /** [less, more][value] simulated. */
  readonly simulated: readonly [readonly number[], readonly number[]];
  /** Whether some value leaves or enters its band. */
  readonly turns: boolean;
}

const SHARE = 0.2;

/** Reruns an item with each assumed figure that it uses at plus and minus 20 %, one at a time. */
export function sensitivityOf(item: ValidationItem, simulator: Simulator, done: () => void = () => {}): Sensitivity[] {
  if (!item.scenario) return [];
  const bands = parseBands(item.accept, publishedOf(item));
  const means = (variation: Variation): number[] =>
    simulate(item, simulator, { done, variation }).map((values) => meanInterval(values).mean);
  const inside = (values: readonly number[]): string => values.map((value, i) => isInside(bands[i]!, value)).join();
  const before = inside(means((scenario) => scenario));
  return figuresOf(item, simulator).map((figure) => {
    const scaled = (factor: number): number[] => means((scenario) => varied(scenario, { figure, factor }));
    const simulated = [scaled(1 - SHARE), scaled(1 + SHARE)] as const;
    return { figure, simulated, turns: simulated.some((values) => inside(values) !== before) };
  });
}

/** How many runs that takes, as a multiple of the item's own. */
export function variationCount(item: ValidationItem, simulator: Simulator): number {
  return item.scenario ? 1 + 2 * figuresOf(item, simulator).length : 0;
}

function figuresOf(item: ValidationItem, simulator: Simulator): string[] {
  return assumedFigures([...scenariosOf(item, simulator).values()].flat());
}
