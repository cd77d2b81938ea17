import { type CellWords, cellScenario, type Lab, type Size } from './chart.ts';
import { type RunResult, runResult } from './run-result.ts';

const POLICIES = ['kvm-unpinned', 'kvm-numactl'];
const GUESTS = 7;
const TIMELINE_POINTS = 60;

/** One run of the deck's first two charts each, looked at as it goes on: its memory accesses, links and guests can then be drawn. */
export function deckExamples(size: Size, lab: Lab & { readonly version: string }): RunResult[] {
  return POLICIES.filter((name) => lab.policies.some((policy) => policy.name === name)).map((policy) => {
    const scenario = { ...cellScenario({ words: wordsOf(policy, size) }, lab), timelinePoints: TIMELINE_POINTS };
    return runResult(scenario, lab.run(scenario), lab.version);
  });
}

function wordsOf(policy: string, size: Size): CellWords {
  const isFull = size === 'full';
  return { policy, workload: isFull ? 'lmbench-rd' : 'lmbench-rd:size=64MiB', guests: String(GUESTS), duration: isFull ? '5s' : '800ms' };
}
