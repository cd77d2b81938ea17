import { createHash } from 'node:crypto';
import { machineJson } from '../../report/machine.ts';
import { COST_SOURCES } from '../../sim/cost-sources.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import { type PageSource, readPart } from './read-part.ts';
import type { PageComparison, PageDeck, PageMachine, PageRun } from './schemas.ts';
import type { SweepPart } from './sweep-part.ts';

/** All that a page is made of. */
export interface PageInputs {
  /** The command that makes the page from its files. */
  readonly command: string;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly decks: readonly PageDeck[];
  readonly comparisons: readonly SourcedComparison[];
  readonly sweeps: readonly SweepPart[];
  /** Runs to look into: those of files, and the examples that decks and comparisons bring. */
  readonly runs: readonly PageRun[];
  readonly machines: readonly PageMachine[];
  readonly costs: readonly CostFigure[];
}

/** A comparison, and the file or sweep that it is of where comparisons come from several. */
export type SourcedComparison = PageComparison & { readonly source?: string };

export interface CostFigure {
  readonly name: string;
  readonly value: number | boolean;
  readonly source: string;
}

/**
 * Reads the files of a page. Machines that they only name are told by those of numalab.
 * @throws InputError
 */
export function pageInputs(
  command: string,
  sources: readonly PageSource[],
  sweeps: readonly SweepPart[],
  machines: readonly MachineSpec[],
): PageInputs {
  const parts = sources.map(readPart);
  const decks = parts.flatMap((part) => (part.kind === 'deck' ? [part.deck] : []));
  const comparedBy = [
    ...parts.map((part, i) => ({ source: sources[i]!.name, of: part.kind === 'comparisons' ? part.comparisons : [] })),
    ...sweeps.map((sweep) => ({ source: `sweep ${sweep.name}`, of: sweep.comparisons })),
  ].filter(({ of }) => of.length > 0);
  const comparisons: SourcedComparison[] = comparedBy.flatMap(({ source, of }) =>
    comparedBy.length > 1 ? of.map((one) => ({ ...one, source })) : of,
  );
  const runs = [
    ...decks.flatMap(({ examples = [] }) => examples),
    ...comparisons.flatMap(({ examples = [] }) => examples),
    ...parts.flatMap((part) => (part.kind === 'run' ? [part.run] : [])),
  ];
  const told = decks.flatMap((deck) => deck.machines ?? []);
  const named = [...runs.map(({ machine }) => machine), ...comparisons.map(({ machine }) => machine), ...sweeps.map((one) => one.machine)];
  const known = [...new Set(named)].flatMap(
    (name) => machines.find((spec) => spec.name === name && !told.some((one) => one.name === name)) ?? [],
  );
  return {
    command,
    files: [...sources, ...sweeps.map(({ name, text }) => ({ name, text }))].map(({ name, text }) => ({ name, sha256: sha256(text) })),
    decks,
    comparisons,
    sweeps,
    runs,
    machines: uniqueBy([...told, ...known.map(factsOf)], ({ name }) => name),
    costs: costFigures(runs),
  };
}

/** A machine as a page needs it, and as a result may carry it. */
export function factsOf(spec: MachineSpec): PageMachine {
  return JSON.parse(JSON.stringify(machineJson(buildMachine(spec)))) as PageMachine;
}

/** The costs of the first run: in one study they are mostly the same. */
function costFigures(runs: readonly PageRun[]): CostFigure[] {
  const costs = Object.entries(runs[0]?.setting.costs ?? {});
  return costs.map(([name, value]) => ({ name, value, source: COST_SOURCES[name as keyof typeof COST_SOURCES] ?? 'no source told' }));
}

function uniqueBy<Value>(values: readonly Value[], key: (value: Value) => string): Value[] {
  return [...new Map(values.toReversed().map((value) => [key(value), value])).values()].toReversed();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
