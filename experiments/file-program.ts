import type { RtAppFile } from '../formats/rt-app/file.ts';
import type { WorkloadEntry } from '../sim/workload-api.ts';
import { type MeasuredProgram, measuredProgram } from '../workloads/measured-program.ts';
import { type Replay, replayed } from '../workloads/replay.ts';
import { rtAppEntry } from './rt-app/entry.ts';
import { planOf } from './rt-app/plan.ts';

/**
 * What a program was made of that no list has: what its file said, read and checked, as plain data. It goes to other threads and processes
 * by structured clone, and makes the same program there. The file's text does not: it would be read again where only policies belong.
 */
export type Making =
  | { readonly from: 'rt-app'; readonly name: string; readonly file: RtAppFile }
  | { readonly from: 'trace'; readonly name: string; readonly summary: string; readonly replay: Replay }
  | { readonly from: 'perf-stat'; readonly name: string; readonly program: MeasuredProgram };

const makings = new WeakMap<WorkloadEntry, Making>();

/** What the program was made of; null for one of the list, and for one that tells somebody what it does. */
export function makingOf(entry: WorkloadEntry): Making | null {
  return makings.get(entry) ?? null;
}

export function programFrom(making: Making): WorkloadEntry {
  return remembered(entryOf(making), making);
}

/** @param entry as `programFrom` would make it */
export function remembered(entry: WorkloadEntry, making: Making): WorkloadEntry {
  makings.set(entry, making);
  return entry;
}

function entryOf(making: Making): WorkloadEntry {
  switch (making.from) {
    case 'rt-app':
      return rtAppEntry(making.name, planOf(making.file));
    case 'trace':
      return replayed(making.name, making.summary, making.replay);
    case 'perf-stat':
      return measuredProgram(making.name, making.program);
  }
}
