const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export interface Interruptible<Result> {
  readonly result: Result;
  /** What a shell reports of the signal that came, or null if none did. */
  readonly code: number | null;
}

/**
 * Does work that can be stopped: the first signal asks it to, a second ends the process at once. Only while it lasts, and only for work that
 * leaves this thread free now and then: a handler on a busy thread would never get to run, so elsewhere signals keep their default action.
 */
export async function interruptible<Result>(work: (stop: AbortSignal) => Promise<Result>): Promise<Interruptible<Result>> {
  const stop = new AbortController();
  let code: number | null = null;
  const asked = (signal: NodeJS.Signals): void => {
    const said = CODES[signal as keyof typeof CODES];
    if (code !== null) process.exit(said);
    code = said;
    stop.abort();
  };
  for (const signal of Object.keys(CODES)) process.on(signal, asked);
  try {
    const result = await work(stop.signal);
    return { result, code };
  } finally {
    for (const signal of Object.keys(CODES)) process.off(signal, asked);
  }
}
