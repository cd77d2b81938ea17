import { copyFileSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { everything } from '../../../experiments/everything.ts';
import { InputError } from '../../../experiments/input-error.ts';
import { Executor } from '../../../experiments/runs/execute.ts';
import { poolModule } from '../../../experiments/runs/pool-module.ts';
import type * as PoolModule from '../../../experiments/runs/pool-module.ts';
import { PoolClosed, poolOf, WorkerDied } from '../../../experiments/runs/pool.ts';
import type { RunOrder, RunWords } from '../../../experiments/runs/run-order.ts';
import type { RunPool } from '../../../experiments/runs/run-pool.ts';
import { GuardedRunner } from '../../../experiments/user-policy/guarded-runner.ts';
import { bundlePolicy } from '../../../experiments/user-policy/bundle.ts';

const built = fileURLToPath(new URL('../../../dist/', import.meta.url));
const hasBuilt = existsSync(join(built, 'bin/pool-worker.cjs'));
const folder = mkdtempSync(join(tmpdir(), 'numalab-pool-test-'));

function order(words: RunWords, more: Partial<RunOrder> = {}): RunOrder {
  return { words: { machine: 'lopsided', duration: '5ms', ...words }, policies: [], files: {}, timelinePoints: 0, ...more };
}

/** The second is what users have; `npm test` builds first. */
describe.each([
  ['from the sources', true, poolModule],
  ['from the one file that the build has put together', hasBuilt, () => join(built, 'experiments/runs/pool-start.cjs')],
] as const)('a pool of two threads %s', (_, isThere, module) => {
  const printed: string[] = [];
  let pool: RunPool;
  beforeAll(async () => {
    if (isThere) pool = poolOf(await module(), { version: '1.2.3', workers: 2, log: (text) => printed.push(text) });
  });
  afterAll(() => pool?.close());
  beforeEach(({ skip }) => skip(!isThere, 'not built: npm run build'));

  test('gives what this thread gives, each order its own', async () => {
    const here = new Executor(everything('1.2.3'), new GuardedRunner());
    const orders = ['1', '2', '3', '4', '5'].map((seed) => order({ seed, policy: 'apart', guests: '2', memory: '64MiB' }));
    const results = await Promise.all(orders.map((one) => pool.run(one)));
    expect(results).toEqual(await Promise.all(orders.map((one) => here.execute(one))));
    expect(results.map(({ seed }) => seed)).toEqual(['1', '2', '3', '4', '5']);
    expect(new Set(results.map(({ hash }) => hash)).size).toBe(5);
  });

  test('an order of wrong words is refused as it is here', async () => {
    const refused = pool.run(order({ policy: 'appart' }));
    await expect(refused).rejects.toBeInstanceOf(InputError);
    await expect(refused).rejects.toThrow(/appart.*did you mean apart\?/);
  });

  test('a policy of the user runs behind its wall, and what it prints is passed on', async () => {
    const file = join(folder, 'loud.ts');
    writeFileSync(
      file,
      `import { compose, firstTouch, roundRobin } from 'numalab/policy';
       export default { name: 'loud', summary: 'x', source: 'x', oracle: false, options: [], make() { console.log('made'); process.exit(3); } };`,
    );
    const bundle = { ...(await bundlePolicy(file)), file: './loud.ts' };
    const result = await pool.run(order({ policy: './loud.ts' }, { policies: [bundle] }));
    expect([result.status, result.exit?.kind]).toEqual(['policy-error', 'exit']);
    await expect.poll(() => printed).toEqual(['made\n']); // comes by another way than the result, now and then after it
  });

  test('a policy of the user runs there on a program from a file as the same policy of ours does', async () => {
    const file = join(folder, 'eevdf.ts');
    writeFileSync(
      file,
      `import { builtIn, compose } from 'numalab/policy';
       export default { name: 'eevdf', summary: 'x', source: 'x', oracle: false, options: [], make: () => compose('x', builtIn('kvm-eevdf'), {}) };`,
    );
    const policies = [{ ...(await bundlePolicy(file)), file: './eevdf.ts' }];
    const files = { 'mix.json': '{"tasks": {"a": {"instance": 2, "loop": 5, "run": 700, "sleep": 300}, "b": {"loop": 7, "run": 900}}}' };
    const words = { workload: 'rt-app:mix.json', machine: 'vm-2cpu' };
    const own = await pool.run(order({ ...words, policy: './eevdf.ts' }, { policies, files }));
    const ours = await pool.run(order({ ...words, policy: 'kvm-eevdf' }, { files }));
    expect([own.status, own.hash, own.guests]).toEqual(['ok', ours.hash, ours.guests]);
  });
});

test.skipIf(!hasBuilt)('what is compiled loads the one file where it is built, and else its modules one by one', async () => {
  const moduleAt = async (root: string): Promise<string> => {
    const { poolModule } = (await import(pathToFileURL(join(root, 'experiments/runs/pool-module.js')).href)) as typeof PoolModule;
    return poolModule();
  };
  expect(await moduleAt(built)).toBe(join(built, 'experiments/runs/pool-start.cjs'));
  const other = join(folder, 'no-bin');
  mkdirSync(join(other, 'experiments/runs'), { recursive: true });
  copyFileSync(join(built, 'experiments/runs/pool-module.js'), join(other, 'experiments/runs/pool-module.js'));
  expect(await moduleAt(other)).toBe(join(other, 'experiments/runs/pool-worker.js'));
});

describe('a thread that dies', () => {
  /** Does what its order's seed says; a result is a mark of the thread that gave it. */
  const file = join(folder, 'mortal.mjs');
  writeFileSync(
    file,
    `import { threadId } from 'node:worker_threads';
     export async function execute({ words: { seed } }) {
       if (seed === 'exit') process.exit(7);
       if (seed === 'throw') setImmediate(() => { throw new Error('late'); });
       if (seed === 'heap') for (let all = []; ; ) all.push(new Array(1000).fill(0.5));
       if (seed === 'throw' || seed === 'sleep') await new Promise((resolve) => setTimeout(resolve, 60_000));
       return { told: 'result', result: { seed, threadId } };
     }`,
  );

  test.each(['exit', 'throw', 'heap'])('by %s takes its own run along and no other', async (end) => {
    const pool = poolOf(file, { version: '1', workers: 2, heapMb: 32 });
    const runs = ['1', '2', end, '3', '4', '5'].map((seed) => pool.run(order({ seed })));
    const ends = await Promise.allSettled(runs);
    await pool.close();
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect((ends[2] as PromiseRejectedResult).reason).toBeInstanceOf(WorkerDied);
  });

  test('because the pool was closed is told apart', async () => {
    const pool = poolOf(file, { version: '1', workers: 1 });
    const [running, waiting] = [pool.run(order({ seed: 'sleep' })), pool.run(order({ seed: '2' }))];
    const ends = Promise.allSettled([running, waiting]);
    await pool.close();
    for (const end of await ends) expect((end as PromiseRejectedResult).reason).toBeInstanceOf(PoolClosed);
    await expect(pool.run(order({ seed: '3' }))).rejects.toBeInstanceOf(PoolClosed);
  });

  test('before it could start, as does any other, is said of every run', async () => {
    writeFileSync(join(folder, 'stillborn.mjs'), 'throw new Error("no");');
    const pool = poolOf(join(folder, 'stillborn.mjs'), { version: '1', workers: 2 });
    const ends = await Promise.allSettled([pool.run(order({})), pool.run(order({})), pool.run(order({}))]);
    await pool.close();
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  test('last, with a run of its own, after the one that took the place of the first could not start, is said of the run that waits', async () => {
    const file = join(folder, 'one-by-one.mjs');
    writeFileSync(
      file,
      `import { existsSync, writeFileSync } from 'node:fs';
       const claims = (n) => { try { writeFileSync(${JSON.stringify(join(folder, 'thread-'))} + n, '', { flag: 'wx' }); return true; } catch { return false; } };
       const n = [1, 2, 3].find(claims);
       const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
       if (n === 2) {
         while (!existsSync(${JSON.stringify(join(folder, 'thread-3'))})) sleep(20);
         sleep(400);
       }
       throw new Error('no');`,
    );
    const pool = poolOf(file, { version: '1', workers: 2 });
    const ends = await Promise.allSettled([pool.run(order({})), pool.run(order({})), pool.run(order({}))]);
    await expect(pool.run(order({}))).rejects.toThrow('no thread for runs can be started');
    await pool.close();
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
