import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'numalab-signals-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Two runs that are over in no time before as many that take for ever. */
const plan = join(home, 'plan.yaml');
writeFileSync(
  plan,
  'machine: lopsided\nmemory: 64MiB\nlimit: 1440min\nzip: {seed: [1, 2, 3, 4, 5], duration: [5ms, 5ms, 1440min, 1440min, 1440min]}\n',
);

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  said(): string;
}

function start(out: string): Started {
  const child = spawn(process.execPath, [main, 'sweep', 'run', plan, '--out', out, '--workers', '2'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr!.on('data', (part) => (said += String(part)));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  return { child, ended, said: () => said };
}

/** The two short results are there: it is in the middle of the long ones, or will be at once. */
async function halfWay(out: string): Promise<void> {
  const runs = join(out, 'runs');
  while (!existsSync(runs) || readdirSync(runs).filter((name) => name.endsWith('.json')).length < 2) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** `npm test` builds first. */
describe.skipIf(!existsSync(main))('a sweep that is told to end', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s keeps what is finished, says how to go on and ends with %i', async (signal, code) => {
    const out = join(home, signal);
    const { child, ended, said } = start(out);
    await halfWay(out);
    child.kill(signal);
    expect(await ended).toEqual({ code, signal: null });
    expect(said()).toMatch(new RegExp(`stopped; what was finished is kept\nagain: numalab sweep run ${out}\n$`));
    expect(readdirSync(join(out, 'runs')).map((name) => name.slice(64))).toEqual(['.json', '.json']); // and nothing half written
  });

  test('twice ends at once, without the two seconds that runs are given', async () => {
    const out = join(home, 'twice');
    const { child, ended, said } = start(out);
    await halfWay(out);
    child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 143, signal: null });
    expect(said()).not.toMatch(/again:/); // which the first would have come to say
  });
});

test.skipIf(!existsSync(main) || process.platform === 'win32')(
  'sweep exec asks to be tried again with 75 when no file may grow that long',
  () => {
    const out = join(home, 'short');
    const numalab = (limit: string, argv: string): ReturnType<typeof spawnSync> =>
      spawnSync('sh', ['-c', `ulimit -f ${limit}; exec '${process.execPath}' '${main}' ${argv}`], { encoding: 'utf8' });
    expect(numalab('unlimited', `sweep plan '${plan}' --out '${out}'`).status).toBe(0);
    // One block is at most 1,024 bytes, and a result is longer.
    expect(numalab('1', `sweep exec '${out}' --index 0`)).toMatchObject({
      status: 75,
      stdout: '',
      stderr: expect.stringMatching(/^run 0: .*EFBIG/),
    });
    expect(readdirSync(join(out, 'runs'))).toEqual([]);
    expect(numalab('unlimited', `sweep exec '${out}' --index 0`)).toMatchObject({ status: 0, stderr: '' });
  },
);
