import type { PageInputs } from '../../experiments/page/page-inputs.ts';
import { counted, plainText } from '../format.ts';
import { captionOf, caseText, listed } from './comparison-section.ts';
import { groupsOf, sentenceOf } from './findings-section.ts';

const MOST = 12;

/** What the page is about. */
export function titleOf({ decks, comparisons, sweeps, runs }: PageInputs): string {
  const [deck] = decks;
  const [comparison] = comparisons;
  const [sweep] = sweeps;
  if (deck) return deck.deck === undefined ? deckTitle(deck.charts) : `“${deck.deck}”`;
  if (sweep) return `Sweep ${plainText(sweep.plan)}`;
  if (comparison) {
    const names = comparison.policies.map(({ policy }) => plainText(policy));
    return `${plainText(comparison.workload)} under ${names.length <= 3 ? names.join(', ') : `${names.length} policies`}`;
  }
  return runs.length > 0
    ? `${plainText(runs[0]!.workload)} under ${[...new Set(runs.map(({ policy }) => plainText(policy)))].join(', ')}`
    : 'numalab';
}

function deckTitle(charts: PageInputs['decks'][number]['charts']): string {
  return charts.length === 1 ? charts[0]!.title : 'The charts of “Virtualizing NUMA”, made again';
}

export function subtitleOf({ decks, comparisons, sweeps, runs, machines }: PageInputs): string {
  const parts = [
    ...decks.map(
      ({ charts }) => `${counted(charts.length, 'chart')}, ${charts[0]!.size} size, ${counted(charts[0]!.seeds.length, 'seed')} each`,
    ),
    ...(comparisons.length > 0
      ? [`${counted(comparisons.length, 'comparison')} over ${seedsText(comparisons.map(({ seeds }) => seeds.length))}`]
      : []),
    ...sweeps.map(({ done, total }) => `${done} of ${counted(total, 'run')} of a sweep`),
    ...(runs.length > 0 ? [`${counted(runs.length, 'run')} looked into`] : []),
  ];
  const on = machines.length === 1 ? `, simulated on ${plainText(machines[0]!.name)}` : '';
  return `${parts.join('; ')}${on}.`;
}

/** `5 seeds`, `3, 5 and 30 seeds`: as many as each of the comparisons has. */
function seedsText(counts: readonly number[]): string {
  const different = [...new Set(counts)].sort((a, b) => a - b);
  return different.length === 1 ? counted(different[0]!, 'seed') : `${listed(different.map(String))} seeds`;
}

/** The findings as sentences, each with what it compares. */
export function highlights({ decks, comparisons }: PageInputs): { what: string; says: string }[] {
  const found = decks.flatMap((deck) => groupsOf(deck).map((group) => ({ what: group.title, says: sentenceOf(group) })));
  const compared = comparisons.map((comparison) => ({
    what: caseText(comparison),
    says: captionOf(comparison),
  }));
  return [...found, ...compared].slice(0, MOST);
}
