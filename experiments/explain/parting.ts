import { assert } from '../../sim/assert.ts';
import { KINDS } from '../../sim/black-box.ts';
import type { Seen } from '../../sim/look.ts';
import { BACKED, PLACED, type Witnessed } from '../../sim/witness.ts';
import { InputError } from '../input-error.ts';
import type { Observe } from './observe.ts';

/** So many decisions are kept from the start, as most runs part soon. */
export const KEPT = 65_536;

/** What two runs decided at one place, and the host at that moment; null for a run that decided nothing more. */
export interface Pair {
  readonly a: Seen | null;
  readonly b: Seen | null;
}

/** Where two runs part. */
export interface Parting extends Pair {
  /** The first decision that differs, counted from 0. */
  readonly decision: number;
  /** Whether both were asked the same, such as where one vCPU should wake, and answered differently; or other things came next. */
  readonly isSameQuestion: boolean;
  /** The first decision that both took alike but at other times; null if there is none before they part. */
  readonly drift: { readonly decision: number; readonly aNs: number; readonly bNs: number } | null;
  /** Where they part by a placement or by where memory comes from, the first decision about who runs where that differs, if it comes soon. */
  readonly next: Pair | null;
}

export interface Side {
  readonly policy: string;
  readonly observe: Observe;
  /** Of the whole run, the first KEPT decisions kept. */
  readonly witnessed: Witnessed;
}

/**
 * The first decision at which two runs part: between two checkpoints of what was decided so far, which is looked at in a second run of each
 * if it is not among those kept anyway; and a third run of each up to it, to see what was known.
 * @returns null if no decision differs
 * @throws InputError if a policy does not decide alike when it is run again
 */
export async function findParting(a: Side, b: Side): Promise<Parting | null> {
  const parted = await firstDifference(a, b, false);
  const drifted = await firstDifference(a, b, true);
  const before = parted ? parted.decision : Infinity;
  const drift =
    drifted && drifted.decision < before ? { decision: drifted.decision, aNs: drifted.a!.timeNs, bNs: drifted.b!.timeNs } : null;
  if (!parted) return null;
  const { decision } = parted;
  const isSameQuestion =
    parted.a !== null && parted.b !== null && parted.a.what === parted.b.what && isAbout(parted.a.what, parted.a, parted.b);
  const isOfBuild = [parted.a, parted.b].some((of) => of !== null && isBuilding(of.what));
  const next = isOfBuild ? nextDifference(a.witnessed, b.witnessed) : null;
  return {
    decision,
    ...(await seenBy(a, b, { ...parted, atA: decision, atB: decision })),
    isSameQuestion,
    drift,
    next: next && (await seenBy(a, b, next)),
  };
}

function isBuilding(what: number): boolean {
  return what === PLACED || what === BACKED;
}

/** A difference that is not at one place in both. */
interface Difference {
  readonly a: Decision | null;
  readonly b: Decision | null;
  readonly atA: number;
  readonly atB: number;
}

/** Among the first decisions, those about who runs where taken by themselves. */
function nextDifference(a: Witnessed, b: Witnessed): Difference | null {
  for (let atA = 0, atB = 0; ; atA++, atB++) {
    while (isBuilding(decisionAt(a, atA)?.what ?? 0)) atA++;
    while (isBuilding(decisionAt(b, atB)?.what ?? 0)) atB++;
    const [ofA, ofB] = [decisionAt(a, atA), decisionAt(b, atB)];
    if (!ofA || !ofB) return null;
    if (!isAlike(ofA, ofB)) return { a: ofA, b: ofB, atA, atB };
  }
}

async function seenBy(a: Side, b: Side, { a: ofA, b: ofB, atA, atB }: Difference): Promise<Pair> {
  return { a: await lookAt(a, atA, ofA, ofB), b: await lookAt(b, atB, ofB, ofA) };
}

interface Decision {
  readonly what: number;
  readonly first: number;
  readonly second: number;
  readonly timeNs: number;
}

interface AtOnePlace {
  readonly decision: number;
  readonly a: Decision | null;
  readonly b: Decision | null;
}

async function firstDifference(a: Side, b: Side, isTimed: boolean): Promise<AtOnePlace | null> {
  const range = differentRange(a.witnessed, b.witnessed, isTimed);
  if (!range) return null;
  const [inA, inB] = [await kept(a, range), await kept(b, range)];
  for (let decision = range.from; decision <= range.to; decision++) {
    const [ofA, ofB] = [decisionAt(inA, decision), decisionAt(inB, decision)];
    if (ofA && ofB && isAlike(ofA, ofB) && !(isTimed && ofA.timeNs !== ofB.timeNs)) continue;
    return { decision, a: ofA, b: ofB };
  }
  assert(false, 'two runs part where they do not differ');
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Decisions of which the first that differs is one: the last that all may be before is equal in both. null if all are equal. */
function differentRange(a: Witnessed, b: Witnessed, isTimed: boolean): Range | null {
  const stride = Math.max(a.stride, b.stride);
  const least = Math.min(a.count, b.count);
  let from = 0;
  for (let decision = stride; decision < least; decision += stride) {
    if (hashBefore(a, decision, isTimed) !== hashBefore(b, decision, isTimed)) return { from, to: decision };
    from = decision;
  }
  if (a.count === b.count && hashBefore(a, a.count, isTimed) === hashBefore(b, b.count, isTimed)) return null;
  return { from, to: least };
}

/** Of all decisions before this one, at which a checkpoint stands, or which is the end. */
function hashBefore({ count, stride, checkpoints, timedCheckpoints }: Witnessed, decision: number, isTimed: boolean): string {
  const hashes = isTimed ? timedCheckpoints : checkpoints;
  return decision === count ? hashes.at(-1)! : hashes[decision / stride]!;
}

/** The run in which the decisions of the range were kept. */
async function kept({ policy, observe, witnessed }: Side, { from, to }: Range): Promise<Witnessed> {
  const end = Math.min(to + 1, witnessed.count);
  if (end <= witnessed.keptNs.length) return witnessed;
  const { witnessed: again } = await observe({ keepFrom: from, keep: end - from, lookAt: null });
  if (!again || again.count !== witnessed.count || again.timedCheckpoints.at(-1) !== witnessed.timedCheckpoints.at(-1))
    unrepeatable(policy);
  return again;
}

function decisionAt({ keptFrom, kept: parts, keptNs }: Witnessed, decision: number): Decision | null {
  const at = decision - keptFrom;
  if (at >= keptNs.length) return null;
  return { what: parts[at * 3]!, first: parts[at * 3 + 1]!, second: parts[at * 3 + 2]!, timeNs: keptNs[at]! };
}

function isAlike(a: Decision, b: Decision): boolean {
  return a.what === b.what && a.first === b.first && a.second === b.second;
}

/** A CPU is asked which vCPU it runs, a vCPU where it wakes: the answers differ, the question is the same. */
function isAbout(what: number, a: Decision, b: Decision): boolean {
  return KINDS[what]![0] === 'run' ? a.first === b.first || a.second === b.second : a.first === b.first;
}

async function lookAt({ policy, observe }: Side, decision: number, own: Decision | null, other: Decision | null): Promise<Seen | null> {
  if (!own) return null;
  const cpus = other ? chosenCpus(other) : [];
  const { witnessed } = await observe({ keepFrom: decision, keep: 1, lookAt: { decision, cpus } });
  const again = witnessed && decisionAt(witnessed, decision);
  if (!again || !witnessed.seen || !isAlike(again, own) || again.timeNs !== own.timeNs) unrepeatable(policy);
  return witnessed.seen;
}

function chosenCpus({ what, first, second }: Decision): number[] {
  const [, ofFirst, ofSecond] = KINDS[what]!;
  return ofFirst === 'cpu' ? [first] : ofSecond === 'cpu' ? [second] : [];
}

function unrepeatable(policy: string): never {
  throw new InputError(`${policy}: decides otherwise when it is run again, so that no first decision can be told`);
}
