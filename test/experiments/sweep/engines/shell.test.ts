import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { InputError } from '../../../../experiments/input-error.ts';
import { shellQuote, shellWords } from '../../../../experiments/sweep/engines/shell.ts';

const HOSTILE = [
  'plain',
  "it's",
  '"$(touch /tmp/x)"',
  '`id`; rm -rf "$HOME"',
  '',
  '  two  spaces ',
  '*?[a]{1,2}~!\\',
  '-n',
  "'''",
  '%A{}#',
];

test.each(HOSTILE)('a shell reads the quoted %j as it is', (text) => {
  const out = execFileSync('/bin/sh', ['-c', `printf '%s|' ${shellQuote(text)} end`], { encoding: 'utf8' });
  expect(out).toBe(`${text}|end|`);
});

test.each([
  ['--partition=main --time=10', ['--partition=main', '--time=10']],
  ['  --account=a\t--mem=2G ', ['--account=a', '--mem=2G']],
  [`--comment="two words" --x='a "b" c'd`, ['--comment=two words', '--x=a "b" cd']],
  ["--comment='' ''", ['--comment=', '']],
  ['--x=$(id)', ['--x=$(id)']],
  ['', []],
])('%j are the words %j', (text, words) => {
  expect(shellWords(text, '--slurm')).toEqual(words);
});

test.each([`--comment='open`, `--a "b`, `it's`])('%j has a quote that is not closed', (text) => {
  expect(() => shellWords(text, '--slurm')).toThrow(new InputError(`--slurm = ${text}: a quote is not closed`));
});
