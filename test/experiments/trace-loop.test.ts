import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { niceWeight } from '../../experiments/nice-weights.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { readPerfScript } from '../../formats/trace-in/perf-script.ts';
import { PerfScriptText } from '../../formats/trace-out/perf-script-writer.ts';
import type { SchedEvent, SchedTrace } from '../../formats/trace-in/sched-trace.ts';
import { readTraceCmdReport } from '../../formats/trace-in/trace-cmd-report.ts';
import { type PlacedBytes, TraceDat } from '../../formats/trace-out/trace-dat.ts';
import { prioOf } from '../../formats/trace-out/trace-names.ts';
import { tasksOfTrace, type TraceTasks } from '../../formats/trace-in/trace-tasks.ts';
import { machines } from '../../machines/index.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import type { Recording } from '../../sim/recording.ts';
import { Tracer } from '../../sim/trace.ts';
import type { TraceSink } from '../../sim/trace-events.ts';
import { workloads } from '../../workloads/index.ts';

/** Threads that wake one another, from CPUs before and behind, sleep, fork, change their priority, and one that only computes. */
const FILE = JSON.stringify({
  tasks: {
    ping: { loop: 9, priority: -4, cpus: [0], run: 700, sem_post: 'there', sem_wait: 'back' },
    pong: { loop: 9, cpus: [1], sem_wait: 'there', run: 1100, sem_post: 'back' },
    tick: { loop: 7, priority: 5, run: 300, timer: { ref: 'unique', period: 2500 } },
    hog: { loop: 1, phases: { first: { loop: 1, run: 4100 }, then: { priority: 3, loop: 1, run: 2900 } } },
    parent: { loop: 2, cpus: [1], run: 450, fork: 'kid', sleep: 1300 },
    kid: { instance: 0, loop: 1, cpus: [0], run: 520 },
  },
});
const COSTS = (free: boolean): string => (free ? 'costs: {context-switch: 0, exit: 0, ipi: 0, hook: 0, helper: 0, cold-cache: false}' : '');

interface Told {
  readonly recording: Recording;
  readonly script: string;
  readonly dat: Buffer;
}

function traced(workload: string, text: string, { free = false, machine = 'vm-2cpu', policy = 'kvm-eevdf' } = {}): Told {
  const file = { name: 's.yaml', text: `machine: ${machine}\npolicy: ${policy}\nhost-noise: 0\nchecks: all\n${COSTS(free)}\n` };
  const source = { flags: { workload }, file, read: (): { name: string; text: string } => ({ name: workload, text }) };
  const scenario = readScenario(source, { machines, policies, workloads });
  const pieces: Uint8Array[] = [];
  const dat = new KeptFile();
  const sinks: readonly TraceSink[] = [new PerfScriptText((bytes) => void pieces.push(bytes.slice())), new TraceDat(dat)];
  const recording = run(scenario, undefined, null, new Tracer(inAll(sinks)));
  expect(recording.status).toBe('ok');
  return { recording, script: Buffer.concat(pieces).toString('latin1'), dat: dat.kept };
}

class KeptFile implements PlacedBytes {
  kept: Buffer = Buffer.alloc(0);
  writeAt(position: number, bytes: Uint8Array): void {
    const more = position + bytes.length - this.kept.length;
    if (more > 0) this.kept = Buffer.concat([this.kept, Buffer.alloc(more)]);
    this.kept.set(bytes, position);
  }
  readAt(position: number, into: Uint8Array): void {
    into.set(this.kept.subarray(position, position + into.length));
  }
}

function inAll(sinks: readonly TraceSink[]): TraceSink {
  return {
    begin: (table) => sinks.forEach((sink) => sink.begin(table)),
    events: (events) => sinks.forEach((sink) => sink.events(events)),
    look: (look) => sinks.forEach((sink) => sink.look(look)),
    end: (atNs) => sinks.forEach((sink) => sink.end(atNs)),
  };
}

/** [thread of the first run] its time on CPUs in ns; a replay names it `ping-0-1001`. */
const runTimes = ({ guests }: Recording): Record<string, number> =>
  Object.fromEntries(guests[0]!.threads!.map(({ name, runNs }) => [name.replace(/-1\d{3}$/, ''), runNs]));
const toldTimes = ({ tasks }: TraceTasks): Record<string, number> =>
  Object.fromEntries(tasks.map(({ comm, steps }) => [comm, steps.reduce((sum, step) => sum + (step.kind === 'run' ? step.ns : 0), 0)]));
const original = traced('rt-app:loop.json', FILE);
const free = traced('rt-app:loop.json', FILE, { free: true });

test('each nice value has its priority, by its weight', () => {
  const nice = Array.from({ length: 40 }, (_, i) => i - 20);
  expect(nice.map((each) => prioOf(Math.round(niceWeight(each) * 10.24)))).toEqual(nice.map((each) => 120 + each));
});

describe('a run, traced as the text of perf script and read again', () => {
  test('says how long each thread ran, by the names and priorities that the file gives them', () => {
    const tasks = tasksOfTrace(readPerfScript(original.script));
    expect(toldTimes(tasks)).toEqual(runTimes(original.recording));
    expect(Object.fromEntries(tasks.tasks.map(({ comm, prio }) => [comm, prio]))).toEqual(
      { 'ping-0': 116, 'pong-1': 120, 'tick-2': 125, 'hog-3': 123, 'parent-4': 120, 'kid-fork-0000': 120, 'kid-fork-0001': 120 }, // prettier-ignore
    );
    expect(tasks.links.map((link) => link.map((task) => tasks.tasks[task]!.comm))).toEqual(
      expect.arrayContaining([['ping-0', 'pong-1'], ['pong-1', 'ping-0'], ['parent-4', 'kid-fork-0000']]), // prettier-ignore
    );
  });

  test('tells how long a thread has run that goes on to the end of the run', () => {
    const { recording, script } = traced('rt-app:hog.json', JSON.stringify({ tasks: { hog: { run: 1300 } }, global: { duration: 1 } }));
    const tasks = tasksOfTrace(readPerfScript(script));
    expect(tasks.spanNs).toBe(1e9);
    expect(toldTimes(tasks)).toEqual(runTimes(recording));
  });

  test.each([
    ['the same machine and policy', {}],
    ['another policy', { policy: 'kvm-unpinned' }],
    ['another machine', { machine: 'opteron-6164-4s', policy: 'kvm-unpinned' }],
  ])('runs for as long on %s, where switches cost nothing', (_, where) => {
    expect(runTimes(traced('trace:loop.txt', free.script, { free: true, ...where }).recording)).toEqual(runTimes(free.recording));
  });

  test('runs for as long and what switches cost, which the traced time has in it already', () => {
    const replayed = traced('trace:loop.txt', original.script).recording;
    const { contextSwitch, wake } = replayed.guests[0]!.causes as unknown as Record<string, number>;
    const sum = (times: Record<string, number>): number => Object.values(times).reduce((all, ns) => all + ns, 0);
    expect(sum(runTimes(replayed)) - sum(runTimes(original.recording))).toBe(contextSwitch! + wake!);
  });
});

const folder = mkdtempSync(join(tmpdir(), 'numalab-trace-loop-'));
afterAll(() => rmSync(folder, { recursive: true }));
const hasTraceCmd = ((): boolean => {
  try {
    execFileSync('trace-cmd', ['--help'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'ENOENT';
  }
})();

describe.skipIf(!hasTraceCmd)(`a run, traced as trace.dat and read by trace-cmd${hasTraceCmd ? '' : ' (skipped: not installed)'}`, () => {
  const reported = (...options: string[]): SchedTrace => reportedOf(original.dat, ...options);
  const reportedOf = (dat: Buffer, ...options: string[]): SchedTrace => {
    const file = join(folder, 'loop.dat');
    writeFileSync(file, dat);
    return readTraceCmdReport(execFileSync('trace-cmd', ['report', '-R', ...options, '-i', file], { encoding: 'utf8', maxBuffer: 1e8, stdio: ['ignore', 'pipe', 'ignore'] })); // prettier-ignore
  };
  /** [CPU] its events in order, each without its time and with it. The run begins at 1 s in a trace.dat. */
  const byCpu = ({ events, originSeconds }: SchedTrace, beginS: number): Map<number, [said: string, timeNs: number][]> => {
    const lines = new Map<number, [string, number][]>();
    for (const event of events) {
      if (event.kind === 'wakeup' || event.kind === 'new') continue;
      lines.set(event.cpu, [...(lines.get(event.cpu) ?? []), [saidOf(event), event.timeNs + (originSeconds - beginS) * 1e9]]);
    }
    return lines;
  };

  test('is the same events as in the text of perf script, a ns or two late where a thread has two on two CPUs at one instant', () => {
    const [text, dat] = [byCpu(readPerfScript(original.script), 0), byCpu(reported('-t'), 1)];
    const said = (lines: Map<number, [string, number][]>): [number, string[]][] =>
      [...lines].map(([cpu, events]): [number, string[]] => [cpu, events.map(([words]) => words)]).sort(([a], [b]) => a - b);
    expect(said(dat)).toEqual(said(text));
    const late = [...dat].flatMap(([cpu, events]) => events.map(([, timeNs], i) => timeNs - text.get(cpu)![i]![1]));
    expect(late.length).toBeGreaterThan(80);
    expect(late.filter((ns) => ns !== 0).length).toBeGreaterThan(10);
    expect([Math.min(...late), Math.max(...late)]).toEqual([0, 1]);
  });

  test('is the same tasks, who woke whom included, and runs to a ns or two', () => {
    const [text, dat] = [tasksOfTrace(readPerfScript(original.script)), tasksOfTrace(reported('-t'))];
    const told = (tasks: TraceTasks): [string, string[]][] =>
      named(tasks).map(([comm, steps]) => [comm, steps.map((step) => step.replace(/ \d+$/, ' some'))]);
    expect(told(dat)).toEqual(told(text));
    const timesOf = (tasks: TraceTasks): number[] => named(tasks).flatMap(([, steps]) => steps.flatMap((step) => / (\d+)$/.exec(step)?.[1] ?? [])).map(Number); // prettier-ignore
    const off = timesOf(dat).map((ns, i) => Math.abs(ns - timesOf(text)[i]!));
    expect(off.length).toBeGreaterThan(40);
    expect(Math.max(...off)).toBeLessThanOrEqual(2);
    expect(dat.remarks.filter((remark) => remark.includes('missing'))).toEqual([]);
  });

  test.each(['-R', '-N'])('tells how long a thread has run that goes on to the end of the run, with %s', (option) => {
    const { recording, dat } = traced('rt-app:hog.json', JSON.stringify({ tasks: { hog: { run: 1300 } }, global: { duration: 1 } }));
    const tasks = tasksOfTrace(reportedOf(dat, '-t', option));
    expect(tasks.spanNs).toBe(1e9);
    expect(toldTimes(tasks)).toEqual(runTimes(recording));
  });

  test('is the same tasks to the microsecond without -t', () => {
    const [text, dat] = [named(tasksOfTrace(readPerfScript(original.script))), named(tasksOfTrace(reported()))];
    expect(dat.map(([comm, kinds]) => [comm, kinds.filter((kind) => /\w>|>\w/.test(kind))])).toEqual(
      text.map(([comm, kinds]) => [comm, kinds.filter((kind) => /\w>|>\w/.test(kind))]),
    );
  });
});

function saidOf({ timeNs: _, ...rest }: SchedEvent): string {
  const said = Object.entries(rest).filter(([name]) => name !== 'isInterrupt'); // perf script has no mark of them
  return said.sort().join(' ');
}

/** [thread, steps]; links by the names of those they are between, `a>b`. */
function named({ tasks, links }: TraceTasks): [string, string[]][] {
  const ends = links.map((link) => link.map((task) => tasks[task]!.comm).join('>'));
  const steps = tasks.map(({ comm, steps }): [string, string[]] => [
    comm,
    steps.map((step) => ('link' in step ? `${step.kind} ${ends[step.link]}` : `${step.kind} ${step.ns}`)),
  ]);
  return steps.sort(([a], [b]) => (a < b ? -1 : 1));
}
