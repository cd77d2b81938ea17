import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../experiments/input-error.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { machines } from '../../machines/index.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { vm2cpu } from '../../machines/vm-2cpu.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { BLOCK, DONE, DOWN, RUN, SLEEP, UP, type WorkloadEntry, type WorkloadSetup } from '../../sim/workload-api.ts';
import { workloads } from '../../workloads/index.ts';
import { asText, fixture } from '../formats/readers.ts';
import { sample, skipNote } from '../formats/samples.ts';

const oneCpu = { ...vm2cpu, name: 'one-cpu', nodeCpus: [1] };
const registries = { machines: [...machines, lopsided, oneCpu], policies, workloads };
const FREE = '{context-switch: 0, exit: 0, ipi: 0, hook: 0, helper: 0, cold-cache: false}';
const KIND_NAMES = { [RUN]: 'run', [SLEEP]: 'sleep', [UP]: 'post', [DOWN]: 'wait', [DONE]: 'end', [BLOCK]: 'block' };

function scenarioOf(text: string, options = '', flags: Record<string, string> = {}, remarks: string[] = []): Scenario {
  const file = { name: 's.yaml', text: `machine: lopsided\npolicy: kvm-eevdf\nhost-noise: 0\nchecks: all\ncosts: ${FREE}\n` };
  const source = { flags: { workload: `trace:some/x.txt${options}`, ...flags }, file, read: () => ({ name: 'some/x.txt', text }) };
  return readScenario({ ...source, remark: (line) => remarks.push(line) }, registries);
}

/** What each thread began when, in us since the first began anything: `run 0 post 100 ...`. */
function schedule(scenario: Scenario): { log: string[]; recording: Recording } {
  const [guest] = scenario.guests;
  const log: string[] = [];
  let startNs = -1;
  const workload: WorkloadEntry = {
    ...guest!.workload,
    build(options, setup) {
      const program = guest!.workload.build(options, setup);
      return {
        ...program,
        next(task, phase, calls) {
          program.next(task, phase, calls);
          if (startNs < 0) startNs = calls.nowNs;
          const what = `${KIND_NAMES[phase.kind as keyof typeof KIND_NAMES]} ${(calls.nowNs - startNs) / 1000}`;
          log[task] = log[task] === undefined ? what : `${log[task]}, ${what}`;
        },
      };
    },
  };
  return { recording: run({ ...scenario, guests: [{ ...guest!, workload }] }), log };
}

const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('accepted');
};
const three = asText(fixture('three-threads.perf-script.txt'));

describe('a trace as a workload', () => {
  test('is one bare process with a vCPU a thread', () => {
    const remarks: string[] = [];
    const scenario = scenarioOf(three, '', {}, remarks);
    expect(scenario.guests.map(({ name, kind, vcpus, weight }) => [name, kind, vcpus, weight])).toEqual([['trace', 'bare', 3, 100]]);
    expect(scenario.guests[0]!.workload.name).toBe('trace:x.txt');
    expect(remarks.at(-1)).toBe('a trace says how long threads ran, not on what: the same time on any CPU, without memory');
  });

  test('is the same schedule where CPUs are free and switches cost nothing', () => {
    const { log, recording } = schedule(scenarioOf(three));
    expect(recording.status).toBe('ok');
    expect(log).toEqual([
      'run 0, post 100, run 100, sleep 350, run 950, end 2000',
      'wait 0, run 100, post 430, run 430, wait 990, run 1200, end 1725',
      'wait 0, run 430, post 1200, run 1200, end 1310',
    ]);
    expect(recording.guests[0]!.figures).toEqual({ threads: 3, wakes: 3, tracedNs: 2_000_000, lastRoundEndNs: 2_000_000 });
  });

  test('is told the same by trace-cmd', () => {
    expect(schedule(scenarioOf(asText(fixture('three-threads.trace-cmd.txt')))).log).toEqual(schedule(scenarioOf(three)).log);
  });

  test('on one CPU it takes longer, and no thread runs on before it has been woken', () => {
    const { log, recording } = schedule(scenarioOf(three, '', { machine: 'one-cpu' }));
    const at = (task: number, what: string, which = 0): number =>
      Number(
        log[task]!.split(', ')
          .filter((step) => step.startsWith(what))
          [which]!.split(' ')[1],
      );
    expect(at(1, 'run')).toBeGreaterThanOrEqual(at(0, 'post'));
    expect(at(2, 'run')).toBeGreaterThanOrEqual(at(1, 'post'));
    expect(at(1, 'run', 2)).toBeGreaterThanOrEqual(at(2, 'post'));
    expect(recording.guests[0]!.causes.compute).toBe(3_695_000); // 1400 + 1415 + 880 us
    expect(recording.guests[0]!.figures.lastRoundEndNs).toBeGreaterThanOrEqual(3_695_000);
    expect(recording.guests[0]!.causes.waitHost).toBeGreaterThan(0);
  });

  test('takes options after the file: which threads, which part, how often, and whether wakes are kept', () => {
    expect(schedule(scenarioOf(three, ',comm=b*,loop=2')).log).toEqual(['sleep 0, run 100, sleep 990, run 1200, sleep 1725, run 1825, sleep 2715, run 2925, end 3450']); // prettier-ignore
    expect(schedule(scenarioOf(three, ',tid=103+101,from=400us,to=1250us')).log).toEqual([
      'sleep 0, run 30, end 850',
      'sleep 0, run 550, end 850',
    ]);
    expect(schedule(scenarioOf(three, ',wakers=no')).log[2]).toBe('sleep 0, run 430, end 1310');
    expect(scenarioOf(three, ',loop=forever').durationNs).toBe(2_000_000_000);
  });

  test('leaves threads out by name, whichever are named else', () => {
    const namesOf = (options: string): string[] => scenarioOf(three, options).guests[0]!.workload.build({}, { clockGHz: 1 } as WorkloadSetup).threads!.map(({ name }) => name); // prettier-ignore
    expect(namesOf('')).toEqual(['alpha-101', 'b c-2-102', 'gamma-103']);
    expect(namesOf(',comm=-b*')).toEqual(['alpha-101', 'gamma-103']);
    expect(namesOf(',comm=-gamma+-alpha')).toEqual(['b c-2-102']);
    expect(namesOf(',comm=a*+g*+-al*')).toEqual(['gamma-103']);
    expect(namesOf(',comm=-gamma,tid=102+103')).toEqual(['b c-2-102']);
  });

  test('says what is counted twice: switches, and the load of a traced host', () => {
    const remarksOf = (text: string, options = ''): string[] => {
      const remarks: string[] = [];
      scenarioOf(text, options, {}, remarks);
      return remarks.filter((remark) => /host-noise|switches/.test(remark));
    };
    const switches = 'run times have in them what switches cost where they were traced; what they cost here is added to it';
    expect(remarksOf(three)).toEqual([switches]);
    const noisy = three.replaceAll('alpha', 'host-noise/1').replaceAll('gamma', 'host-noise/0');
    expect(remarksOf(noisy)).toEqual([
      "2 threads host-noise* are the load of the traced host: --host-noise 0 leaves the simulator's own out, comm=-host-noise* the traced",
      switches,
    ]);
    expect(remarksOf(noisy, ',comm=-host-noise*')).toEqual([switches]);
  });

  test('weighs threads by their nice values', () => {
    const remarks: string[] = [];
    const text = three
      .replaceAll(/=103 (prev_|next_|)prio=120/g, '=103 $1prio=49')
      .replaceAll(/=102 (prev_|next_|)prio=120/g, '=102 $1prio=125');
    const { guests, machine } = scenarioOf(text, '', {}, remarks);
    const program = guests[0]!.workload.build({}, { clockGHz: machine.clockGHz } as WorkloadSetup);
    expect(program.threads!.map(({ name, weight }) => [name, weight * 1024])).toEqual([
      ['alpha-101', 102_400],
      ['b c-2-102', 33_500],
      ['gamma-103', 102_400],
    ]);
    expect(remarks).toContain('1 threads with real-time priorities, which are not simulated: run as nice 0');
  });

  test.each([
    [',comn=a', /option "comn", want comm=, tid=, pid=, from=, to=, loop=, wakers=; did you mean comm\?$/],
    [',tid=1,tid=2', /: option tid twice, want it once$/],
    [',tid=x', /^some\/x\.txt: tid = "x", want whole numbers such as 28434\+28435$/],
    [',from=2ms,to=1ms', /^some\/x\.txt: from = 2ms, want before to$/],
    [',loop=0', /^some\/x\.txt: loop = "0", want a whole number from 1 to 1000000$/],
    [',wakers=maybe', /^some\/x\.txt: wakers = "maybe", want yes or no$/],
    [',comm=a+-', /^some\/x\.txt: comm = "a\+-", want names such as web-\*\+db, or -NAME for those to leave out$/],
    [',comm=-alpha+-gamma+-b*', /^some\/x\.txt: no thread is left/],
    [',comm=delta', /^some\/x\.txt: no thread is left/],
  ])('%s is refused', (options, message) => {
    expect(refusal(() => scenarioOf(three, options))).toMatch(message);
  });

  test('what is no trace is refused with file, line and column', () => {
    expect(refusal(() => scenarioOf(`${three}\nhello\n`))).toBe(
      'some/x.txt: line 22, column 1: want COMM PID [CPU] SECONDS.MICROSECONDS: sched:EVENT: FIELDS',
    );
  });

  const real = sample('perf/two-cpus.timehist.txt');
  test.skipIf(real === null).each(['kvm-eevdf', 'kvm-unpinned'])(
    `a real one runs as long under %s as it did${skipNote(real)}`,
    (policy) => {
      const scenario = scenarioOf(readFileSync(real!, 'utf8'), '', { machine: 'vm-2cpu', policy });
      const { status, guests } = run(scenario);
      expect(status).toBe('ok');
      const rows = [...readFileSync(real!, 'utf8').matchAll(/(\d+\.\d{3}) $/gm)];
      expect(rows.length).toBe(37);
      expect(guests[0]!.causes.compute).toBe(Math.round(rows.reduce((sum, [, ms]) => sum + Number(ms), 0) * 1e6)); // all its run times
    },
  );
});
