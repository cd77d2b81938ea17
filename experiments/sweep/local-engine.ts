import { availableParallelism } from 'node:os';
import { setTimeout as later } from 'node:timers/promises';
import { InputError, show } from '../input-error.ts';
import { parseQuantity } from '../quantities.ts';
import { BrokenRun, openPool, PoolClosed, WorkerDied } from '../runs/pool.ts';
import type { RunPool } from '../runs/run-pool.ts';
import type { EngineOutcome, SweepEngine, SweepWork } from './engine.ts';
import { KilledRun, keepResult } from './keep-result.ts';
import { DifferentResult } from './sweep-folder.ts';

const MOST_WORKERS = 1_024;
/** What a stopped sweep gives to the runs that have begun. */
const GRACE_MS = 2_000;
/** Of a run whose thread ends. */
const TRIES = 2;

export const localEngine: SweepEngine = {
  name: 'local',
  summary: 'threads of this process, one for each CPU',
  flags: ['workers'],
  check: ({ workers }) => void workersOf(workers),
  async start(work) {
    const workers = Math.min(workersOf(work.flags.workers), work.missing.length);
    const { version, isIsolated, log } = work;
    const pool = await openPool({ version, workers, isIsolated, log });
    try {
      return await runAll(work, pool, 2 * workers); // one runs, one waits: no thread waits for a disk
    } finally {
      await pool.close();
    }
  },
};

/** @throws InputError */
function workersOf(text: string | undefined): number {
  if (text === undefined) return availableParallelism();
  const workers = parseQuantity('count', text);
  if (workers === null || workers < 1 || workers > MOST_WORKERS) {
    throw new InputError(`--workers = ${show(text)}, want a whole number from 1 to ${MOST_WORKERS}`);
  }
  return workers;
}

/** Hands out the runs, so many at a time, and keeps what comes back. What cannot be kept ends it. */
export async function runAll(work: SweepWork, pool: RunPool, atOnce: number): Promise<EngineOutcome> {
  const { missing, stop } = work;
  let next = 0;
  let isBroken = false;
  async function lane(): Promise<void> {
    while (next < missing.length && !stop.aborted && !isBroken) {
      const index = missing[next++]!;
      try {
        await runOne(work, pool, index);
      } catch (error) {
        isBroken = true;
        throw error;
      }
    }
  }
  const lanes = Promise.all(Array.from({ length: Math.min(atOnce, missing.length) }, lane));
  lanes.catch(() => {}); // may fail after the grace is over
  await Promise.race([lanes, graceAfter(stop, lanes)]);
  return stop.aborted ? 'stopped' : 'tried';
}

async function graceAfter(stop: AbortSignal, lanes: Promise<unknown>): Promise<void> {
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  const over = new AbortController();
  const end = (): void => over.abort();
  void lanes.then(end, end);
  await later(GRACE_MS, undefined, { signal: over.signal }).catch(() => {});
}

async function runOne(work: SweepWork, pool: RunPool, index: number): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const result = await pool.run(work.folder.orderOf(index));
      keepResult(work.folder, index, result);
      return work.done(index, result);
    } catch (error) {
      if (error instanceof PoolClosed) return;
      if (error instanceof DifferentResult || error instanceof InputError || error instanceof BrokenRun)
        return work.failed(index, error.message);
      if (!(error instanceof WorkerDied || error instanceof KilledRun)) throw error;
      if (tries === TRIES || work.stop.aborted) return work.failed(index, error.message);
    }
  }
}
