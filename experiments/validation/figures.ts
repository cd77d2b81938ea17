import { CAUSES, type Cause, type GuestRecord, type Recording } from '../../sim/recording.ts';
import { InputError, show } from '../input-error.ts';
import { didYouMean } from '../nearest-name.ts';

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const throughputs = ({ guests }: Recording): number[] => guests.map(({ throughput }) => throughput.value);
const elapsedS = ({ guests }: Recording): number[] => guests.map(({ elapsedNs }) => elapsedNs / 1e9);

const movesPerS = ({ total }: Recording, by: keyof Recording['total']['migrations']): number =>
  total.migrations[by] / (total.elapsedNs / 1e9);

/** What may be asked of a run by name. */
const FIGURES: Readonly<Record<string, (recording: Recording) => number>> = {
  throughput: (recording) => throughputs(recording).reduce((sum, value) => sum + value, 0),
  least: (recording) => Math.min(...throughputs(recording)),
  most: (recording) => Math.max(...throughputs(recording)),
  elapsed: (recording) => mean(elapsedS(recording)),
  longest: (recording) => Math.max(...elapsedS(recording)),
  remote: ({ total }) => total.remoteRatio,
  movedCore: (recording) => movesPerS(recording, 'core'),
  movedCpu: (recording) => movesPerS(recording, 'cpu'),
  movedNode: (recording) => movesPerS(recording, 'node'),
  movedSocket: (recording) => movesPerS(recording, 'socket'),
  wait: ({ total }) => total.waitNs / total.lifetimeNs,
};

/**
 * A figure of a run: throughput (of all guests together, and the `least` and `most` of one), elapsed seconds (mean of the guests, and
 * the `longest`), `remote` accesses and `wait` for a CPU as shares, changes of CPU a second by what the two share (`movedCore`, `movedCpu` the
 * node, `movedNode` the socket, `movedSocket` nothing), a cause of time as a share of task time, or a figure of the
 * workload's own as the mean of the guests that have it.
 * @throws InputError for a figure that the run does not have
 */
export function figureOf(recording: Recording, name: string): number {
  if (Object.hasOwn(FIGURES, name)) return FIGURES[name]!(recording);
  if (CAUSES.includes(name as Cause)) return recording.total.causes[name as Cause] / recording.total.lifetimeNs;
  const own = recording.guests.flatMap(({ figures }: GuestRecord) => figures[name] ?? []);
  if (own.length > 0) return mean(own);
  const known = [...Object.keys(FIGURES), ...new Set(recording.guests.flatMap(({ figures }) => Object.keys(figures))), ...CAUSES];
  throw new InputError(`figure ${show(name)}: want one of ${known.join(', ')}${didYouMean(name, known)}`);
}
