import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { numalab } from '../../cli/numalab.ts';
import type { RunResult } from '../../experiments/run-result.ts';

/** One bad policy for each way to be bad, through the command line as a user would run it. */
const folder = fileURLToPath(new URL('torture/', import.meta.url));
const THINK = '--workload think:think=1ms,service=3ms';
const SMALL = '--machine lopsided --guests 9 --memory 512MiB --boot 0 --duration 4s --watchdog 2s';

async function call(line: string): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), progress: () => {}, width: 90 };
  return { code: await numalab(line.split(' '), lab('1.2.3'), terminal), out, err };
}

interface Bad {
  readonly file: string;
  readonly kind: string;
  readonly hook: string;
  readonly says: RegExp;
  readonly flags?: string;
}

const BAD: readonly Bad[] = [
  { file: 'timeout', kind: 'timeout', hook: 'running', says: /no progress for 5 s/ },
  { file: 'loop', kind: 'loop', hook: 'none', says: /262144 instants in less than 1 ms/ },
  { file: 'kick-circle', kind: 'loop', hook: 'none', says: /in a circle at one instant/ },
  { file: 'throw', kind: 'throw', hook: 'running', says: /Error: boom \(.*throw\.ts:8:\d+\)$/ },
  { file: 'recursion', kind: 'throw', hook: 'running', says: /Maximum call stack size exceeded/ },
  { file: 'promise', kind: 'illegal', hook: 'running', says: /hooks must be done when they return/ },
  { file: 'rejection', kind: 'throw', hook: 'none', says: /outside of its hooks: Error: late/ },
  { file: 'illegal', kind: 'illegal', hook: 'enqueue', says: /queue 7 was not created \(.*illegal\.ts:9:\d+\)$/ },
  { file: 'stall', kind: 'stall', hook: 'watchdog', says: /has waited for a CPU for 2 s/, flags: '--workload compute' },
  { file: 'mutation', kind: 'mutation', hook: 'running', says: /nowNs .*only a getter/ },
  { file: 'mutation-field', kind: 'mutation', hook: 'init', says: /not extensible/ },
  { file: 'mutation-helper', kind: 'mutation', hook: 'init', says: /read only property 'kick'/ },
  { file: 'mutation-options', kind: 'mutation', hook: 'make', says: /not extensible/ },
  { file: 'mutation-array', kind: 'mutation', hook: 'none', says: /changed a built-in object/ },
  { file: 'nondeterminism', kind: 'nondeterminism', hook: 'selectCpu', says: /Math\.random: differs from run to run/ },
  { file: 'clock', kind: 'nondeterminism', hook: 'running', says: /Date: differs from run to run/ },
  { file: 'out-of-memory', kind: 'out-of-memory', hook: 'running', says: /more than 256 MiB of heap/ },
  { file: 'typed-memory', kind: 'out-of-memory', hook: 'running', says: /more than 1024 MiB of memory/, flags: `${THINK} --isolate` },
  { file: 'exit', kind: 'exit', hook: 'running', says: /a policy may not end the run/ },
];
const HARMLESS_IN_A_RUN = ['base', 'leak', 'prints'];

test('each file of the folder is tried', () => {
  const names = readdirSync(folder).map((file) => file.replace('.ts', ''));
  expect(names.sort()).toEqual([...BAD.map(({ file }) => file), ...HARMLESS_IN_A_RUN].sort());
});

test.each(BAD)('$file ends its run as $kind', { timeout: 120_000 }, async ({ file, kind, hook, says, flags = THINK }) => {
  const { code, out, err } = await call(`run --policy ${folder}${file}.ts ${SMALL} ${flags} --json`);
  const { status, exit, message, policySource } = JSON.parse(out) as RunResult;
  expect([code, status, exit!.kind, exit!.hook]).toEqual([1, 'policy-error', kind, hook]);
  expect(exit!.message).toMatch(says);
  expect(message).toContain(`hook ${hook}, at ${exit!.atNs} ns`);
  expect(policySource!.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(exit!.events.length).toBeLessThanOrEqual(256);
  expect(err).toContain(`${kind}: `);
  expect(err.split('\n').filter((line) => /^ +.* ns {2}\w+ /.test(line))).toHaveLength(exit!.events.length);
  expect(err).toContain(`\nagain: numalab run --machine lopsided --policy ${folder}${file}.ts`);
});

describe('what ends a policy is counted in what it does, so that it ends at the same place again:', () => {
  test.each(['throw', 'illegal', 'loop'])('%s.ts', { timeout: 60_000 }, async (file) => {
    const exits = [];
    for (let i = 0; i < 2; i++)
      exits.push((JSON.parse((await call(`run --policy ${folder}${file}.ts ${SMALL} ${THINK} --json`)).out) as RunResult).exit);
    expect(exits[1]).toEqual(exits[0]);
    expect(exits[0]!.events.length).toBeGreaterThan(100);
  });
});

test('a bad policy leaves the rest of a comparison whole', { timeout: 60_000 }, async () => {
  const policies = `--policy kvm-unpinned --policy ${folder}throw.ts --policy random`;
  const { code, out, err } = await call(`compare ${policies} --seeds 2 ${SMALL} ${THINK} --json`);
  const { policies: compared, failures } = JSON.parse(out) as {
    policies: { policy: string }[];
    failures: { policy: string; exit: { kind: string } }[];
  };
  expect([code, compared.map(({ policy }) => policy)]).toEqual([1, ['kvm-unpinned', 'random']]);
  expect(failures.map(({ policy, exit }) => [policy, exit.kind])).toEqual([[`${folder}throw.ts`, 'throw']]);
  expect(err).toMatch(/compared without .*throw\.ts\n$/);
});

test('what a policy prints is cut off at 64 KiB and goes to standard error', { timeout: 60_000 }, async () => {
  const { code, err } = await call(`run --policy ${folder}prints.ts ${SMALL} ${THINK}`);
  expect(code).toBe(0);
  expect(err.length).toBeLessThan(65 * 1024);
  expect(err).toMatch(/^\d+ more lines were printed\n$/m);
});

test('what a policy keeps outside make shows when it is checked', { timeout: 120_000 }, async () => {
  const { code, out } = await call(`policy check ${folder}leak.ts --json`);
  const { checks } = JSON.parse(out) as { checks: { name: string; outcome: string; detail: string }[] };
  const found = checks.find(({ name }) => name === 'deterministic')!;
  expect([code, found.outcome]).toEqual([1, 'fail']);
  expect(found.detail).toContain('its second run decided otherwise');
});
