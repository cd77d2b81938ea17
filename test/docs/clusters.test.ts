import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseArguments } from '../../cli/arguments.ts';
import { commands } from '../../cli/commands/index.ts';
import { checkEngineFlags, engineNamed } from '../../experiments/sweep/engines.ts';
import { shellWords } from '../../experiments/sweep/engines/shell.ts';
import { sshLogins } from '../../experiments/sweep/engines/parallel.ts';
import { slurmOptions } from '../../experiments/sweep/engines/slurm-options.ts';

const page = readFileSync(new URL('../../docs/clusters.md', import.meta.url), 'utf8');
const lines = [...page.matchAll(/^numalab ([^#\n]+)/gm)].map((match) => match[1]!.trim());

test('docs/clusters.md shows how to use both engines', () => {
  expect(lines.filter((line) => line.includes('--engine slurm')).length).toBeGreaterThan(0);
  expect(lines.filter((line) => line.includes('--engine parallel')).length).toBeGreaterThan(0);
});

test.each(lines)('numalab %s is understood, by its engine too', async (line) => {
  const parsed = await parseArguments(shellWords(line, line), commands, '1.2.3');
  if (typeof parsed === 'string') throw new Error('want a command');
  const { texts, switches } = parsed.call;
  if (texts.engine !== undefined) checkEngineFlags(engineNamed(texts.engine), [...Object.keys(texts), ...switches]);
  if (texts.slurm !== undefined) expect(slurmOptions(texts.slurm).length).toBeGreaterThan(0);
  if (texts.hosts !== undefined) expect(sshLogins(texts.hosts).length).toBeGreaterThan(1);
});
