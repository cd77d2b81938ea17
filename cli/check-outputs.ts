import { checkApart, checkNoInput } from '../experiments/no-input.ts';
import { checkWritable } from '../experiments/store.ts';

/** Where a result goes as JSON, and as a page. */
export interface Outputs {
  readonly out: string | null;
  readonly page: string | null;
}

/**
 * Asks of both, before hours of work, whether they can be written and destroy nothing that is read.
 * @throws InputError
 */
export function checkOutputs({ out, page }: Outputs, inputs: readonly string[]): void {
  if (out !== null) checkNoInput(out, '--out', inputs); // before a folder is made for it
  if (page !== null) checkNoInput(page, '--html', inputs);
  if (out !== null && page !== null) checkApart(page, '--html', out, '--out');
  if (out !== null) checkWritable(out, '--out');
  if (page !== null) checkWritable(page, '--html');
}
