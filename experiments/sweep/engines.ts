import { InputError } from '../input-error.ts';
import { wantOneOf } from '../named-options.ts';
import type { SweepEngine } from './engine.ts';
import { localEngine } from './local-engine.ts';

/** The first is the default. */
export const engines: readonly SweepEngine[] = [localEngine];

/** @throws InputError for a name of none */
export function engineNamed(name: string = engines[0]!.name): SweepEngine {
  const engine = engines.find((one) => one.name === name);
  if (!engine) throw new InputError(`--engine = ${wantOneOf(name, engines.map((one) => one.name))}`); // prettier-ignore
  return engine;
}
