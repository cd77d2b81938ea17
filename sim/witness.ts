import { look, type Seen } from './look.ts';
import type { World } from './world.ts';

/** What a witness is told of beside what `note` tells: no part of the hash of decisions, as what follows from it is. */
export const PLACED = 100; // guest, its placement in short
export const BACKED = 101; // block of all guests, node
/** The kind of `note` whose second number is a mask, which each run numbers for itself. */
const AFFINITY = 5;

/** Checkpoints kept at least; up to twice as many. */
const CHECKPOINTS = 2048;

/** What a witness is asked to keep, as plain data. */
export interface WitnessOrder {
  /** Decisions kept in full: from keepFrom on, so many. */
  readonly keepFrom: number;
  readonly keep: number;
  /** The decision at which the host is looked at, with CPUs that the other run chose; the run ends there. null to go on to the end. */
  readonly lookAt: { readonly decision: number; readonly cpus: readonly number[] } | null;
}

/** What it has kept. Decisions are counted from 0. */
export interface Witnessed {
  readonly count: number;
  /** Rolling hashes before decision `i * stride`, of what was decided and of that with its time; after the last stands that of all. */
  readonly stride: number;
  readonly checkpoints: readonly string[];
  readonly timedCheckpoints: readonly string[];
  readonly keptFrom: number;
  readonly kept: Int32Array; //     [(decision - keptFrom) * 3 + part]: kind, and the two numbers of `note`
  readonly keptNs: Float64Array; // [decision - keptFrom]
  readonly seen: Seen | null;
}

/**
 * Follows a run decision by decision and changes nothing of it. Where two runs part is found by checkpoints of what has been decided so
 * far: they stand twice as far apart, and every other one goes, whenever there are too many, so that memory is bounded whatever the
 * length of the run; a second run then keeps the decisions between two of them.
 */
export class Witness {
  private readonly order: WitnessOrder;
  private count = 0;
  private stride = 1;
  private checkpointCount = 0;
  private readonly hash = new Int32Array([0x811c9dc5, 0x1b873593]); //      of decisions
  private readonly timedHash = new Int32Array([0x811c9dc5, 0x1b873593]); // with their times
  private readonly checkpoints = new Int32Array(4 * CHECKPOINTS); //      [checkpoint * 2 + half]
  private readonly timedCheckpoints = new Int32Array(4 * CHECKPOINTS);
  private keptCount = 0;
  private readonly kept: Int32Array; //     [decision * 3 + part]
  private readonly keptNs: Float64Array; // [decision]
  private lastCpu: Int32Array | null = null; // [vcpu] where it ran last, before it was given a CPU now
  private seen: Seen | null = null;

  constructor(order: WitnessOrder) {
    this.order = order;
    this.kept = new Int32Array(order.keep * 3);
    this.keptNs = new Float64Array(order.keep);
  }

  /** @param b of an affinity, the mask's number */
  noted(w: World, what: number, a: number, b: number): void {
    const second = what === AFFINITY ? shortOf(w.masks.allowed[b]!) : b;
    if (this.count % this.stride === 0) this.mark();
    const { keepFrom, keep, lookAt } = this.order;
    this.lastCpu ??= new Int32Array(w.vcpuState.length).fill(-1);
    if (lookAt?.decision === this.count) {
      this.seen = look(w, what, a, b, this.lastCpu, lookAt.cpus);
      w.endNs = w.nowNs;
    }
    if (what === RUN) this.lastCpu[a] = b;
    if (this.count >= keepFrom && this.keptCount < keep) {
      this.kept.set([what, a, second], this.keptCount * 3);
      this.keptNs[this.keptCount++] = w.nowNs;
    }
    mix(this.hash, what, a, second);
    mix(this.timedHash, what, a, second);
    mix(this.timedHash, w.nowNs >>> 0, (w.nowNs / 2 ** 32) >>> 0, 0);
    this.count++;
  }

  told(): Witnessed {
    const texts = (checkpoints: Int32Array, now: Int32Array): string[] => [
      ...Array.from({ length: this.checkpointCount }, (_, i) => textOf(checkpoints, i)),
      textOf(now, 0),
    ];
    return {
      count: this.count,
      stride: this.stride,
      checkpoints: texts(this.checkpoints, this.hash),
      timedCheckpoints: texts(this.timedCheckpoints, this.timedHash),
      keptFrom: this.order.keepFrom,
      kept: this.kept.slice(0, this.keptCount * 3),
      keptNs: this.keptNs.slice(0, this.keptCount),
      seen: this.seen,
    };
  }

  private mark(): void {
    if (this.checkpointCount === 2 * CHECKPOINTS) {
      for (let i = 0; i < CHECKPOINTS; i++) {
        this.checkpoints.copyWithin(2 * i, 4 * i, 4 * i + 2);
        this.timedCheckpoints.copyWithin(2 * i, 4 * i, 4 * i + 2);
      }
      this.checkpointCount = CHECKPOINTS;
      this.stride *= 2; // the present decision is a whole multiple of that
    }
    this.checkpoints.set(this.hash, 2 * this.checkpointCount);
    this.timedCheckpoints.set(this.timedHash, 2 * this.checkpointCount++);
  }
}

/** The kind of `note` of a vCPU that is given a CPU. */
const RUN = 2;

/** Tells the witness, if there is one, of what is no part of the hash. */
export function witness(w: World, what: typeof PLACED | typeof BACKED, a: number, b: number): void {
  w.witness?.noted(w, what, a, b);
}

/** A placement as it came out, so that equal ones have equal numbers: masks are numbered as they are first used. */
export function shortOfPlacement(w: World, firstVcpu: number, vcpuCount: number, memoryNodes: readonly number[]): number {
  const parts = [memoryNodes.length, ...memoryNodes];
  for (let vcpu = firstVcpu; vcpu < firstVcpu + vcpuCount; vcpu++) {
    parts.push(shortOf(w.masks.allowed[w.vcpuMask[vcpu]!]!), shortOf(w.masks.allowed[w.vcpuSoftMask[vcpu]!]!));
  }
  return shortOf(parts);
}

function shortOf(numbers: ArrayLike<number>): number {
  let short = 0x811c9dc5;
  for (let i = 0; i < numbers.length; i++) short = Math.imul(short ^ numbers[i]!, 0x01000193);
  return short | 0;
}

function mix(hash: Int32Array, a: number, b: number, c: number): void {
  let low = hash[0]!;
  low = Math.imul(low ^ a, 0x01000193);
  low = Math.imul(low ^ b, 0x01000193);
  low = Math.imul(low ^ c, 0x01000193);
  hash[0] = low;
  hash[1] = Math.imul(hash[1]! ^ (hash[1]! >>> 15) ^ low, 0x85ebca6b);
}

function textOf(hashes: Int32Array, at: number): string {
  const half = (place: number): string => (hashes[2 * at + place]! >>> 0).toString(16).padStart(8, '0');
  return half(1) + half(0);
}
