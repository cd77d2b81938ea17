import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../formats/format-error.ts';
import { logUs, readRtAppLog, rtAppLogName, type RtAppLogRow, writeRtAppLog } from '../../../formats/rt-app/log.ts';

// As Debian's rt-app 1.0 wrote them, `cat -A` shows no blank at the end.
const LOG = `# Policy : SCHED_OTHER priority : -3
#idx     perf      run   period           start             end          rel_st      slack c_duration   c_period     wu_lat
   0     5000      108     2176       653554813       653556988             183          0       1000          0          0
  11   123456        7       89    504549567051    504549666016            2443     -78701      20000     100000        266
`;
const ROWS: readonly RtAppLogRow[] = [
  {
    index: 0, perf: 5000, runUs: 108, periodUs: 2176, startUs: 653_554_813, endUs: 653_556_988, relativeStartUs: 183,
    slackUs: 0, configuredRunUs: 1000, configuredPeriodUs: 0, wakeLatencyUs: 0,
  },
  {
    index: 11, perf: 123_456, runUs: 7, periodUs: 89, startUs: 504_549_567_051, endUs: 504_549_666_016, relativeStartUs: 2443,
    slackUs: -78_701, configuredRunUs: 20_000, configuredPeriodUs: 100_000, wakeLatencyUs: 266,
  },
]; // prettier-ignore
const POLICY = { name: 'SCHED_OTHER', priority: -3 };

test('a log has the columns and widths of rt-app', () => expect([...writeRtAppLog(POLICY, ROWS)].join('')).toBe(LOG));

test('a log of rt-app is read', () => expect(readRtAppLog(LOG)).toEqual({ policy: POLICY, rows: ROWS }));

test('later versions say no policy, and other systems end lines otherwise', () => {
  const lines = LOG.split('\n').slice(1);
  expect(readRtAppLog(lines.join('\r\n'))).toEqual({ policy: null, rows: ROWS });
});

test('what is written is read again, wider figures too', () => {
  const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  const row = fc.record({
    index: fc.nat(), perf: count, runUs: count, periodUs: count, startUs: count, endUs: count, relativeStartUs: count,
    slackUs: fc.maxSafeInteger(), configuredRunUs: count, configuredPeriodUs: count, wakeLatencyUs: count,
  }); // prettier-ignore
  fc.assert(
    fc.property(fc.array(row), fc.integer({ min: -20, max: 99 }), (rows, priority) => {
      const policy = { name: 'SCHED_RR', priority };
      expect(readRtAppLog([...writeRtAppLog(policy, rows)].join(''))).toEqual({ policy, rows });
    }),
  );
});

test.each([
  [1499, 1],
  [1500, 2],
  [-1500, -2],
  [-1499, -1],
  [0, 0],
])('%i ns are %i µs', (ns, us) => expect(logUs(ns)).toBe(us));

test('a file is named for base, task and thread', () => expect(rtAppLogName('rt-app', 'web', 7)).toBe('rt-app-web-7.log'));

function told(text: string): string {
  try {
    readRtAppLog(text);
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
  return 'read';
}

describe('is refused:', () => {
  const lines = LOG.split('\n');
  test.each([
    ['', 'line 1, column 1: no line of columns, want #idx     perf      run   period           start             end          rel_st      slack c_duration   c_period     wu_lat'],
    [lines[2]!, 'line 1, column 1: a row, want #idx     perf      run   period           start             end          rel_st      slack c_duration   c_period     wu_lat first'],
    [`${lines[1]!.replace('run', 'ran')}`, 'line 1, column 1: column 3 = "ran", want run'],
    [`${lines[1]} cpu`, 'line 1, column 1: 12 columns, want 11'],
    [`${lines[1]}\n\n${lines[2]} 5`, 'line 3, column 1: 12 figures, want 11'],
    [`${lines[1]}\n${lines[2]!.replace('108', '1.5')}`, 'line 2, column 1: run = "1.5", want a whole number from 0'],
    [`${lines[1]}\n${lines[2]!.replace('108', '-08')}`, 'line 2, column 1: run = "-08", want a whole number from 0'],
    [`${lines[1]}\n${lines[3]!.replace('-78701', '-x')}`, 'line 2, column 1: slack = "-x", want a whole number'],
    [`${lines[1]}\n${lines[2]!.replace('653554813', '9007199254740993')}`, 'line 2, column 1: start = "9007199254740993", want a whole number from 0'],
  ])('%j', (text, message) => expect(told(text)).toBe(message)); // prettier-ignore
});
