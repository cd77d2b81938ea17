import { figuresOf, isAssumed } from '../../sim/machine-spec.ts';
import type { PolicyEntry } from '../../sim/policy-api.ts';
import { type CellWords, cellScenario, type Chart, type ChartResult, type Lab, type Size } from '../chart.ts';
import { parseQuantity } from '../quantities.ts';

/** An open question of "Virtualizing NUMA" (2010) as an experiment: charts, siblings in which the favourite should lose, and an answer. */
export interface Question {
  readonly name: string;
  /** What the deck says, in its own words. */
  readonly deck: string;
  readonly charts: readonly Chart[];
  readonly siblings: readonly Chart[];
  /** Policies of the experiment's own, which its words name and no user can: scripts that put vCPUs where the question needs them. */
  readonly policies?: readonly PolicyEntry[];
  /** CPU seconds that one seed of all charts took at the reduced size, as `MEASURED_ON` says. */
  readonly secondsASeed: number;
  /** One paragraph, made of the results alone. */
  answer(outcome: Outcome): string;
  /** What the paragraph sums up. */
  table?(outcome: Outcome): AnswerTable;
}

/** How `secondsASeed` was measured, and what the time of the full size is made of. */
export const MEASURED_ON =
  'one core of an Intel Xeon with Node 20, 2026-11-26, at the reduced size; for the full size that times the vCPU seconds it simulates more';

/** What a question's answer is made of. */
export interface Outcome {
  readonly size: Size;
  readonly seeds: readonly string[];
  /** Of the charts, in their order. */
  readonly results: readonly ChartResult[];
  readonly siblings: readonly ChartResult[];
  /** How long the shortest and the longest run lasts, in simulated seconds. */
  readonly lengthsS: readonly [number, number];
  readonly machines: readonly string[];
  /** Figures of these machines that nobody measured. */
  readonly assumed: readonly string[];
}

/** The lab with the policies of a question's own. */
export function labOf<Its extends Lab>({ policies = [] }: Question, lab: Its): Its {
  return { ...lab, policies: [...lab.policies, ...policies] };
}

/**
 * @param results of the question's charts and then of its siblings, in their order
 * @param lab as labOf gives it
 */
function outcomeOf(question: Question, results: readonly ChartResult[], lab: Lab): Outcome {
  const { size, seeds } = results[0]!;
  const scenarios = results.flatMap(({ points }) => points.map((point) => cellScenario(point, lab)));
  const specs = [...new Set(scenarios.map(({ machine }) => machine.spec))];
  const assumed = specs.flatMap((spec) => figuresOf(spec).filter(({ figure }) => isAssumed(figure)));
  const lengthsS = scenarios.map(({ durationNs, limitNs }) => (durationNs ?? limitNs) / 1e9);
  const count = question.charts.length;
  return {
    size,
    seeds,
    results: results.slice(0, count),
    siblings: results.slice(count),
    lengthsS: [Math.min(...lengthsS), Math.max(...lengthsS)],
    machines: specs.map(({ name }) => name),
    assumed: [...new Set(assumed.map(({ name }) => name))],
  };
}

export interface Answer {
  readonly name: string;
  readonly deck: string;
  /** One paragraph. */
  readonly answer: string;
  /** What it sums up, where a paragraph is too small for it: columns, and rows of as many cells. */
  readonly table?: AnswerTable;
}

export interface AnswerTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function answer(question: Question, results: readonly ChartResult[], lab: Lab): Answer {
  const outcome = outcomeOf(question, results, lab);
  const table = question.table?.(outcome);
  return { name: question.name, deck: question.deck, answer: question.answer(outcome), ...(table && { table }) };
}

/** Runs of one seed. */
export function runsASeed({ charts, siblings }: Question, size: Size): number {
  return [...charts, ...siblings].reduce((sum, chart) => sum + chart.cells(size).length, 0);
}

/** CPU seconds that so many seeds take, estimated for the full size by how much more it simulates. */
export function secondsOf(question: Question, size: Size, seeds: number): number {
  return (question.secondsASeed * seeds * simulatedOf(question, size)) / simulatedOf(question, 'reduced');
}

/** vCPU seconds of one seed. */
function simulatedOf({ charts, siblings }: Question, size: Size): number {
  const cells = [...charts, ...siblings].flatMap((chart) => chart.cells(size));
  return cells.reduce((sum, { words }) => sum + (vcpusOf(words) * parseQuantity('time', words.duration as string)!) / 1e9, 0);
}

function vcpusOf({ guests = '1', vcpus = '1' }: CellWords): number {
  if (!Array.isArray(guests)) return Number(guests) * Number(vcpus);
  return guests.reduce((sum, guest) => sum + Number((guest as { vcpus?: string }).vcpus ?? vcpus), 0);
}
