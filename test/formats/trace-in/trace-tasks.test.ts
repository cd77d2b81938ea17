import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPerfScript } from '../../../formats/trace-in/perf-script.ts';
import { readTimehist } from '../../../formats/trace-in/timehist.ts';
import { readTraceCmdReport } from '../../../formats/trace-in/trace-cmd-report.ts';
import { tasksOfTimehist, tasksOfTrace, type TraceStep, type TraceTasks } from '../../../formats/trace-in/trace-tasks.ts';
import { readTrace } from '../../../formats/trace-in/trace-text.ts';
import { asText, fixture } from '../readers.ts';
import { sample, skipNote } from '../samples.ts';

const three = (): ReturnType<typeof readPerfScript> => readPerfScript(asText(fixture('three-threads.perf-script.txt')));
const run = (us: number): TraceStep => ({ kind: 'run', ns: us * 1000 });
const sleep = (us: number): TraceStep => ({ kind: 'sleep', ns: us * 1000 });
const post = (link: number): TraceStep => ({ kind: 'post', link });
const wait = (link: number): TraceStep => ({ kind: 'wait', link });
const stepsOf = ({ tasks }: TraceTasks): Record<string, readonly TraceStep[]> =>
  Object.fromEntries(tasks.map(({ comm, steps }) => [comm, steps]));

/** What the fixtures tell, in us. */
const THREE = {
  alpha: [run(100), post(0), run(250), sleep(600), run(1050)],
  'b c-2': [wait(0), run(330), post(1), run(560), wait(2), run(525)],
  gamma: [wait(1), run(770), post(2), run(110)],
};

/** Lines of perf script: [thread, CPU, us, event]. */
const script = (...lines: readonly (readonly [number, number, number, string])[]): ReturnType<typeof readPerfScript> =>
  readPerfScript(lines.map(([tid, cpu, us, event]) => `t${tid} ${tid} [${String(cpu).padStart(3, '0')}] 9.${String(us).padStart(6, '0')}: sched:${event}\n`).join('')); // prettier-ignore
const away = (from: number, state: string, to: number): string =>
  `sched_switch: prev_comm=t${from} prev_pid=${from} prev_prio=120 prev_state=${state} ==> next_comm=t${to} next_pid=${to} next_prio=120`;
const waking = (tid: number): string => `sched_waking: comm=t${tid} pid=${tid} prio=120 target_cpu=000`;

describe('what the threads of a trace did', () => {
  test('is runs, sleeps, and who woke whom', () => {
    const read = tasksOfTrace(three());
    expect(stepsOf(read)).toEqual(THREE);
    expect(read.links).toEqual([[0, 1], [1, 2], [2, 1]]); // prettier-ignore
    expect(read.spanNs).toBe(2_000_000);
    expect(read.tasks.map(({ tid, prio }) => [tid, prio])).toEqual([[101, 120], [102, 120], [103, 120]]); // prettier-ignore
  });

  test('is the same told by trace-cmd, where a mark tells interrupts', () => {
    const read = tasksOfTrace(readTraceCmdReport(asText(fixture('three-threads.trace-cmd.txt'))));
    expect(stepsOf(read)).toEqual(THREE);
    expect(read.remarks).toEqual(['1 wake-ups by timers, devices and threads left out: sleeps as long as in the trace']);
    const marked = readTraceCmdReport(
      asText(fixture('three-threads.trace-cmd.txt')).replace('[002] d....    50.001200000', '[002] d.h..    50.001200000'),
    );
    expect(stepsOf(tasksOfTrace(marked)).gamma).toEqual([wait(1), run(880)]); // it only ran where the timer went off
  });

  test('a run goes on through preemption, and over CPUs', () => {
    const read = tasksOfTrace(
      script([7, 0, 10, away(7, 'R+', 3)], [5, 1, 25, away(5, 'S', 7)], [7, 1, 60, away(7, 'S', 5)], [3, 0, 90, waking(7)], [3, 0, 91, away(3, 'S', 7)], [7, 0, 99, away(7, 'R', 3)]),
      { tids: [7] },
    ); // prettier-ignore
    expect(stepsOf(read)).toEqual({ t7: [run(35), sleep(30), run(8)] });
  });

  test('of one time, a wake-up that stands behind the switch it led to comes first, and so does what its CPU told before', () => {
    const apart = script([9, 1, 0, away(9, 'S', 7)], [7, 1, 4, waking(3)], [0, 0, 4, away(0, 'R', 3)], [3, 0, 11, away(3, 'S', 0)], [7, 1, 30, away(7, 'S', 0)], [0, 1, 47, away(0, 'S', 7)], [7, 1, 47, waking(3)], [0, 0, 47, away(0, 'R', 3)], [3, 0, 60, away(3, 'S', 0)]); // prettier-ignore
    const merged = script([9, 1, 0, away(9, 'S', 7)], [0, 0, 4, away(0, 'R', 3)], [7, 1, 4, waking(3)], [3, 0, 11, away(3, 'S', 0)], [7, 1, 30, away(7, 'S', 0)], [0, 0, 47, away(0, 'R', 3)], [0, 1, 47, away(0, 'S', 7)], [7, 1, 47, waking(3)], [3, 0, 60, away(3, 'S', 0)]); // prettier-ignore
    const read = tasksOfTrace(merged, { tids: [3, 7] });
    expect(stepsOf(read)).toEqual({ t7: [run(4), post(0), run(26), sleep(17), post(0), run(13)], t3: [wait(0), run(7), wait(0), run(13)] });
    expect(read).toEqual(tasksOfTrace(apart, { tids: [3, 7] }));
  });

  test('threads left out are timers, and so are all with keepsWakers: false', () => {
    expect(stepsOf(tasksOfTrace(three(), { comms: ['b*'] }))).toEqual({ 'b c-2': [sleep(100), run(890), sleep(210), run(525)] });
    expect(stepsOf(tasksOfTrace(three(), { keepsWakers: false })).gamma).toEqual([sleep(430), run(880)]);
  });

  test('a part of it begins and ends where it is cut', () => {
    const read = tasksOfTrace(three(), { fromNs: 400_000, toNs: 1_250_000, tids: [101, 103] });
    expect(stepsOf(read)).toEqual({ gamma: [sleep(30), run(820)], alpha: [sleep(550), run(300)] }); // alpha sleeps since before
    expect(read.spanNs).toBe(850_000);
  });

  test('says what is missing: wakes, and switches', () => {
    const noWake = tasksOfTrace(script([7, 0, 10, away(7, 'S', 3)], [3, 0, 40, away(3, 'S', 7)], [7, 0, 70, away(7, 'S', 3)]), {
      tids: [7],
    });
    expect([stepsOf(noWake).t7, noWake.remarks]).toEqual([
      [sleep(30), run(30)],
      ['1 wake-ups are missing: slept until it ran, the wait for a CPU included'],
    ]);
    const noSwitch = tasksOfTrace(script([7, 0, 10, waking(9)], [8, 0, 40, waking(9)], [8, 0, 90, away(8, 'S', 0)]), { tids: [7, 8] });
    expect(stepsOf(noSwitch)).toEqual({ t7: [], t8: [run(50)] });
    expect(noSwitch.remarks).toContain('1 switches are missing: what ran there is known from the next event on');
  });

  test('leaves out threads of the kernel, by their state or name, and says so', () => {
    const read = tasksOfTrace(script([7, 0, 10, away(7, 'S', 3)], [3, 0, 40, away(3, 'I', 7)], [7, 0, 70, away(7, 'S', 0)]));
    expect(read.tasks.map(({ tid }) => tid)).toEqual([7]);
    const names = [
      'kworker/R-rcu_gp',
      'khungtaskd',
      'kdamond.0',
      'oom_reaper',
      'psimon',
      'scsi_eh_0',
      'sugov:4',
      'xfsaild/dm-0',
      'sugovernor',
    ];
    const lines = names.map(
      (name, i) => `${name} ${20 + i} [000] 5.00000${i}: sched:sched_process_exit: comm=${name} pid=${20 + i} prio=120`,
    );
    const { tasks, remarks } = tasksOfTrace(readPerfScript(lines.join('\n')));
    expect(tasks.map(({ comm }) => comm)).toEqual(['sugovernor']);
    expect(remarks).toContain(`8 threads left out as the kernel's, such as kworker/R-rcu_gp: comm= or tid= names those to keep`);
    const named = tasksOfTrace(readPerfScript(lines.join('\n')), { comms: ['psimon'] });
    expect([named.tasks.length, named.remarks.join().includes('left out as')]).toEqual([1, false]);
    expect(() => tasksOfTrace(three(), { comms: ['delta'] })).toThrow(
      'no thread is left, want comm, tid, pid, from and to of some that run',
    );
  });
});

describe('what the threads of a timehist did', () => {
  test('is runs and sleeps: the wait less the delay, and a run that goes on where there was no delay', () => {
    const { tasks, links, spanNs } = tasksOfTimehist(readTimehist(asText(fixture('two-threads.timehist.txt'))));
    expect(tasks.map(({ comm, steps }) => [comm, steps])).toEqual([
      ['alpha', [run(500), sleep(320), run(670), sleep(880), run(300)]], // it was woken before the first row began
      ['b c[2', [run(1610)]],
    ]);
    expect([links, spanNs]).toEqual([[], 2_800_000]); // from 77.000200 on
  });

  const real = sample('perf/two-cpus.timehist.txt');
  test.skipIf(real === null)(`of {run 2 ms, sleep 1 ms} are these${skipNote(real)}`, () => {
    const { tasks } = tasksOfTimehist(readTimehist(readFileSync(real!, 'utf8')));
    const whole = tasks.flatMap(({ steps }) => steps.slice(3, -1)); // between the start and the end
    const meanUs = (kind: string): number => {
      const ns = whole.flatMap((step) => (step.kind === kind && 'ns' in step ? [step.ns] : []));
      return ns.reduce((sum, value) => sum + value, 0) / ns.length / 1000;
    };
    expect(meanUs('sleep')).toBeGreaterThan(1040); // 1 ms and the slack of a timer, 50 us
    expect(meanUs('sleep')).toBeLessThan(1075);
    expect(meanUs('run')).toBeGreaterThan(1900);
    expect(meanUs('run')).toBeLessThan(2700); // with what preempted them and went unseen
  });
});

describe('a real trace of perf script', () => {
  const real = sample('perf/two-cpus.perf-script.txt');
  test.skipIf(real === null)(`has runs as long as the kernel's own account of them, to 40 us a stretch${skipNote(real)}`, () => {
    const text = readFileSync(real!, 'utf8');
    const trace = readPerfScript(text);
    const [task] = tasksOfTrace(trace, { comms: ['rt-app'] }).tasks;
    const ranNs = task!.steps.reduce((sum, step) => sum + (step.kind === 'run' ? step.ns : 0), 0);
    let bookedNs = -473_882; // the first line books what was before the trace
    for (const [, ns] of text.matchAll(/comm=rt-app pid=28335 runtime=(\d+)/g)) bookedNs += Number(ns);
    const stretches = trace.events.filter((event) => event.kind === 'switch' && event.fromTid === 28335).length;
    expect(stretches).toBe(14);
    expect(Math.abs(ranNs - bookedNs)).toBeLessThan(stretches * 40_000);
    expect(ranNs / bookedNs).toBeCloseTo(1, 1);
  });
});

test('which tool printed a trace follows from its lines', () => {
  const sourceOf = (name: string): string => readTrace(asText(fixture(name))).source;
  expect(['three-threads.perf-script.txt', 'three-threads.trace-cmd.txt', 'two-threads.timehist.txt'].map(sourceOf)).toEqual([
    'perf script',
    'trace-cmd report',
    'perf sched timehist',
  ]);
  expect(() => readTrace('x\n'.repeat(300))).toThrow('none of the first 200 lines');
  expect(() => readTrace('\n<!DOCTYPE html>\n# tracer: nop\n')).toThrow('a page of HTML, want as a file of its own');
});
