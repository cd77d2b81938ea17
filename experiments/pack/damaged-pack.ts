import { StoreError } from '../failures.ts';

/** A pack that is not what was packed. */
export class DamagedPack extends StoreError {
  override name = 'DamagedPack';
}
