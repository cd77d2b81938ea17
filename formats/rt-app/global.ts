import type { RtAppFile, RtAppPolicy } from './file.ts';
import { asFlag, asOneOf, asText, asWhole, type Field, ignoreRest, Members, MOST_INT, refuse } from './members.ts';
import { POLICIES } from './settings.ts';

type OfFile = Pick<RtAppFile, 'durationNs' | 'memBufferBytes' | 'isSlackCumulative' | 'logBaseName' | 'calibrationNs'>;

/** Of the whole file. Fields are given where it depends on the rest whether they matter. */
export interface Globals extends OfFile {
  readonly policy: RtAppPolicy;
  readonly policyField: Field | null;
  /** pi_enabled, if it is true. */
  readonly inheritanceField: Field | null;
  /** io_device, if it is not /dev/null. */
  readonly deviceField: Field | null;
}

/** 104 days: what whole nanoseconds in a number can count. */
const MOST_SECONDS = 9_000_000;
const NULL_DEVICE = '/dev/null';
const TRACED = ['main', 'task', 'loop', 'event', 'stats', 'attrs', 'none'];

/** Looked at for their kind, as rt-app does; nobody runs elsewhere or longer for them. */
const WITHOUT_EFFECT: readonly (readonly [string, (field: Field) => unknown])[] = [
  ['gnuplot', asFlag],
  ['lock_pages', asFlag], // of SCHED_OTHER rt-app itself takes it back
  ['logdir', asText],
  ['log_size', asLogSize],
  ['ftrace', asTraced],
];

/** @param field null where the file has none */
export function globalsOf(field: Field | null): Globals {
  const members = field ? new Members(field) : null;
  const take = <T, E>(name: string, as: (found: Field) => T, otherwise: E): T | E => {
    const found = members?.take(name);
    return found ? as(found) : otherwise;
  };
  for (const [name, as] of WITHOUT_EFFECT) take(name, as, null);
  const seconds = take('duration', (found) => asWhole(found, -MOST_INT - 1, MOST_SECONDS, ' of seconds'), -1);
  const globals = {
    durationNs: seconds > 0 ? seconds * 1e9 : null,
    memBufferBytes: take('mem_buffer_size', (found) => asWhole(found, 1, MOST_INT, ' of bytes'), 4 * 1024 ** 2),
    isSlackCumulative: take('cumulative_slack', asFlag, false),
    logBaseName: take('log_basename', asText, 'rt-app'),
    calibrationNs: take('calibration', asCalibration, null),
    policyField: take('default_policy', (found) => found, null),
    policy: take('default_policy', (found) => asOneOf(found, POLICIES), 'SCHED_OTHER' as const),
    inheritanceField: take('pi_enabled', (found) => (asFlag(found) ? found : null), null),
    deviceField: take('io_device', (found) => (asText(found) === NULL_DEVICE ? null : found), null),
  };
  if (members) ignoreRest(members);
  return globals;
}

/** ns a loop, or the CPU to measure it on, of which all are alike here. */
function asCalibration(field: Field): number | null {
  if (field.value.kind === 'text') return /^CPU\d/.test(field.value.text) ? null : refuse(field, 'CPU and its number, or ns a loop');
  return asWhole(field, 0, MOST_INT, ' of ns a loop') || null; // 0: measure it on CPU 0
}

/** MiB a thread, or where it is kept. */
function asLogSize(field: Field): void {
  if (field.value.kind === 'text') asOneOf(field, ['disable', 'file', 'auto']);
  else asWhole(field, 0, 2047, ' of MiB');
}

/** What is traced, with commas between; old versions have true or false. */
function asTraced(field: Field): void {
  if (field.value.kind === 'word') asFlag(field);
  else if (!asText(field).split(',').every((name) => name === '' || TRACED.includes(name.toLowerCase()))) refuse(field, `some of ${TRACED.join(', ')}`); // prettier-ignore
}
