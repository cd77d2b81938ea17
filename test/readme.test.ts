import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lab } from '../cli/lab.ts';
import { numalab } from '../cli/numalab.ts';

/** What the README tells a reader to type is typed here. */
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const commands = [...readme.matchAll(/^npx numalab (.+)$/gm)].map((match) => match[1]!);
const yaml = /```yaml\n([^`]+)```/.exec(readme)![1]!;
const folder = mkdtempSync(join(tmpdir(), 'numalab-'));
const file = join(folder, 'mixed.yaml');
writeFileSync(file, yaml);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the README shows commands', () => expect(commands.length).toBeGreaterThan(5));

test.each(commands)('numalab %s does what it says', { timeout: 60_000 }, async (line) => {
  let out = '';
  let err = '';
  const terminal = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), progress: () => {}, width: 90 };
  const words = line.replace('mixed.yaml', file).replaceAll('results/', `${folder}/`).split(' ');
  const code = await numalab(words, lab('1.2.3'), terminal);
  expect({ code, err: err.replace(/^.* written to .*\n/gm, '') }).toEqual({ code: 0, err: '' });
  const made = words.indexOf('--out') < 0 ? '' : readFileSync(words[words.indexOf('--out') + 1]!, 'utf8');
  expect(out.length + made.length).toBeGreaterThan(100);
});

test('the plan it shows is one of 18 runs', async () => {
  const plan = join(folder, 'plan.yaml');
  writeFileSync(plan, /```yaml plan\n([^`]+)```/.exec(readme)![1]!);
  let out = '';
  const terminal = { out: (text: string) => void (out += text), err: () => {}, progress: () => {}, width: 90 };
  expect(await numalab(['sweep', 'plan', plan, '--dry-run'], lab('1.2.3'), terminal)).toBe(0);
  expect(out).toContain('18 runs'); // 2 policies, 3 counts of guests, 3 seeds
});

test('the example of docs/validation-items.md is an item that passes', async () => {
  const page = readFileSync(new URL('../docs/validation-items.md', import.meta.url), 'utf8');
  const items = join(folder, 'items.yaml');
  writeFileSync(items, /```yaml\n([^`]+)```/.exec(page)![1]!);
  let out = '';
  const terminal = { out: (text: string) => void (out += text), err: () => {}, progress: () => {}, width: 90 };
  expect(await numalab(['validate', '--items', items], lab('1.2.3'), terminal)).toBe(0);
  expect(out).toContain('1 pass, 0 fail, 0 skipped');
  expect(out).toContain('with twice the noise: 1.5');
});
