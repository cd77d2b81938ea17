import { MOST_SEEDS, parsePrecision } from '../experiments/compare/precision.ts';
import type { StudyPlan } from '../experiments/compare/study.ts';
import type { WarmUpRule } from '../experiments/compare/warm-up.ts';
import { InputError, show } from '../experiments/input-error.ts';
import { parseQuantity } from '../experiments/quantities.ts';
import { fileOfWord, isPolicyFile } from '../experiments/user-policy/load.ts';
import { checkOutputs } from './check-outputs.ts';
import type { Call, Flag } from './command.ts';
import { seedCount } from './seed-count.ts';

export const COMPARE_FLAGS = {
  seeds: {
    name: 'seeds',
    summary: `how many seeds, counted up from --seed; with --until at most so many [${MOST_SEEDS}]`,
    kind: 'text',
    default: '10',
  },
  until: {
    name: 'until',
    summary: 'run more seeds until every difference is known so well: half-width=2% of the mean of the first policy, or half-width=0.5',
    kind: 'text',
  },
  warmUp: {
    name: 'warm-up',
    summary:
      'what is cut off the start of runs of a stated duration: mser (where MSER-5 says they have settled), none, or a time such as 500ms',
    kind: 'text',
    default: 'mser',
  },
  quantiles: { name: 'quantiles', summary: 'also print quantiles over the seeds and effect sizes', kind: 'switch' },
  sensitivity: {
    name: 'sensitivity',
    summary: 'also say which assumed figure, at plus or minus 20 %, turns a verdict (many runs)',
    kind: 'switch',
  },
  out: {
    name: 'out',
    summary: 'file for all of it as JSON, with a run of each policy as it went on (numalab report draws it)',
    kind: 'text',
  },
  html: { name: 'html', summary: 'file for a page of it, as numalab report draws from that JSON', kind: 'text' },
} as const satisfies Record<string, Flag>;

/** How the policies are to be compared, and what is told of it. */
export interface CompareWords extends StudyPlan {
  readonly hasQuantiles: boolean;
  readonly out: string | null;
  readonly page: string | null;
}

/** @throws InputError */
export function compareWords(call: Call): CompareWords {
  const { texts, switches } = call;
  const until = texts.until === undefined ? null : parsePrecision(texts.until);
  const { out, html } = texts;
  checkOutputs({ out: out ?? null, page: html ?? null }, inputsNamed(call));
  return {
    seeds: seedCount(texts.seeds ?? (until ? String(MOST_SEEDS) : COMPARE_FLAGS.seeds.default), 2),
    until,
    warmUp: warmUpRule(texts['warm-up'] ?? COMPARE_FLAGS.warmUp.default),
    hasQuantiles: switches.has('quantiles'),
    hasSensitivity: switches.has('sensitivity'),
    hasExamples: out !== undefined || html !== undefined,
    out: out ?? null,
    page: html ?? null,
  };
}

/** Files and folders that the call itself names. */
function inputsNamed({ texts, lists }: Call): string[] {
  const policies = (lists.policy ?? []).filter(isPolicyFile).map(fileOfWord);
  return [...policies, texts.scenario ?? [], texts.sweep ?? []].flat();
}

function warmUpRule(text: string): WarmUpRule {
  if (text === 'mser' || text === 'none') return text;
  const cutNs = parseQuantity('time', text);
  if (cutNs === null) throw new InputError(`--warm-up = ${show(text)}, want mser, none, or a time such as 500ms`);
  return { cutNs };
}
