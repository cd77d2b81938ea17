import { policyNamed } from '../../policies/index.ts';
import { namedStream } from '../../sim/random.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { LINE_BYTES } from '../../sim/units.ts';
import { defaultOptions } from '../../sim/options.ts';
import { assignNodes } from './assignment.ts';
import { type Candidate, type Holding, HOLDINGS, heldOn, staticPolicies } from './candidate.ts';
import { distinctNodeSets, type NodeSets, nodesWithCpus } from './node-sets.ts';
import { progress, score, shortened } from './score.ts';

export type Run = (scenario: Scenario) => Recording;

/** Of what short runs rank highest, so many have other ways of holding tried, and then so many run in full. */
const HELD_OTHERWISE = 3;
const FINALISTS = 4;
/** A full run that takes this many times as long as the best so far is given up: work that ends by itself is judged by its end. */
const HOPELESS = 4;
const FIRST: Holding = HOLDINGS[0]!;

interface Ranked {
  readonly candidate: Candidate;
  readonly worth: number;
  readonly sets?: NodeSets;
}

/**
 * The best static placement that is found: every distinct one is tried in a short run of the very scenario if there are no more than
 * `most`; else an integer programme proposes one from what each guest draws alone, and short runs improve on it move by move. The best,
 * held in other ways too, and all that users would set by hand are then run in full, and the best of these is taken: a short run may
 * mislead, a full one is what counts.
 * @returns its recording, and what it was
 */
export function bestStatic(scenario: Scenario, most: number, run: Run): { readonly recording: Recording; readonly candidate: Candidate } {
  const { machine, guests } = scenario;
  const short = shortened(scenario);
  const vcpus = guests.map((guest) => guest.vcpus);
  const under = (of: Scenario, candidate: Candidate): Recording =>
    run({ ...of, policy: { ...of.policy, check: () => {}, make: () => candidate.make() } });
  const rank = (candidate: Candidate, sets?: NodeSets): Ranked => ({ candidate, worth: progress(scenario, under(short, candidate)), ...(sets && { sets }) }); // prettier-ignore
  const tryOut = (sets: NodeSets, holding = FIRST): Ranked => rank(heldOn(machine, vcpus, sets, holding), sets);

  const all = distinctNodeSets(machine, guests, most);
  const tried = best(all ? all.map((sets) => tryOut(sets)) : improved(scenario, proposal(scenario, run), most, tryOut));
  const otherwise = tried.slice(0, HELD_OTHERWISE).flatMap(({ sets }) => HOLDINGS.slice(1).map((holding) => tryOut(sets!, holding)));
  const searched = best([...tried, ...otherwise]);
  const finalists = [...searched.slice(0, FINALISTS).map(({ candidate }) => candidate), ...staticPolicies(machine)];
  let winner: { recording: Recording; candidate: Candidate } | undefined;
  for (const candidate of finalists) {
    const limitNs = Math.min(scenario.limitNs, winner?.recording.status === 'ok' ? HOPELESS * winner.recording.simulatedNs : Infinity);
    const recording = under({ ...scenario, limitNs }, candidate);
    if (!winner || score(scenario, recording) > score(scenario, winner.recording)) winner = { recording, candidate };
  }
  return winner!;
}

/** Best first; of equals, as of runs that failed (-Infinity), the first tried. */
function best(ranked: readonly Ranked[]): Ranked[] {
  return [...ranked].sort((a, b) => (a.worth === b.worth ? 0 : b.worth > a.worth ? 1 : -1));
}

function proposal(scenario: Scenario, run: Run): NodeSets {
  const alone = new Map<string, number>();
  const demands = scenario.guests.map((guest) => {
    const key = JSON.stringify([
      guest.workload.name,
      guest.options,
      guest.vcpus,
      guest.memoryBytes,
      guest.bootShare,
      guest.vnodes,
      guest.vnuma,
    ]);
    if (!alone.has(key)) alone.set(key, demandAlone({ ...scenario, guests: [{ ...guest, arrivesNs: 0, departsNs: null }] }, run));
    return alone.get(key)!;
  });
  return assignNodes(scenario.machine, scenario.guests, demands);
}

/** GB/s a guest draws from memory when it has the machine to itself, on one node if it fits. */
function demandAlone(scenario: Scenario, run: Run): number {
  const policy = policyNamed('pin')!;
  const { total } = run({ ...shortened(scenario), policy, policyOptions: defaultOptions(policy.options) });
  const lines = Object.values(total.accessesByHop).reduce((sum, count) => sum + count, 0);
  return (lines * LINE_BYTES) / Math.max(1, total.elapsedNs);
}

/** Moves a guest, or swaps two, as long as a short run shows that it pays, `most` runs in all; moves in a drawn order. */
function improved({ machine, guests, seed }: Scenario, start: NodeSets, most: number, tryOut: (sets: NodeSets) => Ranked): Ranked[] {
  const random = namedStream(seed, 'oracle-static', 0, 'moves');
  const nodes = nodesWithCpus(machine);
  const tried = [tryOut(start)];
  let current = tried[0]!;
  for (let fruitless = 0; tried.length < most && fruitless < 4 * guests.length; fruitless++) {
    const sets = [...current.sets!];
    const guest = Math.floor(random() * guests.length);
    const other = Math.floor(random() * guests.length);
    if (random() < 0.5) [sets[guest], sets[other]] = [sets[other]!, sets[guest]!];
    else sets[guest] = [nodes[Math.floor(random() * nodes.length)]!];
    if (sets.every((set, at) => set.join() === current.sets![at]!.join())) continue;
    const next = tryOut(sets);
    tried.push(next);
    if (next.worth <= current.worth) continue;
    current = next;
    fruitless = 0;
  }
  return tried;
}
