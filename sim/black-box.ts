/** How many of the last events are kept. */
export const KEPT_EVENTS = 256;

/** Where the counters stand in `head`. */
export const BEATS = 0;
export const EVENT_COUNT = 1;
export const HOOK = 2;
export const VCPU = 3;
/** Calls of hooks, where they are counted. */
export const CALLS = 4;
const HEAD_LENGTH = 5;

/**
 * What is still known of a run whose thread was ended from outside: the last events, the hook the policy was in, and a counter that shows
 * that time goes on. Over memory that two threads share, the other one can read it at any time; over memory of its own it is a plain ring.
 */
export class BlackBox {
  readonly buffer: ArrayBufferLike;
  readonly timesNs: Float64Array; // [KEPT_EVENTS] when; slot EVENT_COUNT % KEPT_EVENTS is the oldest
  readonly whats: Int32Array; //     [KEPT_EVENTS] what, as `note` has it
  readonly firsts: Int32Array; //    [KEPT_EVENTS]
  readonly seconds: Int32Array; //   [KEPT_EVENTS]
  readonly head: Int32Array; //      BEATS, EVENT_COUNT, HOOK (0: none), VCPU (or NONE), CALLS
  readonly nowNs: Float64Array; //   [1] when the policy was last called

  constructor(buffer: ArrayBufferLike = new ArrayBuffer(BlackBox.byteLength)) {
    this.buffer = buffer;
    this.timesNs = new Float64Array(buffer, 0, KEPT_EVENTS);
    this.nowNs = new Float64Array(buffer, KEPT_EVENTS * 8, 1);
    const ints = KEPT_EVENTS * 8 + 8;
    this.whats = new Int32Array(buffer, ints, KEPT_EVENTS);
    this.firsts = new Int32Array(buffer, ints + KEPT_EVENTS * 4, KEPT_EVENTS);
    this.seconds = new Int32Array(buffer, ints + KEPT_EVENTS * 8, KEPT_EVENTS);
    this.head = new Int32Array(buffer, ints + KEPT_EVENTS * 12, HEAD_LENGTH);
  }

  static readonly byteLength: number = KEPT_EVENTS * (8 + 3 * 4) + 8 + HEAD_LENGTH * 4;
}

/** One decision, as it is told: of whom and where, NONE where it has none. */
export interface HostEvent {
  readonly timeNs: number;
  readonly event: string;
  /** What `event` is about, by name. */
  readonly of: Readonly<Record<string, number>>;
}

/** The kinds `note` is called with, and what its two numbers are; the last two only a witness is told of. */
export const KINDS: Readonly<Record<number, readonly [event: string, first: string, second: string]>> = {
  1: ['wake', 'vcpu', 'cpu'],
  2: ['run', 'vcpu', 'cpu'],
  3: ['block', 'vcpu', 'cpu'],
  4: ['idle', 'cpu', ''],
  5: ['affinity', 'vcpu', 'mask'],
  6: ['weight', 'guest', 'weight'],
  7: ['move', 'block of all guests', 'node'],
  8: ['depart', 'guest', ''],
  9: ['hotplug', 'cpu', 'online'],
  10: ['copy', 'block of all guests', 'node'],
  11: ['merge', 'block of all guests', 'node'],
  12: ['attributes', 'vcpu', 'weight'],
  100: ['place', 'guest', ''],
  101: ['back', 'block of all guests', 'node'],
};

/** The last events, oldest first. */
export function eventsOf(box: BlackBox): HostEvent[] {
  const count = box.head[EVENT_COUNT]!;
  const from = Math.max(0, count - KEPT_EVENTS);
  return Array.from({ length: count - from }, (_, i) => {
    const slot = (from + i) % KEPT_EVENTS;
    const what = box.whats[slot]!;
    const [event, first, second] = KINDS[what] ?? [`event ${what}`, 'first', 'second'];
    const of = { [first]: box.firsts[slot]!, ...(second === '' ? {} : { [second]: box.seconds[slot]! }) };
    return { timeNs: box.timesNs[slot]!, event, of };
  });
}
