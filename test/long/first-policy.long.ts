import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { numalab } from '../../cli/numalab.ts';

/** What docs/first-policy.md tells a reader to type is typed here, in its order, in an empty folder. */
const page = readFileSync(new URL('../../docs/first-policy.md', import.meta.url), 'utf8');
const commands = [...page.matchAll(/^npx numalab (.+)$/gm)].map((match) => match[1]!);
const folder = mkdtempSync(join(tmpdir(), 'numalab-'));
const before = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

async function call(line: string): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), progress: () => {}, width: 90 };
  return { code: await numalab(line.split(' '), lab('1.2.3'), terminal), out, err };
}

test('the page goes from a new file to comparisons', () => {
  expect(commands.map((line) => line.split(' ')[0])).toEqual(['policy', 'policy', 'compare', 'compare', 'policy']);
});

test.each(commands)('numalab %s does what it says', { timeout: 120_000 }, async (line) => {
  const { code, out, err } = await call(line);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.length).toBeGreaterThan(100);
});

test('policy new does not write over a file, nor take names that are taken or odd', async () => {
  expect(await call('policy new mine')).toMatchObject({ code: 2, err: 'mine.ts: is there already, want another name\n' });
  expect((await call('policy new apart')).err).toMatch(/want a name that no policy of policy list has/);
  expect((await call('policy new ../x')).err).toMatch(/want a name of at most 40/);
});

test('the one line of the page that changes the parts is sound, and another policy', { timeout: 120_000 }, async () => {
  const line = /^return compose\('mine', builtIn.*$/m.exec(page)![0];
  const text = readFileSync('mine.ts', 'utf8');
  writeFileSync('held.ts', text.replace(/return compose\(.*$/m, line).replace(/^ *const parts.*\n/m, ''));
  const shown = (await call('policy check ./held.ts')).out;
  expect(shown).toMatch(/^types +pass/m);
  const hashOf = async (file: string): Promise<string> =>
    (JSON.parse((await call(`policy show ${file} --json`)).out) as { policySource: { sha256: string } }).policySource.sha256;
  expect(await hashOf('./held.ts')).not.toBe(await hashOf('./mine.ts'));
});

test('the memory part of the page is sound and moves blocks', { timeout: 120_000 }, async () => {
  const part = /```ts\n(const near[^`]+)```/.exec(page)![1]!;
  const names = 'builtIn, compose, firstTouch, type MemoryPolicy, ms, type PolicyEntry';
  const entry =
    "{ name: 'near', summary: 's', source: 's', oracle: false, options: [], make: () => compose('near', builtIn('kvm-eevdf'), { memory: near }) }";
  writeFileSync(
    'near.ts',
    `import { ${names} } from 'numalab/policy';\n${part}export const policy: PolicyEntry = ${entry};\nexport default policy;\n`,
  );
  expect((await call('policy check ./near.ts')).out).toMatch(/^types +pass/m);
  const { out } = await call('run --policy ./near.ts --workload hot-set --guests 3 --vcpus 4 --duration 500ms --json');
  expect((JSON.parse(out) as { total: { pageMoves: number } }).total.pageMoves).toBeGreaterThan(10);
});

test('a mistake is one line with its place, and nothing is run', { timeout: 60_000 }, async () => {
  writeFileSync('broken.ts', "import { compose } from 'numalab/policy';\nexport const policy = compose(;\n");
  expect(await call('run --policy ./broken.ts')).toEqual({ code: 2, out: '', err: 'broken.ts:2:31: Unexpected ";"\n' });
  writeFileSync('reads.ts', "import { readFileSync } from 'node:fs';\nexport const policy = readFileSync;\n");
  expect((await call('run --policy ./reads.ts')).err).toMatch(/^reads\.ts:1:\d+: import of node:fs, want numalab\/policy or a file of/);
  writeFileSync('wrong.ts', readFileSync('mine.ts', 'utf8').replace("name: 'mine',\n    // Taken", 'name: 7,\n    // Taken'));
  const { code, err } = await call('policy check ./wrong.ts');
  expect(code).toBe(1);
  expect(err).toMatch(/^wrong\.ts:\d+:\d+: Type 'number' is not assignable to type 'string'/);
  expect((await call('run --policy ./mine.ts:slize=1ms')).err).toMatch(/did you mean slice\?/);
});

test('a scenario file names a policy as seen from its own folder, and results say which version it was', { timeout: 60_000 }, async () => {
  writeFileSync('words.yaml', 'policy: ./mine.ts\nmachine: lopsided\nworkload: compute\nduration: 10ms\n');
  process.chdir('/');
  try {
    const result = JSON.parse((await call(`run --scenario ${join(folder, 'words.yaml')} --json`)).out) as Record<string, unknown>;
    expect(result).toMatchObject({
      status: 'ok',
      policy: './mine.ts',
      policySource: { file: './mine.ts', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  } finally {
    process.chdir(folder);
  }
});
