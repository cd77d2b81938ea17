import { CAUSES, type Cause, type GuestRecord, type Measures, type Recording, type ThreadRecord } from '../../sim/recording.ts';
import { InputError, show } from '../input-error.ts';
import { didYouMean } from '../nearest-name.ts';

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const throughputs = ({ guests }: Recording): number[] => guests.map(({ throughput }) => throughput.value);
const elapsedS = ({ guests }: Recording): number[] => guests.map(({ elapsedNs }) => elapsedNs / 1e9);

const movesPerS = ({ total }: Recording, by: keyof Recording['total']['migrations']): number =>
  total.migrations[by] / (total.elapsedNs / 1e9);

/** What may be asked of a run by name. */
const FIGURES: Readonly<Record<string, (recording: Recording, blockBytes: number) => number>> = {
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
  movedMBps: ({ total }, blockBytes) => (total.pageMoves * blockBytes) / (total.elapsedNs / 1e3), // bytes per us are MB/s
};

/** What schedulers are judged by: of a guest, or of a thread. */
interface Scheduled extends Pick<Measures, 'elapsedNs' | 'contextSwitches' | 'waitNs' | 'wakeWaitNs' | 'wakes'> {
  readonly name: string;
  readonly runNs: number;
}

/** Of one, or of several of one name. */
const GUEST_FIGURES: Readonly<Record<string, (one: Scheduled) => number>> = {
  runShare: (guest) => guest.runNs / guest.elapsedNs,
  switchesPerSecond: (guest) => guest.contextSwitches / (guest.elapsedNs / 1e9),
  meanRunMs: (guest) => guest.runNs / guest.contextSwitches / 1e6,
  meanDelayMs: (guest) => guest.waitNs / guest.contextSwitches / 1e6,
  preemptedDelayMs: (guest) => (guest.waitNs - guest.wakeWaitNs) / (guest.contextSwitches - guest.wakes) / 1e6,
};

const NO_CPU: readonly Cause[] = ['waitHost', 'waitGuest', 'blocked', 'sleep'];
const cpuNs = ({ causes, lifetimeNs }: Measures): number => NO_CPU.reduce((left, cause) => left - causes[cause], lifetimeNs);

/**
 * A figure of a run: throughput (of all guests together, and the `least` and `most` of one), elapsed seconds (mean of the guests, and
 * the `longest`), `remote` accesses and `wait` for a CPU as shares, changes of CPU a second by what the two share (`movedCore`, `movedCpu`
 * the node, `movedNode` the socket, `movedSocket` nothing), memory moved to other nodes (`movedMBps`), a cause of time as a share of task time, or a figure of the
 * workload's own as the mean of the guests that have it. `guest.figure` is one of a guest or thread, or the mean of those of one name and a number
 * (web1, web2; t-0, t-1); hyphens and dots of its name are written as underscores. Its `runShare` is CPU time over elapsed time,
 * `switchesPerSecond` how often it was put on a CPU, `meanRunMs` and `meanDelayMs` how long it then had run and before that waited,
 * `preemptedDelayMs` the mean of those waits only that began when its CPU was taken away.
 * @param blockBytes size of what moves of pages are counted in
 * @throws InputError for a figure that the run does not have
 */
export function figureOf(recording: Recording, name: string, blockBytes: number): number {
  const [guest, ofGuest] = name.split('.');
  if (ofGuest !== undefined) return guestFigure(recording, guest!, ofGuest);
  if (Object.hasOwn(FIGURES, name)) return FIGURES[name]!(recording, blockBytes);
  if (CAUSES.includes(name as Cause)) return recording.total.causes[name as Cause] / recording.total.lifetimeNs;
  const own = recording.guests.flatMap(({ figures }: GuestRecord) => figures[name] ?? []);
  if (own.length > 0) return mean(own);
  const known = [...Object.keys(FIGURES), ...new Set(recording.guests.flatMap(({ figures }) => Object.keys(figures))), ...CAUSES];
  throw new InputError(`figure ${show(name)}: want one of ${known.join(', ')}${didYouMean(name, known)}`);
}

/** A guest whose threads are told apart is judged by these. */
function scheduledOf(guest: GuestRecord): Scheduled[] {
  return guest.threads?.map(threadOf) ?? [{ ...guest, runNs: cpuNs(guest) }];
}

const threadOf = ({ lifetimeNs, ...thread }: ThreadRecord): Scheduled => ({ ...thread, elapsedNs: lifetimeNs });

function guestFigure({ guests }: Recording, name: string, figure: string): number {
  if (!Object.hasOwn(GUEST_FIGURES, figure)) {
    const known = Object.keys(GUEST_FIGURES);
    throw new InputError(`figure ${show(figure)} of a guest: want one of ${known.join(', ')}${didYouMean(figure, known)}`);
  }
  const all = guests.flatMap(scheduledOf);
  const written = all.map((one) => one.name.replace(/[.-]/g, '_'));
  const meant = all.filter((_, i) => written[i] === name || written[i]!.replace(/_?\d+$/, '') === name);
  if (meant.length === 0) throw new InputError(`guest ${show(name)}: want one of ${written.join(', ')}${didYouMean(name, written)}`);
  return mean(meant.map(GUEST_FIGURES[figure]!));
}
