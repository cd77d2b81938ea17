import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../formats/format-error.ts';
import { readRtApp, type RtAppFile, type RtAppPhase, type RtAppTask } from '../../../formats/rt-app/rt-app.ts';
import { sample, skipNote } from '../samples.ts';

const NOTHING = { policy: null, priority: null, cpus: null, membindNodes: null, sliceNs: null };
const USUAL = { ...NOTHING, policy: 'SCHED_OTHER', priority: 0 };

const taskOf = (members: string): RtAppTask => readRtApp(`{"tasks": {"a": {${members}}}}`).tasks[0]!;
const phasesOf = (...phases: readonly string[]): readonly RtAppPhase[] =>
  taskOf(`"phases": {${phases.map((members, i) => `"p${i}": {"run": 1, ${members}}`).join()}}`).phases;
/** What an event is, without its name and place. */
const eventOf = (member: string): object => {
  const { key: _, line: __, column: ___, ...event } = taskOf(member).phases[0]!.events[0]!;
  return event;
};
const fileOf = (tasks: string): RtAppFile => readRtApp(`{"tasks": {${tasks}}}`);

function told(text: string): string {
  try {
    readRtApp(text);
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
  return 'read';
}

test('a whole file, with comments, commas at the end and an event twice', () => {
  expect(
    readRtApp(`{
      /* two of them */
      "tasks": { "web": { "instance": 2, "delay": 500, "priority": -5, "cpus": [3, 1], "loop": 7, // the phase's
        "run": 1000, "sleep": 20, "run": 3000, }, },
      "global": { "duration": 3, "calibration": 41, "default_policy": "SCHED_OTHER", "mem_buffer_size": 77, "log_basename": "x",
        "cumulative_slack": true },
    }`),
  ).toEqual({
    durationNs: 3_000_000_000,
    memBufferBytes: 77,
    isSlackCumulative: true,
    logBaseName: 'x',
    calibrationNs: 41,
    tasks: [
      {
        name: 'web',
        instances: 2,
        delayNs: 500_000,
        loop: 1, // without phases the task is gone through once, and its loop is that of the phase
        settings: { ...USUAL, priority: -5, cpus: [1, 3] },
        phases: [
          {
            name: 'web',
            loop: 7,
            settings: NOTHING,
            events: [
              { kind: 'run', ns: 1_000_000, key: 'run', line: 4, column: 9 },
              { kind: 'sleep', ns: 20_000, key: 'sleep', line: 4, column: 22 },
              { kind: 'run', ns: 3_000_000, key: 'run', line: 4, column: 35 },
            ],
          },
        ],
      },
    ],
    hostUses: [{ kind: 'cpus', highest: 3, path: 'tasks.web.cpus', line: 3, column: 80 }],
    unsimulated: [],
    ignored: [],
  });
});

test('what a file does not say', () => {
  expect(fileOf('"a": {"run": 1}')).toMatchObject({
    durationNs: null,
    memBufferBytes: 4_194_304,
    isSlackCumulative: false,
    logBaseName: 'rt-app',
    calibrationNs: null,
    tasks: [{ instances: 1, delayNs: 0, loop: -1, settings: USUAL, phases: [{ loop: 1 }] }],
  });
});

describe('how often', () => {
  test.each([
    ['neither says it: phases once, the task for ever', '"phases": {"p": {"run": 1}}', -1, 1],
    ['both say it', '"loop": 3, "phases": {"p": {"loop": 5, "run": 1}}', 3, 5],
    ['a task of 0 is over before it begins', '"loop": 0, "phases": {"p": {"run": 1}}', 0, 1],
    ['a phase counts from 1, so that it never meets 0', '"phases": {"p": {"loop": 0, "run": 1}}', -1, -1],
    ['any number below is for ever', '"loop": -7, "phases": {"p": {"loop": -9, "run": 1}}', -1, -1],
    ['without phases the loop is the phase\'s', '"loop": 4, "run": 1', 1, 4],
    ['and 0 of it is for ever', '"loop": 0, "run": 1', 1, -1],
    ['null is as if it were not there', '"loop": null, "phases": null, "run": 1', -1, 1],
  ] as const)('%s', (_, members, loop, phaseLoop) => {
    expect([taskOf(members).loop, taskOf(members).phases[0]!.loop]).toEqual([loop, phaseLoop]);
  }); // prettier-ignore

  test('phases come in the order of the file, also two of one name', () => {
    const { phases } = taskOf('"phases": {"b": {"run": 1}, "a": {"sleep": 2}, "b": {"run": 3}}');
    expect(phases.map(({ name, events }) => [name, events[0]!.kind])).toEqual([['b', 'run'], ['a', 'sleep'], ['b', 'run']]); // prettier-ignore
  });

  test('a second task of a name gets the next free number, as from workgen', () => {
    expect(fileOf('"a": {"run": 1}, "a1": {"run": 2}, "a": {"run": 3}, "a": {"run": 4}').tasks.map(({ name }) => name)).toEqual([
      'a',
      'a1',
      'a2',
      'a3',
    ]);
  });
});

describe('events', () => {
  test.each([
    ['"run7": 5', { kind: 'run', ns: 5000 }],
    ['"runtime": 6', { kind: 'runtime', ns: 6000 }],
    ['"sleeping": 0', { kind: 'sleep', ns: 0 }],
    ['"mem": 12', { kind: 'mem', bytes: 12 }],
    ['"iorun": 13', { kind: 'iorun', bytes: 13 }],
    ['"lock": "m"', { kind: 'lock', mutex: 'm' }],
    ['"unlock_it": "m"', { kind: 'unlock', mutex: 'm' }],
    ['"wait": {"ref": "c", "mutex": "m"}', { kind: 'wait', condition: 'c', mutex: 'm' }],
    ['"sync": {}', { kind: 'sync', condition: 'unknown', mutex: 'unknown' }],
    ['"signal": "c"', { kind: 'signal', condition: 'c' }],
    ['"broadcast": "c"', { kind: 'broad', condition: 'c' }],
    ['"barrier": "b"', { kind: 'barrier', barrier: 'b' }],
    ['"suspend": "a"', { kind: 'suspend', name: 'a' }],
    ['"suspend": ""', { kind: 'suspend', name: 'a' }],
    ['"resume": "a"', { kind: 'resume', name: 'a' }],
    ['"sem_post": "s"', { kind: 'sem_post', semaphore: 's' }],
    ['"sem_wait2": "s"', { kind: 'sem_wait', semaphore: 's' }],
    ['"yield": ""', { kind: 'yield' }],
    ['"yield": null', { kind: 'yield' }],
    ['"fork": "a"', { kind: 'fork', task: 'a' }],
    ['"timer": {"ref": "tick", "period": 7}', { kind: 'timer', ns: 7000, ref: 'tick', isOwn: false, isAbsolute: false }],
    ['"timer": {"ref": "unique3", "period": 8, "mode": "absolute"}', { kind: 'timer', ns: 8000, ref: 'unique3', isOwn: true, isAbsolute: true }],
    ['"timer": {"mode": "relative"}', { kind: 'timer', ns: 0, ref: 'unknown', isOwn: false, isAbsolute: false }],
    [
      '"memrun": {"type": "chase", "size": 4096, "count": 9, "stride": 128, "pattern": "sequential", "ref": "pool"}',
      { kind: 'memrun', access: 'chase', sizeBytes: 4096, count: 9, strideBytes: 128, isRandom: false, ref: 'pool' },
    ],
    ['"memrun1": {"type": "chase", "size": 100, "count": 3}', { kind: 'memrun', access: 'chase', sizeBytes: 100, count: 3, strideBytes: 64, isRandom: true, ref: null }],
    ['"memrun": {"type": "write", "size": 50, "count": 900}', { kind: 'memrun', access: 'write', sizeBytes: 50, count: 900, strideBytes: 50, isRandom: false, ref: null }],
  ])('%s', (member, event) => expect(eventOf(member)).toEqual(event)); // prettier-ignore

  test('a timer that is absolute once is so in every event, its own timer in this task only', () => {
    const { tasks } = fileOf(`
      "a": {"phases": {"p": {"timer": {"ref": "t", "period": 1}}, "q": {"timer": {"ref": "unique", "period": 2, "mode": "absolute"}}}},
      "b": {"timer": {"ref": "t", "period": 3, "mode": "absolute"}, "timer": {"ref": "unique", "period": 4}}, "c": {"timer": {"period": 5}}`);
    const timers = tasks.flatMap(({ phases }) => phases.flatMap(({ events }) => events));
    expect(timers.map((event) => event.kind === 'timer' && [event.ns, event.isAbsolute])).toEqual([[1000, true], [2000, true], [3000, true], [4000, false], [5000, false]]); // prettier-ignore
  });

  test('memory that two share is of one kind', () => {
    const memrun = (more: string): string => `"memrun": {"ref": "pool", "size": 640, ${more}}`;
    const pair = (first: string, second: string): string => told(`{"tasks": {"a": {${memrun(first)}},\n "b": {${memrun(second)}}}}`);
    expect(pair('"type": "chase", "count": 1', '"type": "chase", "count": 2')).toBe('read');
    expect(pair('"type": "chase", "count": 1', '"type": "chase", "count": 1, "stride": 32')).toBe(
      'line 2, column 8: tasks.b.memrun: ref "pool" of another kind, want size 640, stride 64 and pattern random as in line 1',
    );
    expect(pair('"type": "chase", "count": 1', '"type": "chase", "count": 1, "pattern": "sequential"')).toMatch(
      /^line 2, .* of another kind/,
    );
  });
});

describe('settings', () => {
  test('of a task', () => {
    expect(taskOf('"run": 1, "cpus": [9, 2, 9], "nodes_membind": [1, 0], "policy": "SCHED_OTHER", "priority": 19, "dl-runtime": 300').settings).toEqual({
      policy: 'SCHED_OTHER', priority: 19, cpus: [2, 9], membindNodes: [0, 1], sliceNs: 300_000,
    }); // prettier-ignore
  });

  test('of a phase are those it says; with a policy goes its usual priority', () => {
    const phases = phasesOf(
      '"cpus": [4]',
      '"nodes_membind": [3]',
      '"priority": 7',
      '"policy": "SCHED_OTHER"',
      '"dl-runtime": 5',
      '"loop": 2',
    );
    expect(phases.map(({ settings }) => settings)).toEqual([
      { ...NOTHING, cpus: [4] },
      { ...NOTHING, membindNodes: [3] },
      { ...NOTHING, priority: 7 },
      { ...NOTHING, policy: 'SCHED_OTHER', priority: 0 },
      { ...NOTHING, sliceNs: 5000 },
      NOTHING,
    ]);
  });

  test.each([
    ['"policy": "SCHED_FIFO"', 10],
    ['"policy": "SCHED_RR"', 10],
    ['"policy": "SCHED_IDLE"', 0],
    ['"policy": "SCHED_BATCH", "priority": 3', 3],
    ['"policy": "SCHED_DEADLINE", "dl-runtime": 20', 0],
  ])('%s has priority %i', (members, priority) => expect(taskOf(`"run": 1, ${members}`).settings.priority).toBe(priority));

  test('without a policy of its own a task has the one of the file, and its priority', () => {
    const { tasks, unsimulated } = readRtApp('{"tasks": {"a": {"run": 1}, "b": {"run": 1}},\n"global": {"default_policy": "SCHED_RR"}}');
    expect(tasks[1]!.settings).toEqual({ ...NOTHING, policy: 'SCHED_RR', priority: 10 });
    expect(unsimulated).toEqual(['line 2, column 12: global.default_policy = "SCHED_RR": only SCHED_OTHER is simulated']);
    expect(
      readRtApp('{"tasks": {"a": {"run": 1, "policy": "SCHED_OTHER"}}, "global": {"default_policy": "SCHED_RR"}}').unsimulated,
    ).toEqual([]);
  });
});

describe('what is not simulated is told with its place', () => {
  test.each([
    ['"policy": "SCHED_FIFO"', 'policy = "SCHED_FIFO": only SCHED_OTHER is simulated'],
    ['"policy": "SCHED_DEADLINE", "dl-runtime": 4', 'policy = "SCHED_DEADLINE": only SCHED_OTHER is simulated'],
    ['"util_min": 1024', 'util_min = 1024: CPUs have one frequency'],
    ['"util_max": 0', 'util_max = 0: CPUs have one frequency'],
    ['"taskgroup": "/g"', 'taskgroup = "/g": there are no control groups'],
  ])('%s', (member, said) => {
    expect(fileOf(`"a": {"run": 1, ${member}}`).unsimulated).toEqual([`line 1, column 28: tasks.a.${said}`]);
  });

  test('but not what changes nothing', () => {
    const text = '{"tasks": {"a": {"run": 1, "util_min": -1, "taskgroup": ""}}, "global": {"pi_enabled": true, "io_device": "/dev/sda", "lock_pages": true, "ftrace": "main,TASK", "gnuplot": true, "logdir": "x", "log_size": 3}, "resources": {"x": 5}}'; // prettier-ignore
    expect([readRtApp(text).unsimulated, readRtApp(text).ignored]).toEqual([[], []]);
  });

  test('inheritance where there are locks, a device where there is iorun', () => {
    const unsimulated = (event: string): readonly string[] =>
      readRtApp(`{"tasks": {"a": {"run": 1, ${event}}}, "global": {"pi_enabled": true, "io_device": "/dev/sda"}}`).unsimulated;
    expect(unsimulated('"lock": "m"')).toEqual([expect.stringContaining('global.pi_enabled = true: locks do not pass on priorities')]);
    expect(unsimulated('"iorun": 1')).toEqual([expect.stringContaining('global.io_device = "/dev/sda": only /dev/null is simulated')]);
  });
});

test('a suspend waits for what it names where a resume names it too, else for its own task, as an empty one does', () => {
  const text = `{"tasks": {"main": {"loop": 1, "run": 1, "resume": "door", "resume2": "own"},
    "a": {"suspend": "door", "run": 1}, "b": {"suspend": "gate", "run": 1}, "own": {"suspend": "", "run": 1}}}`;
  const { tasks, ignored } = readRtApp(text);
  const names = tasks.slice(1).map(({ phases }) => phases[0]!.events.flatMap((event) => (event.kind === 'suspend' ? [event.name] : [])));
  expect(names).toEqual([['door'], ['b'], ['own']]);
  expect(ignored).toEqual([
    'line 2, column 11: tasks.a.suspend = "door": waits for that, as in rt-app 1.0; later versions wait for their own name',
    'line 2, column 47: tasks.b.suspend = "gate": a task is resumed by its own name',
  ]);
});

test('what rt-app passes over is told with its place', () => {
  const { ignored } = readRtApp(`{"note": "x", "tasks": {"a": {"run": 1, "prority": 3, "dl-period": 9,
    "suspend": "b", "resume": "nobody", "timer": {"ref": "t", "every": 4}}, "b": {"sleep": 1, "phases": {"p": {"run": 1}}}},
    "global": {"colour": "red"}} {"more": 1}`);
  expect(ignored).toEqual([
    'line 1, column 2: note = "x": rt-app passes over it',
    'line 1, column 41: tasks.a.prority = 3: rt-app passes over it',
    'line 1, column 55: tasks.a.dl-period = 9: SCHED_OTHER does not look at it',
    'line 2, column 5: tasks.a.suspend = "b": a task is resumed by its own name',
    'line 2, column 21: tasks.a.resume = "nobody": no task has that name, so nobody waits for it',
    'line 2, column 63: tasks.a.timer.every = 4: rt-app passes over it',
    'line 2, column 83: tasks.b.sleep = 1: rt-app does not do it beside phases',
    'line 3, column 16: global.colour = "red": rt-app passes over it',
    'line 3, column 34: what follows the file\'s last bracket: rt-app does not read it',
  ]); // prettier-ignore
});

describe('is refused with line, column, key and what was wanted:', () => {
  const inTask = (members: string): string => `{"tasks": {"a": {\n${members}}}}`;
  test.each([
    ['[1]', 'line 1, column 1: the file = a list, want a mapping'],
    ['{"global": {}}', 'line 1, column 1: tasks: missing, want at least one'],
    ['{"tasks": null}', 'line 1, column 1: tasks: missing, want at least one'],
    ['{"tasks": {}}', 'line 1, column 2: tasks: none, want at least one'],
    ['{"tasks": [1]}', 'line 1, column 11: tasks = a list, want a mapping'],
    ['{"tasks": {"a": 5}}', 'line 1, column 17: tasks.a = 5, want a mapping'],
    ['{"tasks": {"": {"run": 1}}}', 'line 1, column 12: tasks.: no name, want one'],
    ['{"tasks": {"a": {"run": 1}}, "tasks": {}}', 'line 1, column 30: tasks: a second time, want it once'],
    [inTask('"lock_order": ["r0"]'), 'line 2, column 15: tasks.a.lock_order = a list, want its events one by one, in their order: run, sleep, lock, unlock, wait, signal (lock_order is of rt-app of 2014 and before)'],
    ['{"tasks": {"a": {"suspend",\n"run": 1}}}', 'line 1, column 27: ",\\n\\"run\\": 1", want a colon and a value, if only ""'],
    [inTask('"run": -1'), 'line 2, column 8: tasks.a.run = -1, want a whole number of µs from 0 to 2147483647'],
    [inTask('"run": 1e3'), 'line 2, column 8: tasks.a.run = 1000 (to json-c a fraction), want a whole number of µs from 0 to 2147483647'],
    [inTask('"sleep": 2147483648'), 'line 2, column 10: tasks.a.sleep = 2147483648, want a whole number of µs from 0 to 2147483647'],
    [inTask('"runner": "fast"'), 'line 2, column 11: tasks.a.runner = "fast", want a whole number of µs from 0 to 2147483647'],
    [inTask('"run": null'), 'line 2, column 8: tasks.a.run = null, want a whole number of µs from 0 to 2147483647'],
    [inTask('"lock_pages": true'), 'line 2, column 15: tasks.a.lock_pages = true, want a text'],
    [inTask('"timer": 5'), 'line 2, column 10: tasks.a.timer = 5, want a mapping'],
    [inTask('"timer": {"mode": "sometimes"}'), 'line 2, column 19: tasks.a.timer.mode = "sometimes", want relative, absolute'],
    [inTask('"timer": {"ref": 5}'), 'line 2, column 18: tasks.a.timer.ref = 5, want a text'],
    [inTask('"memrun": {"type": "chase", "size": 9}'), 'line 2, column 11: tasks.a.memrun = a mapping, want a mapping with count'],
    [inTask('"memrun": {"type": "copy", "size": 9, "count": 1}'), 'line 2, column 20: tasks.a.memrun.type = "copy", want read, write, chase'],
    [inTask('"memrun": {"type": "chase", "size": 9, "count": 1, "stride": 10}'), 'line 2, column 62: tasks.a.memrun.stride = 10, want a whole number of bytes from 1 to 9'],
    [inTask('"fork": "b"'), 'line 2, column 9: tasks.a.fork = "b", want the name of a task'],
    [inTask('"cpus": [0]'), 'line 1, column 12: tasks.a: no events, want at least one'],
    [inTask('"phases": {}'), 'line 2, column 1: tasks.a.phases: none, want at least one'],
    [inTask('"cpus": [0], "rum": 9, "slep": 4'), `line 2, column ${inTask('"cpus": [0], "rum": 9').split('\n')[1]!.indexOf('"rum"') + 1}: tasks.a.rum: no event of rt-app, and no other in tasks.a: want at least one`],
    [inTask('"phases": {"p": {"cpus": [1]}}'), 'line 2, column 12: tasks.a.phases.p: no events, want at least one'],
    [inTask('"phases": {"p": 5}'), 'line 2, column 17: tasks.a.phases.p = 5, want a mapping'],
    [inTask('"phases": [{"run": 1}]'), 'line 2, column 11: tasks.a.phases = a list, want a mapping'],
    [inTask('"run": 1, "cpus": 3'), 'line 2, column 19: tasks.a.cpus = 3, want a list of CPUs from 0 to 65535'],
    [inTask('"run": 1, "cpus": []'), 'line 2, column 19: tasks.a.cpus = a list, want a list of CPUs from 0 to 65535'],
    [inTask('"run": 1, "cpus": [1], "cpus": [2]'), 'line 2, column 24: tasks.a.cpus: a second time, want it once'],
    [inTask('"run": 1, "nodes_membind": [254]'), 'line 2, column 28: tasks.a.nodes_membind = a list, want a list of nodes from 0 to 253'],
    [inTask('"run": 1, "instance": 4097'), 'line 2, column 23: tasks.a.instance = 4097, want a whole number from 0 to 4096'],
    ['{"tasks": {"a": {"run": 1, "instance": 4096}, "b": {"run": 1}}}', 'line 1, column 47: tasks.b: 4097 threads with those before it, want at most 4096'],
    [inTask('"run": 1, "policy": "SCHED_OTHERS"'), 'line 2, column 21: tasks.a.policy = "SCHED_OTHERS", want SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_RR, SCHED_FIFO, SCHED_DEADLINE'],
    [inTask('"run": 1, "priority": 20'), 'line 2, column 23: tasks.a.priority = 20, want a whole number from -20 to 19'],
    [inTask('"run": 1, "policy": "SCHED_RR", "priority": 0'), 'line 2, column 45: tasks.a.priority = 0, want a whole number from 1 to 99'],
    [inTask('"run": 1, "policy": "SCHED_DEADLINE"'), 'line 1, column 12: tasks.a: 0, 0 and 0 ns, want 0 < dl-runtime <= dl-deadline <= dl-period'],
    [inTask('"run": 1, "policy": "SCHED_DEADLINE", "dl-runtime": 5, "dl-period": 4'), 'line 1, column 12: tasks.a: 5000, 4000 and 4000 ns, want 0 < dl-runtime <= dl-deadline <= dl-period'],
    [inTask('"run": 1, "util_max": 1025'), 'line 2, column 23: tasks.a.util_max = 1025, want a whole number from -1 to 1024'],
    [inTask('"run": 1, "util_min": 9, "util_max": 8'), 'line 2, column 23: tasks.a.util_min = 9, want at most util_max, 8'],
    [inTask('"run": 1, "taskgroup": "g"'), 'line 2, column 24: tasks.a.taskgroup = "g", want a path that begins with /'],
    [inTask('"taskgroup": "/g", "phases": {"p": {"run": 1, "policy": "SCHED_RR"}}'), 'line 2, column 31: tasks.a.phases.p: SCHED_RR in task group /g, want SCHED_OTHER, SCHED_BATCH, SCHED_IDLE there'],
    ['{"tasks": {"a": {"run": 1}}, "global": 5}', 'line 1, column 40: global = 5, want a mapping'],
    ['{"tasks": {"a": {"run": 1}}, "global": {"duration": "1"}}', 'line 1, column 53: global.duration = "1", want a whole number of seconds from -2147483648 to 9000000'],
    ['{"tasks": {"a": {"run": 1}}, "global": {"gnuplot": 1}}', 'line 1, column 52: global.gnuplot = 1, want true or false'],
    ['{"tasks": {"a": {"run": 1}}, "global": {"calibration": "CPU"}}', 'line 1, column 56: global.calibration = "CPU", want CPU and its number, or ns a loop'],
    ['{"tasks": {"a": {"run": 1}}, "global": {"ftrace": "main,all"}}', 'line 1, column 51: global.ftrace = "main,all", want some of main, task, loop, event, stats, attrs, none'],
    ['{"tasks": {"a": {"run": 1}}, "global": {"log_size": "big"}}', 'line 1, column 53: global.log_size = "big", want disable, file, auto'],
    ['{"tasks": {"a": {"run": 1}}, "global": {"mem_buffer_size": 0}}', 'line 1, column 60: global.mem_buffer_size = 0, want a whole number of bytes from 1 to 2147483647'],
  ])('%j', (text, message) => expect(told(text)).toBe(message)); // prettier-ignore

  test('more than 32 task groups', () => {
    const tasks = (count: number): string => Array.from({ length: count }, (_, i) => `"t${i}": {"run": 1, "taskgroup": "/${i}"}`).join();
    expect(told(`{"tasks": {${tasks(32)}, "again": {"run": 1, "taskgroup": "/5"}}}`)).toBe('read');
    expect(told(`{"tasks": {${tasks(33)}}}`)).toMatch(/tasks\.t32\.taskgroup = "\/32", want at most 32 groups in the file$/);
  });
});

test('the fixtures say every event, and what is not simulated in the order of the file', () => {
  const all = readRtApp(readFileSync(new URL('../fixtures/every-event.rt-app.json', import.meta.url), 'utf8'));
  const kinds = new Set(all.tasks.flatMap(({ phases }) => phases.flatMap(({ events }) => events.map(({ kind }) => kind))));
  expect([kinds.size, all.unsimulated, all.ignored]).toEqual([20, [], []]);
  expect(readRtApp(readFileSync(new URL('../fixtures/phases.rt-app.json', import.meta.url), 'utf8'))).toMatchObject({
    unsimulated: [
      'line 4, column 4: tasks.rt.policy = "SCHED_FIFO": only SCHED_OTHER is simulated',
      'line 7, column 55: tasks.rt.phases.down.util_max = 512: CPUs have one frequency',
      'line 10, column 11: tasks.dl.policy = "SCHED_DEADLINE": only SCHED_OTHER is simulated',
      'line 11, column 16: tasks.grouped.taskgroup = "/a/b": there are no control groups',
    ],
    ignored: ['line 11, column 37: tasks.grouped.note = "of no effect": rt-app passes over it'],
  });
});

test('a deadline may be said by its old names, of a task', () => {
  const members = '"run": 1, "policy": "SCHED_DEADLINE", "runtime": 3, "period": 8, "deadline": 5';
  expect(told(`{"tasks": {"a": {${members}}}}`)).toBe('read');
  expect(told(`{"tasks": {"a": {"policy": "SCHED_RR", "phases": {"p": {${members}}}}}}`)).toBe('read'); // a phase keeps what there is
  expect(told(`{"tasks": {"a": {${members.replace('8', '4')}}}}`)).toMatch(/3000, 5000 and 4000 ns/);
  // with a new name, the old ones are not looked at: 6, 6 and 6
  expect(told('{"tasks": {"a": {"run": 1, "policy": "SCHED_DEADLINE", "dl-runtime": 6, "period": 3, "deadline": 2}}}')).toBe('read');
});

describe('samples', () => {
  const names = ['example1', 'example2', 'example3', 'example4', 'example5', 'example6', 'spreading-tasks'].map(
    (name) => `rt-app/${name}.json`,
  );
  const ours = ['w1-four-on-two', 'w2-nice', 'w4-hog-and-periodic', 'w6-seven-hogs-one-cpu'].map((name) => `rt-app-linux/${name}.json`);
  const at = (name: string): string | null => sample(name);

  for (const name of [...names, ...ours])
    test.skipIf(at(name) === null)(`${name} is read whole${skipNote(at(name))}`, () => {
      const { unsimulated, ignored, tasks } = readRtApp(readFileSync(at(name)!, 'utf8'));
      expect([unsimulated, ignored]).toEqual([[], []]);
      expect(tasks.length).toBeGreaterThan(0);
    });

  const five = at('rt-app/example5.json');
  test.skipIf(five === null)(`repeated events stay in their order${skipNote(five)}`, () => {
    const { tasks } = readRtApp(readFileSync(five!, 'utf8'));
    expect(tasks.map(({ phases }) => phases.map(({ loop, events }) => [loop, events.map(({ kind }) => kind).join(' ')]))).toEqual([
      [[1, 'sleep'], [8, 'lock run signal run unlock run resume timer']],
      [[3, 'lock wait unlock run suspend run suspend run']],
    ]); // prettier-ignore
  });

  const spreading = at('rt-app/spreading-tasks.json');
  test.skipIf(spreading === null)(`repeated phases stay in their order${skipNote(spreading)}`, () => {
    const { tasks } = readRtApp(readFileSync(spreading!, 'utf8'));
    expect(tasks[1]!.phases.map(({ name, loop }) => [name, loop])).toEqual([['light1', 900], ['heavy1', 600], ['light2', 300], ['heavy1', 600]]); // prettier-ignore
  });
});

test('a phase has as many events as a file has room for', () => {
  const events = Array.from({ length: 200_000 }, (_, i) => `"run${i}": 1`);
  const { tasks } = readRtApp(`{"tasks": {"t": {${events.join(',')}}}}`);
  expect(tasks[0]!.phases[0]!.events).toHaveLength(200_000); // more than a call can have arguments
});

test('tasks without an instance count as tasks', () => {
  const file = (count: number): string =>
    `{"tasks": {${Array.from({ length: count }, (_, i) => `"t${i}": {"instance": 0, "run": 1}`).join(',')}}}`;
  expect(readRtApp(file(4096)).tasks).toHaveLength(4096);
  expect(() => readRtApp(file(4097))).toThrow('tasks: 4097 of them, want at most 4096, those without an instance too');
});
