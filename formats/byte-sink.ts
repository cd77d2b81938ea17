/** Where a writer's bytes go, in order; they are taken before `write` returns. */
export interface ByteSink {
  write(bytes: Uint8Array): void;
}

/** Bytes put aside while a file cannot be written in order yet. */
export interface Spool extends ByteSink {
  /** Fills `into` with what was written from that byte on. */
  read(from: number, into: Uint8Array): void;
}
