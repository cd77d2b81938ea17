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
  /**
   * Where they part by a placement, by where memory comes from, or because other things come next: the first time that a vCPU wakes for
   * another CPU, or that a CPU runs another vCPU, counted by itself, if it is among the decisions kept from the start.
   */
  readonly next: OtherAnswer | null;
}

/** A question that both runs came to, at whatever time, and answered differently. */
export interface OtherAnswer extends Pair {
  /** The how-manieth wake of the vCPU, turn on a CPU of the vCPU, or turn of the CPU, counted from 1. */
  readonly question: Question;
  readonly nth: number;
}

export type Question = 'wake of the vCPU' | 'turn of the vCPU' | 'turn of the CPU';

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
  const other = isOfBuild || !isSameQuestion ? firstOtherAnswer(a.witnessed, b.witnessed) : null;
  return {
    decision,
    ...(await seenBy(a, b, { ...parted, atA: decision, atB: decision })),
    isSameQuestion,
    drift,
    next: other && { question: other.question, nth: other.nth, ...(await seenBy(a, b, other)) },
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

/** Of those that are kept, the one that both have come to first. */
function firstOtherAnswer(a: Witnessed, b: Witnessed): (Difference & Pick<OtherAnswer, 'question' | 'nth'>) | null {
  const ofB = new Map([...answersOf(b)].map((answer) => [answer.key, answer]));
  let first: (Difference & Pick<OtherAnswer, 'question' | 'nth'>) | null = null;
  for (const answer of answersOf(a)) {
    if (first && answer.at > Math.max(first.atA, first.atB)) break;
    const other = ofB.get(answer.key);
    if (!other || other.answer === answer.answer) continue;
    if (first && other.at >= Math.max(first.atA, first.atB)) continue;
    const { question, nth } = answer;
    first = { a: decisionAt(a, answer.at), b: decisionAt(b, other.at), atA: answer.at, atB: other.at, question, nth };
  }
  return first;
}

interface Answer {
  readonly key: string;
  readonly question: Question;
  readonly nth: number;
  readonly answer: number;
  readonly at: number;
}

/** Who was sent where, question by question, in the order of the run. */
function* answersOf(witnessed: Witnessed): Generator<Answer> {
  const counts = new Map<string, number>();
  const counted = (question: Question, subject: number, answer: number, at: number): Answer => {
    const asked = `${question} ${subject}`;
    const nth = (counts.get(asked) ?? 0) + 1;
    counts.set(asked, nth);
    return { key: `${asked} ${nth}`, question, nth, answer, at };
  };
  for (let at = 0; at < witnessed.keptNs.length; at++) {
    const { what, first, second } = decisionAt(witnessed, at)!;
    const [event] = KINDS[what]!;
    if (event === 'wake') yield counted('wake of the vCPU', first, second, at);
    if (event !== 'run') continue;
    yield counted('turn of the vCPU', first, second, at);
    yield counted('turn of the CPU', second, first, at);
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
