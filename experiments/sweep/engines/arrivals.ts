import type { RunResult } from '../../run-result.ts';
import type { SweepWork } from '../engine.ts';
import { DamagedResult } from '../result-file.ts';
import type { SweepFolder } from '../sweep-folder.ts';

/** Tells of results that others put into the folder. */
export interface Arrivals {
  /** Looks for new ones and tells of them; returns the indices of the runs that have none yet. */
  look(): readonly number[];
}

export function arrivalsOf({ folder, missing, done }: Pick<SweepWork, 'folder' | 'missing' | 'done'>): Arrivals {
  let open = [...missing];
  return {
    look() {
      open = open.filter((index) => {
        const result = soundResult(folder, index);
        if (result) done(index, result);
        return !result;
      });
      return open;
    },
  };
}

/** Null if there is none, or a damaged one, which is as good as none: it is made again. */
function soundResult(folder: SweepFolder, index: number): RunResult | null {
  try {
    return folder.result(index);
  } catch (error) {
    if (error instanceof DamagedResult) return null;
    throw error;
  }
}
