import type { RunWords } from '../runs/run-order.ts';

/** What a sweep is to run, and where it was planned. Results stand apart, so that they are the same bytes on any host. */
export interface Manifest {
  readonly schemaVersion: 1;
  readonly version: string;
  /** What `codeOf` says: the ids hold for this code only. */
  readonly code: string;
  /** Of the checkout numalab ran from, or null. */
  readonly commit: string | null;
  readonly plan: { readonly name: string; readonly text: string };
  /** Policies of the user's own, kept as bundles in `inputs/`. */
  readonly policies: readonly { readonly file: string; readonly sha256: string }[];
  /** Files that words name (rt-app), kept in `inputs/`. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  /** Host facts: of interest, and no part of any result. */
  readonly host: Readonly<Record<string, string | number>>;
  /** The words of all runs. */
  readonly words: RunWords;
  /** The words in which runs differ, in the order of the plan; `costs.hook` for one inside a mapping. */
  readonly varied: readonly string[];
  readonly runs: readonly ManifestRun[];
}

export interface ManifestRun {
  readonly id: string;
  /** The varied words of this run; beside `words` all there are. A varied word inside a mapping stands as `costs.hook`. */
  readonly words: RunWords;
}
