import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { policies } from '../../../policies/index.ts';
import { run } from '../../../sim/engine.ts';
import type { Scenario } from '../../../sim/scenario.ts';
import { expectConserved } from '../../sim/conserved-fixture.ts';
import { phaseText, scenarioOf } from './run-file-fixture.ts';

type Event = readonly [key: string, value: unknown];

const MACHINES = { lopsided: { cpus: 6, nodes: 3 }, 'vm-2cpu': { cpus: 2, nodes: 1 } } as const;
const POLICIES = policies.filter(({ oracle }) => !oracle).map(({ name }) => name);
const time = fc.integer({ min: 0, max: 4000 });
const name = fc.constantFrom('x', 'y');
const task = fc.constantFrom('t0', 't1', 't2');

/** Locks are held around something, as what has no meaning ends a run. */
const held = (inner: fc.Arbitrary<Event[]>): fc.Arbitrary<Event[]> =>
  fc.tuple(name, inner).map(([mutex, events]) => [['lock', mutex], ...events.map(([key, value]): Event => [key, key === 'wait' || key === 'sync' ? { ref: value, mutex } : value]), ['unlock', mutex]]); // prettier-ignore

/** Not single bytes: an endless loop of nothing else takes so little time that its run is ended as one that stands still. */
const moved = fc.integer({ min: 1000, max: 9_000_000 });
const memrun = fc.record({
  type: fc.constantFrom('read', 'write', 'chase'),
  size: fc.constantFrom(20_000, 900_000, 5_000_000),
  count: fc.integer({ min: 1, max: 40_000 }),
  pattern: fc.constantFrom('random', 'sequential'),
});

const events: fc.Arbitrary<Event[]> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom('run', 'runtime', 'sleep'), time).map((event): Event[] => [event]) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('unique', 'unique2', 'x'), fc.integer({ min: 1, max: 6000 }), fc.constantFrom('relative', 'absolute')).map(([ref, period, mode]): Event[] => [['timer', { ref: `${ref}-${mode}`, period, mode }]]) }, // prettier-ignore
  moved.map((bytes): Event[] => [['mem', bytes]]),
  moved.map((bytes): Event[] => [['iorun', bytes]]),
  fc.tuple(memrun, fc.boolean()).map(([of, isShared]): Event[] => [['memrun', { ...of, ...(isShared && { ref: `${of.size}${of.pattern}` }) }]]), // prettier-ignore
  held(fc.oneof(time.map((us): Event[] => [['run', us]]), fc.tuple(fc.constantFrom('wait', 'sync', 'signal', 'broad'), name).map((event): Event[] => [event]))), // prettier-ignore
  fc.tuple(fc.constantFrom('signal', 'broad', 'sem_post', 'sem_wait'), name).map((event): Event[] => [event]),
  fc.constant<Event[]>([['barrier', 'all']]),
  fc.constant<Event[]>([['suspend', '']]),
  fc.tuple(fc.constantFrom('resume', 'fork'), task).map((event): Event[] => [event]),
  fc.constant<Event[]>([['yield', '']]),
);

const settings = ({ cpus, nodes }: { cpus: number; nodes: number }): fc.Arbitrary<Event[]> =>
  fc
    .record(
      {
        cpus: fc.uniqueArray(fc.integer({ min: 0, max: cpus - 1 }), { minLength: 1, maxLength: 3 }),
        nodes_membind: fc.uniqueArray(fc.integer({ min: 0, max: nodes - 1 }), { minLength: 1, maxLength: 2 }),
        priority: fc.integer({ min: -20, max: 19 }),
        'dl-runtime': fc.integer({ min: 50, max: 20_000 }),
        loop: fc.integer({ min: 1, max: 4 }),
      },
      { requiredKeys: [] },
    )
    .map((record) => Object.entries(record));

const phase = (machine: { cpus: number; nodes: number }): fc.Arbitrary<string> =>
  fc.tuple(settings(machine), fc.array(events, { minLength: 1, maxLength: 5 })).map(([own, lists]) => phaseText(...own, ...lists.flat()));

function fileOn(machine: { cpus: number; nodes: number }): fc.Arbitrary<string> {
  const one = fc
    .tuple(
      fc.integer({ min: 0, max: 3 }),
      time,
      fc.constantFrom(-1, 1, 3),
      settings(machine),
      fc.array(phase(machine), { minLength: 1, maxLength: 3 }),
    )
    .map(([instance, delay, loop, own, phases]) => {
      const said = own.filter(([key]) => key !== 'loop').map(([key, value]) => `, ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
      return `{"instance": ${instance}, "delay": ${delay}, "loop": ${loop}${said.join('')}, "phases": {${phases.map((text, i) => `"p${i}": ${text}`).join(', ')}}}`; // prettier-ignore
    });
  return fc
    .tuple(one, one, one)
    .map(([a, b, c]) => `{"tasks": {"t0": ${a.replace(/"instance": 0/, '"instance": 1')}, "t1": ${b}, "t2": ${c}}}`);
}

/** Null for more memory than the machine has: a thousand forked threads may each have several regions. */
function unlessTooLarge(made: () => Scenario): Scenario | null {
  try {
    return made();
  } catch (error) {
    expect((error as Error).message).toMatch(/^guests: 1 guest of \S+ in all, want at most the /);
    return null;
  }
}

/** Whatever meets whatever: every instant is checked in full, and every nanosecond of every thread is accounted for. */
describe.each(Object.entries(MACHINES))('drawn files on %s', (machine, of) => {
  test('conserve time and memory under any policy, and give the same twice', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        fileOn(of),
        fc.constantFrom(...POLICIES),
        fc.integer({ min: 1, max: 1000 }),
        fc.constantFrom('id', 'seeded'),
        (file, policy, seed, ties) => {
          const words = { machine, policy, seed: String(seed), ties, duration: '25ms', 'host-noise': '1' };
          const scenario = unlessTooLarge(() => scenarioOf(file, words));
          fc.pre(scenario !== null);
          const recording = run(scenario);
          expect(['ok', 'deadlock', 'workload-error'], recording.message ?? '').toContain(recording.status);
          if (recording.status === 'workload-error') expect(recording.message).toMatch(/forks t\d more than \d+ times/);
          expectConserved(recording, scenario, policy);
          const [guest] = recording.guests;
          const sum = (value: (thread: NonNullable<typeof guest.threads>[number]) => number): number => guest!.threads!.reduce((total, thread) => total + value(thread), 0); // prettier-ignore
          expect([sum((t) => t.lifetimeNs), sum((t) => t.wakes), sum((t) => t.contextSwitches)]).toEqual([guest!.lifetimeNs, guest!.wakes, guest!.contextSwitches]); // prettier-ignore
          expect(run(scenario).hash).toBe(recording.hash);
        },
      ),
      { numRuns: Number(process.env.NUMALAB_RT_APP_RUNS ?? 12) },
    );
  });
});
