import { writeSync } from 'node:fs';
import { Tracer } from '../sim/trace.ts';
import { failureOf } from './file-calls.ts';
import { traceFormats } from './trace-formats.ts';
import { TraceWindow } from './trace-window.ts';

/** A trace that is to be written, as plain data: any thread of the process can. */
export interface TraceOrder {
  /** The file, opened for writing. */
  readonly descriptor: number;
  /** The name of one of `traceFormats`. */
  readonly format: string;
  /** 0 for no looks. */
  readonly lookEveryNs: number;
  readonly fromNs: number;
  readonly toNs: number;
}

/** What has become of it. */
export interface TraceWritten {
  readonly events: number;
  readonly looks: number;
  readonly bytes: number;
  /** Why it could not be written on, such as `ENOSPC (no space left on device)`; the run ended there. null if it is whole. */
  readonly failure: string | null;
}

/** A tracer that writes what is ordered. A disk that fills up ends the run, and is no fault of the policy. */
export class OrderedTrace {
  readonly tracer: Tracer;
  readonly #window: TraceWindow;
  #bytes = 0;
  #failure: string | null = null;

  constructor({ descriptor, format, lookEveryNs, fromNs, toNs }: TraceOrder) {
    const write = (bytes: Uint8Array): void => {
      if (this.#failure !== null) return;
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at); // a full disk may take a part and say nothing
        this.#bytes += bytes.length;
      } catch (error) {
        this.#failure = failureOf(error);
        this.#window.isDone = true;
      }
    };
    const { open } = traceFormats.find(({ name }) => name === format)!;
    this.#window = new TraceWindow(open(write), fromNs, toNs);
    this.tracer = new Tracer(this.#window, lookEveryNs);
  }

  written(): TraceWritten {
    return { events: this.#window.eventCount, looks: this.#window.lookCount, bytes: this.#bytes, failure: this.#failure };
  }
}
