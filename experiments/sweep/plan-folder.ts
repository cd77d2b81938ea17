import { canonicalJson } from '../../report/json.ts';
import type { Manifest } from './manifest.ts';
import type { Planned } from './planned.ts';
import { SweepFolder } from './sweep-folder.ts';

/**
 * Writes a planned sweep into its folder. If the same is planned there already nothing is written, so commit and host stay those it was
 * first planned with; results that are there stay in any case.
 * @throws StoreError if it cannot be written
 */
export function writePlanned(path: string, { manifest, inputs }: Planned): SweepFolder {
  const known = knownFolder(path);
  if (known && isSamePlan(known.manifest, manifest) && [...inputs.keys()].every((sha256) => known.hasInput(sha256))) {
    return known;
  }
  return SweepFolder.create(path, manifest, inputs);
}

/** What is no sweep yet, or has a damaged manifest, is planned anew. */
function knownFolder(path: string): SweepFolder | null {
  try {
    return SweepFolder.open(path);
  } catch {
    return null;
  }
}

function isSamePlan(one: Manifest, other: Manifest): boolean {
  const planOf = ({ commit: _, host: __, ...plan }: Manifest): string => canonicalJson(plan);
  return planOf(one) === planOf(other) && one.varied.join() === other.varied.join();
}
