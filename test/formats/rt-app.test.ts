import { describe, expect, test } from 'vitest';
import { readRtApp } from '../../formats/rt-app.ts';

describe('an rt-app file', () => {
  test('may have comments, trailing commas and the same event again, and keeps their order', () => {
    const { durationNs, tasks } = readRtApp(`{
      /* two of them */
      "tasks": { "web": { "instance": 2, "delay": 500, "priority": -5, "cpus": [3, 1], "loop": 7, // the phase's
        "run": 1000, "sleep": 20, "run": 3000, "timer": { "ref": "unique1", "period": 9000, "mode": "absolute", }, "runtime": 40, }, },
      "global": { "duration": 3, "calibration": "CPU0", "default_policy": "SCHED_OTHER", "gnuplot": false, },
    }`);
    expect(durationNs).toBe(3_000_000_000);
    expect(tasks).toEqual([
      {
        name: 'web',
        instances: 2,
        delayNs: 500_000,
        loop: 1, // without phases the task is gone through once, and its loop is that of the phase
        nice: -5,
        cpus: [3, 1],
        phases: [
          {
            loop: 7,
            events: [
              { kind: 'run', ns: 1_000_000 },
              { kind: 'sleep', ns: 20_000 },
              { kind: 'run', ns: 3_000_000 },
              { kind: 'timer', ns: 9_000_000, ref: 'unique1', isOwn: true, isAbsolute: true },
              { kind: 'runtime', ns: 40_000 },
            ],
          },
        ],
      },
    ]);
  });

  test('goes through phases for ever and each once, if it says nothing else; events are known by how their names begin', () => {
    const { durationNs, tasks } = readRtApp(
      '{"tasks": {"a": {"phases": {"p": {"run0": 1, "run1": 2}, "q": {"loop": 3, "sleep": 4}}}}, "global": {"duration": -1}}',
    );
    expect(durationNs).toBeNull();
    expect([tasks[0]!.loop, tasks[0]!.phases.map(({ loop }) => loop)]).toEqual([-1, [1, 3]]);
    expect(tasks[0]!.phases[0]!.events).toEqual([
      { kind: 'run', ns: 1000 },
      { kind: 'run', ns: 2000 },
    ]);
  });

  test.each([
    ['{"tasks": {"a": {"run": 1, "lock": "m"}}}', 'line 1: tasks.a.lock: not simulated yet'],
    ['{"tasks": {"a": {"run": 1,\n "taskgroup": "/x"}}}', 'line 2: tasks.a.taskgroup: not simulated yet'],
    ['{"tasks": {"a": {"phases": {"p": {"run": 1, "cpus": [0]}}}}}', 'line 1: tasks.a.phases.p.cpus: not simulated yet'],
    [
      '{"tasks": {"a": {"run": 1}}, "global": {"default_policy": "SCHED_FIFO"}}',
      'line 1: global.default_policy = "SCHED_FIFO", want SCHED_OTHER, the others are not simulated yet',
    ],
    ['{"tasks": {"a": {"run": -1}}}', 'line 1: tasks.a.run = -1, want a whole number from 0 to 86400000000'],
    ['{"tasks": {"a": {"run": 1, "priority": 20}}}', 'line 1: tasks.a.priority = 20, want a whole number from -20 to 19'],
    ['{"tasks": {"a": {"timer": {"ref": "t"}}}}', 'line 1: tasks.a.timer.period: want µs above 0'],
    ['{"tasks": {"a": {"run": 1, "phases": {}}}}', 'line 1: tasks.a: events beside phases, want them in phases'],
    ['{"tasks": {"a": {}}}', 'line 1: tasks.a: a phase without events'],
    ['{"global": {}}', 'tasks: missing, want at least one'],
    ['{"tasks": {"a": {"suspend", "run": 1}}}', 'line 1: ", \\"run\\": 1", want a colon'],
    ['{"tasks": {"a": {"run": 1}', 'line 1: the end, want a comma, or }'],
    ['[1]', 'want a mapping with tasks and global'],
  ])('is refused with one line: %s', (text, message) => {
    let told = '';
    try {
      readRtApp(text);
    } catch (error) {
      told = (error as Error).message;
    }
    expect(told).toBe(message);
  });
});
