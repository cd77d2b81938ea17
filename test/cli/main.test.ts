import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../dist/cli/start.cjs', import.meta.url));
const short = ['run', '--machine', 'lopsided', '--duration', '30ms', '--guests', '2', '--json'];

function numalab(argv: string[], input = ''): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...argv], { encoding: 'utf8', input, timeout: 25_000 });
}

/** `npm test` builds first. */
describe.skipIf(!existsSync(main))('the program as it is installed', () => {
  test('prints a result that its schema describes, the same bytes each time, and another for another seed', () => {
    const { status, stdout, stderr } = numalab(short);
    expect([status, stderr]).toEqual([0, '']);
    const schema = JSON.parse(readFileSync(new URL('../../docs/run-result.schema.json', import.meta.url), 'utf8'));
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);
    expect(validate(JSON.parse(stdout)), JSON.stringify(validate.errors)).toBe(true);
    expect(numalab(short).stdout).toBe(stdout);
    expect(JSON.parse(numalab([...short, '--seed', '2']).stdout).hash).not.toBe(JSON.parse(stdout).hash);
  });

  test('reads a scenario from standard input and refuses it with file, line and column', () => {
    const { status, stdout, stderr } = numalab(['check', '--scenario', '-'], 'seed: 1\nguests:\n  - memory: -1\n');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe('standard input:3:13: guests[0].memory = -1, want a size from 64MiB to 16TiB such as 1GiB\n');
  });

  test('knows its version', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(numalab(['--version']).stdout).toBe(`${version}\n`);
  });

  test('is quiet when its reader has left, and says so when the disk is full', () => {
    for (const words of ['machine list', '--help']) {
      const list = `'${process.execPath}' '${main}' ${words}`;
      const line = `{ { ${list}; echo "left: $?" >&2; } | true; { ${list} >/dev/full; echo "full: $?"; }; } 2>&1`;
      expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' })).toBe('left: 0\nstandard output: ENOSPC\nfull: 3\n');
    }
  });

  test('an interrupt ends it at once in the middle of a long run', async () => {
    const child = spawn(process.execPath, [main, 'run', '--guests', '48', '--duration', '20min'], { stdio: 'ignore' });
    const ended = new Promise<{ signal: string | null; atMs: number }>((resolve) => {
      child.on('exit', (_, signal) => resolve({ signal, atMs: performance.now() }));
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const sentMs = performance.now();
    child.kill('SIGINT');
    const { signal, atMs } = await ended;
    expect(signal).toBe('SIGINT'); // which a shell reports as 130
    expect(atMs - sentMs).toBeLessThan(1_000);
  });
});
