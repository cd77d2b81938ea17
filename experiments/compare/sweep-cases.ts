import { InputError, show } from '../input-error.ts';
import type { RunResult } from '../run-result.ts';
import { DamagedResult } from '../sweep/result-file.ts';
import type { SweepFolder } from '../sweep/sweep-folder.ts';
import type { Tree } from '../yaml-tree.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { Failure, Replicated, RunNote } from './replicate.ts';
import type { WarmUpRule } from './warm-up.ts';

/** The runs of a sweep that differ in policy and seed only. */
export interface SweepCase {
  /** The other varied words: `guests = 7, vcpus = 2`; empty if there are none. */
  readonly label: string;
  /** The first policy of the sweep first. */
  readonly runs: readonly Replicated[];
  /** Of the first run, which names machine and workload. */
  readonly first: RunResult;
}

/**
 * What a sweep has for comparisons: a case for each combination of the other varied words, in the order of its runs.
 * @throws InputError if it is not finished, or does not vary policy and seed
 */
export function sweepCases(folder: Pick<SweepFolder, 'manifest' | 'path' | 'result'>, warmUp: WarmUpRule): SweepCase[] {
  const { manifest, path } = folder;
  const refuse = (message: string): never => {
    throw new InputError(`--sweep = ${show(path)}: ${message}`);
  };
  const isPolicy = (word: string): boolean => word === 'policy' || word.startsWith('policy.'); // options make another policy of it
  if (!manifest.varied.some(isPolicy)) refuse('its policy is the same in all runs, want a sweep over policy and seed');
  if (!manifest.varied.includes('seed')) refuse('its seed is the same in all runs, want a sweep over policy and seed');
  const others = manifest.varied.filter((word) => !isPolicy(word) && word !== 'seed');
  const cases = new Map<string, Gathered>();
  let lacking = 0;
  manifest.runs.forEach(({ words }, index) => {
    const label = others.map((word) => `${word} = ${textOf(words[word])}`).join(', ');
    const result = soundResult(folder, index);
    if (result === null) lacking++;
    else cases.set(label, gather(cases.get(label) ?? { first: result, policies: new Map<string, Gathering>() }, result, warmUp));
  });
  if (lacking > 0)
    refuse(`${lacking} of ${manifest.runs.length} results are missing or damaged, want a finished sweep (numalab sweep status)`);
  return [...cases].map(([label, { first, policies }]) => {
    const runs = [...policies.values()];
    const fault = pairingFault(runs);
    if (fault !== null) refuse(`${label === '' ? '' : `${label}: `}${fault}`);
    return { label, first, runs };
  });
}

/** Why runs cannot be paired, or null. */
function pairingFault([first, ...others]: readonly Replicated[]): string | null {
  if (others.length === 0) return `has ${first!.policy} only, want two policies or more`;
  const seeds = seedsOf(first!);
  if (seeds.length < 2) return `has one seed of ${first!.policy}, want two or more`;
  const other = others.find((one) => seedsOf(one).join() !== seeds.join());
  return other ? `the seeds of ${first!.policy} and ${other.policy} differ, want the same for all policies` : null;
}

function seedsOf({ outcomes, failures }: Replicated): string[] {
  return [...outcomes, ...failures].map(({ seed }) => seed).sort();
}

type Gathering = Replicated & { readonly outcomes: Outcome[]; readonly failures: Failure[]; readonly notes: RunNote[] };

interface Gathered {
  readonly first: RunResult;
  readonly policies: Map<string, Gathering>;
}

function gather(into: Gathered, result: RunResult, warmUp: WarmUpRule): Gathered {
  const { policy, oracle, seed, status, message, exit } = result;
  const of = into.policies.get(policy) ?? { policy, oracle, outcomes: [], failures: [], notes: [], example: result };
  into.policies.set(policy, of);
  if (status === 'ok') of.outcomes.push(outcomeOf(result.setting, seed, result, warmUp));
  else of.failures.push({ policy, seed, status, message, exit });
  if (status === 'ok' && message !== null) of.notes.push({ policy, seed, message });
  return into;
}

function soundResult(folder: Pick<SweepFolder, 'result'>, index: number): RunResult | null {
  try {
    return folder.result(index);
  } catch (error) {
    if (error instanceof DamagedResult) return null;
    throw error;
  }
}

function textOf(value: Tree | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}
