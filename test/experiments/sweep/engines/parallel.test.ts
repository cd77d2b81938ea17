import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { InputError } from '../../../../experiments/input-error.ts';
import { joblist, parallelArguments, sshLogins } from '../../../../experiments/sweep/engines/parallel.ts';

test('each task is one line that a shell reads as one command, whatever the folder is called', () => {
  const folder = `/s w'e"e$(touch injected)p {} {1} {=1=}`;
  const list = joblist(['/opt/no de/bin/node', 'main.js', folder, '--indices'], [[2, 5], [30]]);
  const lines = list.trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  const words = (line: string): string[] =>
    execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
      .trimEnd()
      .split('\n');
  expect(words(lines[0]!)).toEqual(['/opt/no de/bin/node', 'main.js', folder, '--indices', '2,5']);
  expect(words(lines[1]!).at(-1)).toBe('30');
});

test('parallel is told where the list is, how often to try, and nothing that it would replace', () => {
  expect(parallelArguments('/sweeps/a b', 7, ['lab1', 'ann@lab2'])).toEqual([
    '--plain',
    '--will-cite',
    '--halt=never',
    '--retries=3',
    '--joblog=/sweeps/a b/parallel/joblog',
    '--arg-file=/sweeps/a b/parallel/joblist',
    '--jobs=7',
    '--sshlogin=lab1',
    '--sshlogin=ann@lab2',
  ]);
  expect(parallelArguments('/s', null, []).slice(-1)).toEqual(['--arg-file=/s/parallel/joblist']);
});

test('hosts are names as ssh takes them, with how many tasks at once before one, and : for this machine', () => {
  expect(sshLogins('lab1')).toEqual(['lab1']);
  expect(sshLogins(':,ann@lab-2.example.org,8/10.0.0.3')).toEqual([':', 'ann@lab-2.example.org', '8/10.0.0.3']);
});

test.each(['-oProxyCommand=id', 'a,,b', '', 'ssh lab1', 'lab1;id', '..', '@group', 'a@-b', '8/', 'lab1\n'])(
  'the host %j is refused: ssh or parallel might take it for something else',
  (text) => {
    expect(() => sshLogins(text)).toThrow(InputError);
  },
);
