import { expect, test } from 'vitest';
import { InputError } from '../../../experiments/input-error.ts';
import { checkEngineFlags, engineNamed } from '../../../experiments/sweep/engines.ts';

test('the engine is local unless another is named', () => {
  expect(engineNamed().name).toBe('local');
  expect(engineNamed('slurm').name).toBe('slurm');
  expect(() => engineNamed('slrum')).toThrow(InputError);
});

test('flags that no engine has are none of its business, and those of another engine are refused', () => {
  checkEngineFlags(engineNamed('slurm'), ['out', 'chunk', 'slurm', 'wait', 'workers', 'isolate']);
  checkEngineFlags(engineNamed('local'), ['out', 'workers']);
  const refusals = [
    ['local', 'wait', '--wait: not for --engine local, want --engine slurm'],
    ['local', 'chunk', '--chunk: not for --engine local, want --engine slurm or parallel'],
    ['slurm', 'hosts', '--hosts: not for --engine slurm, want --engine parallel'],
  ] as const;
  for (const [engine, flag, message] of refusals) {
    expect(() => checkEngineFlags(engineNamed(engine), ['out', flag])).toThrow(new InputError(message));
  }
});
