import { describe, expect, test } from 'vitest';
import { DONE } from '../../sim/workload-api.ts';
import { workloadNamed, workloads } from '../../workloads/index.ts';
import { inTurn, play, programOf, setupOf } from './fake-guest.ts';

test('a workload is found by its name, and an unknown name finds nothing', () => {
  expect(workloadNamed('lmbench-lat')!.name).toBe('lmbench-lat');
  expect(workloadNamed('lmbench')).toBeUndefined();
  expect(new Set(workloads.map(({ name }) => name)).size).toBe(workloads.length);
});

describe.each(workloads.map((entry) => [entry.name, entry] as const))('%s by its default options', (name, entry) => {
  test('has options whose defaults are legal', () => {
    for (const option of entry.options) {
      if (option.kind === 'choice') expect(option.choices).toContain(option.default);
      else {
        expect(option.default).toBeGreaterThanOrEqual(option.min ?? 0);
        expect(option.default).toBeLessThanOrEqual(option.max ?? Infinity);
      }
    }
  });

  test('draws no two purposes from one stream', () => {
    const { stream } = setupOf();
    const asked: string[] = [];
    programOf(
      name,
      name === 'kernbench' ? { media: 'disk' } : {},
      setupOf({ stream: (vcpu, purpose) => (asked.push(`${vcpu}/${purpose}`), stream(vcpu, purpose)) }),
    );
    expect(new Set(asked).size).toBe(asked.length);
  });
});

/** An open guest has no phases without arrivals; queueing.test.ts and web.test.ts step them. */
const closed = workloads.filter(({ name }) => name !== 'queue' && name !== 'web').map((entry) => [entry.name, entry] as const);

describe.each(closed)('the closed workload %s', (name, entry) => {
  test('asks only for what a guest can do, and ends as it says', () => {
    const program = programOf(name, name === 'hackbench' ? { groups: 2, fds: 3, loops: 7 } : {}); // by default 800,000 phases
    const trace = play(program, 5_000, inTurn);
    expect(trace.stuck).toEqual([]);
    expect(trace.doneCount).toBe(entry.ends === 'never' ? 0 : program.tasks);
    expect(trace.steps.some(({ phase }) => phase.work > 0)).toBe(true);
    expect(trace.mostBytes).toBeLessThanOrEqual(setupOf().freeBytes);
  });

  test('asks for the same phases for the same seed', () => {
    const phases = (): unknown => play(programOf(name), 300, inTurn).steps;
    expect(phases()).toEqual(phases());
    expect(play(programOf(name), 300, inTurn).steps.every(({ phase }) => phase.kind !== DONE)).toBe(true);
  });
});
