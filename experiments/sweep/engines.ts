import { InputError, show } from '../input-error.ts';
import { wantOneOf } from '../named-options.ts';
import type { SweepEngine } from './engine.ts';
import { parallelEngine } from './engines/parallel.ts';
import { slurmEngine } from './engines/slurm.ts';
import { localEngine } from './local-engine.ts';

/** The first is the default. */
export const engines: readonly SweepEngine[] = [localEngine, slurmEngine, parallelEngine];

/** @throws InputError for a name of none */
export function engineNamed(name: string = engines[0]!.name): SweepEngine {
  const engine = engines.find((one) => one.name === name);
  if (!engine) throw new InputError(`--engine = ${show(name)}, ${wantOneOf(name, engines.map((one) => one.name))}`); // prettier-ignore
  return engine;
}

/** @throws InputError for a flag, of those given, that is for another engine */
export function checkEngineFlags(engine: SweepEngine, given: Iterable<string>): void {
  for (const flag of given) {
    const takers = engines.filter(({ flags }) => flags.includes(flag)).map(({ name }) => name);
    if (takers.length > 0 && !takers.includes(engine.name)) {
      throw new InputError(`--${flag}: not for --engine ${engine.name}, want --engine ${takers.join(' or ')}`);
    }
  }
}
