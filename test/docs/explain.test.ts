import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { numalab } from '../../cli/numalab.ts';

/** What docs/explain.md shows is what its command prints. */
const page = readFileSync(new URL('../../docs/explain.md', import.meta.url), 'utf8');

test('each part that the page shows of the output of its command is in it', { timeout: 60_000 }, async () => {
  const line = /^npx numalab (explain .+)$/m.exec(page)![1]!;
  let out = '';
  const terminal = { out: (text: string) => void (out += text), err: () => {}, progress: () => {}, width: 80 };
  expect(await numalab(line.split(' '), lab('1.2.3'), terminal)).toBe(0);
  const shown = [...page.matchAll(/```text\n([^`]+)```/g)].map((match) => match[1]!);
  expect(shown.length).toBeGreaterThan(3);
  for (const part of shown) expect(out).toContain(part);
});

test('the page is short enough to be read', () => expect(page.trimEnd().split('\n').length).toBeLessThanOrEqual(80));
