import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../formats/format-error.ts';
import { writeRtAppLog } from '../../../formats/rt-app/log.ts';
import { readRtApp } from '../../../formats/rt-app/rt-app.ts';
import { hasRtApp, type RealRun, rtAppNote, runRtApp } from '../rt-app-real.ts';

/** Small files that end by themselves at once. */
const inPhase = (members: string): string => `{"tasks":{"a":{"loop":1,"phases":{"p":{${members}}}}},"global":{"calibration":200}}`;
const inTask = (members: string): string => `{"tasks":{"a":{"loop":1,${members},"phases":{"p":{"run":1}}}},"global":{"calibration":200}}`;
const inGlobal = (members: string): string => `{"tasks":{"a":{"loop":1,"phases":{"p":{"run":1}}}},"global":{"calibration":200,${members}}}`;
const SMALL = inPhase('"run":1').slice(1, -1);
const nested = (lists: number): string => `{"x":${'['.repeat(lists)}1${']'.repeat(lists)},${SMALL}}`;

const ACCEPTED: readonly string[] = [
  `{${SMALL}}`, `{/* c */${SMALL}}`, `{// c\n${SMALL}}`, `{${SMALL},}`, `{${SMALL}} trailing`, `{${SMALL}} {`, `{"x":[1,2,],${SMALL}}`,
  `{"x":TRUE,"y":Null,${SMALL}}`, `{"x":01,${SMALL}}`, `{"x":1.,${SMALL}}`, `{"x":1e,${SMALL}}`, `{"x":"a\nb",${SMALL}}`,
  `{'x':'a"b',${SMALL}}`, `{"x" /*c*/ : /*c*/ 1 // c\n, ${SMALL}}`, `{"x":99999999999999999999999,${SMALL}}`, nested(30),
  inPhase('"timer":{"period":0}'), inPhase('"timer":{"ref":"unique","period":9,"mode":"absolute"}'), inPhase('"yield":1'),
  inPhase('"yield":null'), inPhase('"lock":"m","unlock":"m"'), inPhase('"run":1,"x":1'), inPhase('"mem":10,"iorun":5'),
  inPhase('"barrier":"b"'), inPhase('"run":1,"loop":2'), inPhase('"resume":"zz"'), inPhase('"run":1,"cpus":[0]'),
  inPhase('"signal":"c","broadcast":"c"'), inPhase('"runtime":10,"sleep":5,"run3":4'),
  inTask('"instance":2'), inTask('"delay":5'), inTask('"priority":19'), inTask('"policy":"SCHED_OTHER"'), inTask('"policy":null'),
  inTask('"cpus":[0],"foo":[1]'), inTask('"sleep":5'), inTask('"dl-runtime":5000'),
  inGlobal('"duration":0'), inGlobal('"duration":-5'), inGlobal('"log_size":"file"'), inGlobal('"log_size":2'), inGlobal('"ftrace":false'),
  inGlobal('"log_basename":null'), inGlobal('"foo":1'), inGlobal('"lock_pages":false,"pi_enabled":true,"gnuplot":false'),
  inGlobal('"mem_buffer_size":77,"cumulative_slack":true,"io_device":"/dev/null","logdir":"./"'), `{${SMALL},"resources":5}`,
  '{"tasks":{"a":{"loop":0,"phases":{"p":{"run":1}}}},"global":{"calibration":200}}',
]; // prettier-ignore

const REFUSED: readonly string[] = [
  '', '[1]', `{${SMALL},,}`, `{"x":+1,${SMALL}}`, `{"x":.5,${SMALL}}`, `{"x":-,${SMALL}}`, `{"x":"\\q",${SMALL}}`, `{"x":[,1],${SMALL}}`,
  `{,${SMALL}}`, `{"x":"\\u12",${SMALL}}`, `{"x":0x10,${SMALL}}`, `{x:1,${SMALL}}`, `{/* c **/${SMALL}}`, '{/* c', nested(31),
  inPhase('"suspend",'), inPhase('"timer":{"ref":5}'), inPhase('"timer":{"period":"x"}'), inPhase('"run":1,"cpus":1'),
  inPhase('"run":1,"cpus":[]'), inPhase('"run":1,"cpus":[-1]'), inPhase('"run":1,"loop":"x"'), inPhase('"wait":{"ref":5}'),
  inTask('"instance":"2"'), inTask('"delay":"x"'), inTask('"priority":20'), inTask('"priority":-21'), inTask('"priority":"x"'),
  inTask('"policy":"SCHED_FOO"'), inTask('"policy":5'), inTask('"policy":"SCHED_FIFO","priority":100'),
  inTask('"policy":"SCHED_FIFO","priority":0'), inTask('"dl-runtime":"x"'),
  inGlobal('"duration":"x"'), inGlobal('"gnuplot":1'), inGlobal('"lock_pages":1'), inGlobal('"pi_enabled":"x"'),
  inGlobal('"default_policy":"x"'), inGlobal('"log_size":true'), inGlobal('"io_device":5'), inGlobal('"mem_buffer_size":"x"'),
  inGlobal('"cumulative_slack":0'), inGlobal('"logdir":5'), inGlobal('"calibration":"x"').replace('"calibration":200,', ''),
  '{"tasks":null}', '{"global":{"calibration":200}}',
  '{"tasks":{"a":{"loop":1,"phases":[]}},"global":{"calibration":200}}',
  // these end rt-app with a signal
  '{"tasks":[]}', '{"tasks":5}', '{"tasks":{"a":5},"global":{"calibration":200}}',
  '{"tasks":{"a":{"loop":1,"phases":{"p":5}}},"global":{"calibration":200}}',
]; // prettier-ignore

/** rt-app goes on with something that the file does not say, or hangs: refused here. */
const STRICTER: readonly (readonly [why: string, text: string])[] = [
  ['a number that is none', `{"x":NaN,"y":-Infinity,${SMALL}}`],
  ['one that json-c cuts to 31 bits', inTask('"dl-runtime":99999999999')],
  ['a timer that says nothing', inPhase('"timer":5')],
  ['a mode that does not exist', inPhase('"timer":{"mode":"foo"}')],
  ['a CPU as a text', inPhase('"run":1,"cpus":["1"]')],
  ['a setting twice, of which the last counts', inTask('"delay":1,"delay":2')],
  ['a log size of no kind', inGlobal('"log_size":"foo"')],
  ['a buffer of no size', inGlobal('"mem_buffer_size":0')],
];

/** Read or refused as versions after Debian's 1.0 do, which do not say so in every case alike: rt-app @55cb0c0. */
const NEWER: readonly (readonly [why: string, text: string, debian: 'accepts' | 'refuses', ours: 'accepts' | 'refuses'])[] = [
  ['fork was unknown, so passed over', inPhase('"run":1,"fork":"a"'), 'accepts', 'accepts'],
  ['and so was what it names', inPhase('"run":1,"fork":"b"'), 'accepts', 'refuses'],
  ['memrun began like mem, and was an event of no kind', inPhase('"memrun":{"type":"chase","size":64,"count":1}'), 'accepts', 'accepts'],
  ['semaphores were unknown', inPhase('"run":1,"sem_post":5'), 'accepts', 'refuses'],
  ['an event of a wrong kind did nothing', inPhase('"run":1.5'), 'accepts', 'refuses'],
  ['a text for a time', inPhase('"run":"1"'), 'accepts', 'refuses'],
  ['no text for a lock', inPhase('"lock":5'), 'accepts', 'refuses'],
  ['a phase might do nothing', inPhase(''), 'accepts', 'refuses'],
  ['SCHED_IDLE was unknown', inTask('"policy":"SCHED_IDLE"'), 'refuses', 'accepts'],
  ['clamps were unknown', inTask('"util_min":2000'), 'accepts', 'refuses'],
  ['task groups were unknown', inTask('"taskgroup":"x"'), 'accepts', 'refuses'],
  ['nodes_membind was unknown', inTask('"nodes_membind":5'), 'accepts', 'refuses'],
  ['what is traced was true or false', inGlobal('"ftrace":"none"'), 'refuses', 'accepts'],
  ['a task of no instance', inTask('"instance":0').replace('"phases"', '"delay":0,"phases"'), 'accepts', 'accepts'],
];

function ours(text: string): 'accepts' | 'refuses' {
  try {
    readRtApp(text);
    return 'accepts';
  } catch (error) {
    if (error instanceof FormatError) return 'refuses';
    throw error;
  }
}

const real = (text: string): 'accepts' | 'refuses' => ([0, null].includes(runRtApp(text, 3000).status as number) ? 'accepts' : 'refuses');

describe('files are accepted and refused as', () => {
  test.each(ACCEPTED)('we should accept %j', (text) => expect(ours(text)).toBe('accepts'));
  test.each(REFUSED)('we should refuse %j', (text) => expect(ours(text)).toBe('refuses'));
  test.each(STRICTER)('we should refuse %s: %s', (_, text) => expect(ours(text)).toBe('refuses'));
  test.each(NEWER)('%s: %s', (_, text, __, should) => expect(ours(text)).toBe(should));
});

describe.skipIf(!hasRtApp)(`and rt-app itself does the same${rtAppNote}`, () => {
  test.each(ACCEPTED)('accepts %j', (text) => expect(real(text)).toBe('accepts'));
  test.each(REFUSED)('refuses %j', (text) => expect(real(text)).toBe('refuses'));
  test.each(STRICTER)('accepts %s: %s', (_, text) => expect(real(text)).toBe('accepts'));
  test.each(NEWER)('as Debian has it, %s: %s', (_, text, should) => expect(real(text)).toBe(should));
});

describe.skipIf(!hasRtApp)(`rt-app runs a file that we read${rtAppNote}`, () => {
  const GLOBAL = '"global": {"duration": 1, "calibration": 25, "logdir": "./", "log_basename": "x", "log_size": "auto"}';
  const run = (tasks: string): RealRun => {
    const text = `{"tasks": {${tasks}}, ${GLOBAL.replace(', "log_size": "auto"', '')}}`;
    expect(readRtApp(text)).toMatchObject({ durationNs: 1e9, logBaseName: 'x', calibrationNs: 25 });
    return runRtApp(text, 10_000);
  };

  test('and its log has the rows of the phases, in our columns', () => {
    // like example 3, shorter: three rounds of 1 in 10 ms, then two of 4 in 20 ms
    const phases =
      '"light": {"loop": 3, "run": 1000, "timer": {"ref": "unique", "period": 10000}}, "heavy": {"loop": 2, "run": 4000, "timer": {"ref": "unique", "period": 20000}}';
    const { status, logs, texts } = run(`"web": {"instance": 2, "loop": 1, "phases": {${phases}}}`);
    expect([status, [...logs.keys()].sort()]).toEqual([0, ['x-web-0.log', 'x-web-1.log']]);
    const { policy, rows } = logs.get('x-web-1.log')!;
    expect(policy).toEqual({ name: 'SCHED_OTHER', priority: 0 });
    expect(rows.map((row) => [row.index, row.perf, row.configuredRunUs, row.configuredPeriodUs])).toEqual([
      ...Array.from({ length: 3 }, () => [1, 40_000, 1000, 10_000]), // 1,000,000 ns in loops of 25
      ...Array.from({ length: 2 }, () => [1, 160_000, 4000, 20_000]),
    ]);
    for (const { startUs, endUs, periodUs, runUs, slackUs, relativeStartUs } of rows) {
      expect(Math.abs(endUs - startUs - periodUs)).toBeLessThanOrEqual(1); // each is rounded by itself
      expect(runUs).toBeGreaterThan(0);
      expect(runUs).toBeLessThanOrEqual(periodUs);
      expect(slackUs).toBeLessThan(20_000);
      expect(relativeStartUs).toBeLessThan(1_000_000);
    }
    expect([...writeRtAppLog(policy!, rows)].join('')).toBe(texts.get('x-web-1.log'));
  });

  test('and a task waits for the name that its suspend says', () => {
    const waker = '"waker": {"loop": 9, "phases": {"p": {"run": 500, "resume": "door", "sleep": 9000}}}';
    const { logs } = run(`${waker}, "waiter": {"loop": 4, "phases": {"p": {"suspend": "door", "run": 500}}}`);
    expect(logs.get('x-waiter-1.log')!.rows.length).toBe(4);
  });

  test('and tells nice values in the log, and stops when the time is over', () => {
    const { status, logs } = run('"low": {"priority": 7, "loop": -1, "run": 1000, "sleep": 9000}, "slow": {"sleep": 30000}');
    expect(status).toBe(0);
    expect(logs.get('x-low-0.log')!.policy).toEqual({ name: 'SCHED_OTHER', priority: 7 });
    const { rows } = logs.get('x-slow-1.log')!;
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.length).toBeLessThanOrEqual(33); // 30 ms and more in one second
    expect(rows.every(({ perf, runUs, periodUs }) => perf === 0 && runUs === 0 && periodUs >= 30_000)).toBe(true);
  });
});
