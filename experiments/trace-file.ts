import { readSync, writeSync } from 'node:fs';
import type { PlacedBytes } from '../formats/trace-out/trace-dat.ts';
import { failureOf } from './file-calls.ts';

/** An open file that a trace is written to; what cannot be written is remembered, as no hook of a run may throw for it. */
export class TraceFile implements PlacedBytes {
  readonly #descriptor: number;
  readonly #onFailure: () => void;
  /** Written so far, or up to the last of its bytes. */
  bytes = 0;
  /** Such as `ENOSPC (no space left on device)`; nothing is written from then on. */
  failure: string | null = null;

  /** @param descriptor opened for reading and writing */
  constructor(descriptor: number, onFailure: () => void) {
    this.#descriptor = descriptor;
    this.#onFailure = onFailure;
  }

  readonly write = (bytes: Uint8Array): void => this.writeAt(this.bytes, bytes);

  writeAt(position: number, bytes: Uint8Array): void {
    if (this.failure !== null) return;
    try {
      // a full disk may take a part and say nothing
      for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor, bytes, at, bytes.length - at, position + at);
      this.bytes = Math.max(this.bytes, position + bytes.length);
    } catch (error) {
      this.#fail(error);
    }
  }

  readAt(position: number, into: Uint8Array): void {
    if (this.failure !== null) return;
    try {
      for (let at = 0; at < into.length;) {
        const count = readSync(this.#descriptor, into, at, into.length - at, position + at);
        if (count === 0) throw new RangeError('the trace has been cut while it was written');
        at += count;
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.failure = failureOf(error);
    this.#onFailure();
  }
}
