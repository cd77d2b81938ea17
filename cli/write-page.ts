import { basename } from 'node:path';
import { pageInputs } from '../experiments/page/page-inputs.ts';
import type { PageSource } from '../experiments/page/read-part.ts';
import type { SweepPart } from '../experiments/page/sweep-part.ts';
import { writeWhole } from '../experiments/store.ts';
import type { Lab } from './command.ts';
import { shellWord } from './command-line.ts';

/**
 * Writes one page of all that the sources hold, the JSON of results as they are or will be in files of these names. What draws is
 * loaded only now: no other command has to wait for it.
 * @throws InputError for sources that are no results; StoreError
 */
export async function writePage(path: string, sources: readonly PageSource[], lab: Lab, sweeps: readonly SweepPart[] = []): Promise<void> {
  const names = [...sources, ...sweeps].map(({ name }) => shellWord(name));
  const inputs = pageInputs(`numalab report ${names.join(' ')} --out ${shellWord(basename(path))}`, sources, sweeps, lab.machines);
  const { page } = await import('../report/page/page.ts');
  writeWhole(path, page(inputs));
}
