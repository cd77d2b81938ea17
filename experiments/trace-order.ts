import { Tracer } from '../sim/trace.ts';
import { TraceFile } from './trace-file.ts';
import { traceFormats } from './trace-formats.ts';
import { TraceWindow } from './trace-window.ts';

/** A trace that is to be written, as plain data: any thread of the process can. */
export interface TraceOrder {
  /** The file, opened for reading and writing. */
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
  readonly #file: TraceFile;

  constructor({ descriptor, format, lookEveryNs, fromNs, toNs }: TraceOrder) {
    this.#file = new TraceFile(descriptor, () => (this.#window.isDone = true));
    const { open } = traceFormats.find(({ name }) => name === format)!;
    this.#window = new TraceWindow(open(this.#file.write, this.#file), fromNs, toNs);
    this.tracer = new Tracer(this.#window, lookEveryNs);
  }

  written(): TraceWritten {
    const { bytes, failure } = this.#file;
    return { events: this.#window.eventCount, looks: this.#window.lookCount, bytes, failure };
  }
}
