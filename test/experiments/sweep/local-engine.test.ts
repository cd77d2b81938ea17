import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../experiments/failures.ts';
import { InputError } from '../../../experiments/input-error.ts';
import type { RunResult } from '../../../experiments/run-result.ts';
import { BrokenRun, PoolClosed, WorkerDied } from '../../../experiments/runs/pool.ts';
import type { RunPool } from '../../../experiments/runs/run-pool.ts';
import type { SweepWork } from '../../../experiments/sweep/engine.ts';
import { runAll } from '../../../experiments/sweep/local-engine.ts';
import { DifferentResult, type SweepFolder } from '../../../experiments/sweep/sweep-folder.ts';

/** What the runs of a sweep come to: [index] what each try gives, the last of them from then on. */
type Script = readonly (readonly (Partial<RunResult> | Error | Promise<never>)[])[];

function scripted(script: Script, put: (index: number) => void = () => {}, missing = script.map((_, index) => index)) {
  const tries = script.map(() => 0);
  const done: number[] = [];
  const failed: string[] = [];
  const stop = new AbortController();
  let running = 0;
  let most = 0;
  const pool: RunPool = {
    async run({ words }) {
      const index = Number(words.seed);
      const outcomes = script[index]!;
      const outcome = outcomes[Math.min(tries[index]!++, outcomes.length - 1)]!;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      if (outcome instanceof Promise) await outcome;
      running--;
      if (outcome instanceof Error) throw outcome;
      return outcome as RunResult;
    },
    close: () => Promise.resolve(),
  };
  const folder = {
    orderOf: (index: number) => ({ words: { seed: String(index) }, policies: [], files: {}, timelinePoints: 0 }),
    put: (index: number) => {
      put(index);
      return 'written';
    },
  } as unknown as SweepFolder;
  const work: SweepWork = {
    folder,
    missing,
    version: '1',
    isIsolated: false,
    flags: {},
    switches: new Set(),
    stop: stop.signal,
    done: (index) => void done.push(index),
    failed: (index, message) => void failed.push(`${index}: ${message}`),
    log: () => {},
    say: () => {},
  };
  return { work, pool, tries, done, failed, stop, most: () => most };
}

const OK: Partial<RunResult> = { status: 'ok', exit: null };
const KILLED: Partial<RunResult> = {
  status: 'policy-error',
  exit: { kind: 'killed', message: 'by SIGKILL', hook: 'none', atNs: 0, vcpu: null, events: [] },
};

describe('runs over a pool', () => {
  test('are those that are missing, so many at a time', async () => {
    const { work, pool, tries, done, most } = scripted(Array.from({ length: 9 }, () => [OK]), undefined, [8, 1, 2, 5, 7]); // prettier-ignore
    expect(await runAll(work, pool, 3)).toBe('tried');
    expect([tries, [...done].sort(), most()]).toEqual([[0, 1, 1, 0, 0, 1, 0, 1, 1], [1, 2, 5, 7, 8], 3]);
  });

  test('whose thread died are tried once more, and then told as failed, as are killed policies', async () => {
    const died = new WorkerDied('out of memory');
    const { work, pool, tries, done, failed } = scripted([[died, OK], [died], [KILLED, OK], [KILLED], [OK]]);
    expect(await runAll(work, pool, 2)).toBe('tried');
    expect([tries, [...done].sort(), failed]).toEqual([
      [2, 2, 2, 2, 1],
      [0, 2, 4],
      ['1: out of memory', '3: by SIGKILL'],
    ]);
  });

  test('that are refused, or gave other bytes, are told and not tried again', async () => {
    const { work, pool, tries, done, failed } = scripted([[new InputError('policy: no')], [OK], [OK]], (index) => {
      if (index === 1) throw new DifferentResult('run 1: gave other bytes');
    });
    expect(await runAll(work, pool, 2)).toBe('tried');
    expect([tries, done, failed]).toEqual([[1, 1, 1], [2], ['0: policy: no', '1: run 1: gave other bytes']]);
  });

  test('end when a result cannot be kept: no other is started', async () => {
    const { work, pool, tries } = scripted(Array.from({ length: 20 }, () => [OK]), (index) => {
      if (index === 3) throw new StoreError('disk full');
    }); // prettier-ignore
    await expect(runAll(work, pool, 2)).rejects.toThrow('disk full');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(tries.slice(6)).toEqual(Array.from({ length: 14 }, () => 0));
  });

  test('that break the simulator do not end the others; a pool without threads does', async () => {
    const broken = scripted([[new BrokenRun('books do not add up')], [OK], [OK]]);
    expect(await runAll(broken.work, broken.pool, 1)).toBe('tried');
    expect([broken.tries, broken.done, broken.failed]).toEqual([[1, 1, 1], [1, 2], ['0: books do not add up']]);
    const lost = scripted([[OK], [new Error('no thread can be started')], [OK]]);
    await expect(runAll(lost.work, lost.pool, 1)).rejects.toThrow('no thread can be started');
    expect(lost.tries).toEqual([1, 1, 0]);
  });

  test('that were stopped are not told as failed; those that end in time are kept', async () => {
    let close: (error: Error) => void = () => {};
    const hanging = new Promise<never>((_, reject) => (close = reject));
    const { work, pool, tries, done, failed, stop } = scripted([[OK], [hanging], [OK], [OK], [OK], [OK]]);
    const outcome = runAll(work, pool, 2);
    while (done.length < 2) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect(await outcome).toBe('stopped'); // after two seconds, as one of the two did not end
    close(new PoolClosed('the pool was closed'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(failed).toEqual([]);
    expect(tries.at(-1)).toBe(0);
    expect(done.every((index) => index !== 1)).toBe(true);
  });
});
