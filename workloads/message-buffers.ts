import type { GuestCalls } from '../sim/workload-api.ts';

/** How full buffers of a kind let their writers go on. */
export interface BufferKind {
  /** Messages that a buffer holds. */
  readonly capacity: number;
  /** Writers that sleep are woken when reading has left so many in it. */
  readonly wakeAt: number;
  /** One writer is woken, and wakes the next if there is room after it wrote; otherwise all are. */
  readonly isOneByOne: boolean;
}

/**
 * Bounded buffers of messages, each with one reader and so many writers. Guards that no wake-up is lost: a reader sleeps only at an empty
 * buffer, a writer only at a full one, and reading on from full always comes by `wakeAt`. Room is taken when a write begins, and
 * the message is there when it ends; it is given back when reading it has ended. Buffers are numbered, readers and writers are tasks.
 */
export class MessageBuffers {
  private readonly kind: BufferKind;
  private readonly writers: number;
  private readonly usedCount: Int32Array; //    [buffer] messages, those half written or half read included
  private readonly readyCount: Int32Array; //   [buffer] that can be read
  private readonly sleepingReader: Int32Array; // [buffer] task, or -1
  private readonly sleepers: Int32Array; //     [buffer * writers + i] tasks, a ring
  private readonly firstSleeper: Int32Array; // [buffer]
  private readonly sleeperCount: Int32Array; // [buffer]
  /** How often somebody had to wait. */
  fullCount = 0;
  emptyCount = 0;

  constructor(kind: BufferKind, buffers: number, writers: number) {
    this.kind = kind;
    this.writers = writers;
    this.usedCount = new Int32Array(buffers);
    this.readyCount = new Int32Array(buffers);
    this.sleepingReader = new Int32Array(buffers).fill(-1);
    this.sleepers = new Int32Array(buffers * writers);
    this.firstSleeper = new Int32Array(buffers);
    this.sleeperCount = new Int32Array(buffers);
  }

  /** True: the writer may write. False: it must block, and ask again when it is woken. */
  beginWrite(buffer: number, task: number): boolean {
    if (this.usedCount[buffer]! < this.kind.capacity) {
      this.usedCount[buffer]!++;
      return true;
    }
    const last = (this.firstSleeper[buffer]! + this.sleeperCount[buffer]!++) % this.writers;
    this.sleepers[buffer * this.writers + last] = task;
    this.fullCount++;
    return false;
  }

  endWrite(buffer: number, calls: GuestCalls): void {
    this.readyCount[buffer]!++;
    const reader = this.sleepingReader[buffer]!;
    if (reader >= 0) {
      this.sleepingReader[buffer] = -1;
      calls.wake(reader);
    }
    if (this.kind.isOneByOne && this.usedCount[buffer]! < this.kind.capacity) this.wakeWriter(buffer, calls);
  }

  /** True: the reader may read. False: it must block, and ask again when it is woken. */
  beginRead(buffer: number, task: number): boolean {
    if (this.readyCount[buffer]! > 0) {
      this.readyCount[buffer]!--;
      return true;
    }
    this.sleepingReader[buffer] = task;
    this.emptyCount++;
    return false;
  }

  endRead(buffer: number, calls: GuestCalls): void {
    if (--this.usedCount[buffer]! !== this.kind.wakeAt) return;
    if (this.kind.isOneByOne) this.wakeWriter(buffer, calls);
    else while (this.sleeperCount[buffer]! > 0) this.wakeWriter(buffer, calls);
  }

  /** The one that has slept longest, if there is one. */
  private wakeWriter(buffer: number, calls: GuestCalls): void {
    if (this.sleeperCount[buffer] === 0) return;
    const first = this.firstSleeper[buffer]!;
    this.firstSleeper[buffer] = (first + 1) % this.writers;
    this.sleeperCount[buffer]!--;
    calls.wake(this.sleepers[buffer * this.writers + first]!);
  }
}
