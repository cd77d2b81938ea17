import { expect, test } from 'vitest';
import { planOf, type RtAppPlan } from '../../../experiments/rt-app/plan.ts';
import { readRtApp } from '../../../formats/rt-app/rt-app.ts';

const plan = (tasks: object): RtAppPlan => planOf(readRtApp(JSON.stringify({ tasks })));
const repeated = (count: number, make: (i: number) => object): object =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, make(i)]));

test('threads with the same CPUs share one list, whether their task or a phase says it and in whatever order', () => {
  const { threads } = plan({
    a: { instance: 2, cpus: [3, 1], phases: { p: { run: 1 }, q: { run: 1, cpus: [1, 3] }, r: { run: 1, cpus: [2] } } },
  });
  const lists = threads.flatMap(({ phases }) => phases.map(({ cpus }) => cpus));
  expect(lists).toEqual([[1, 3], [1, 3], [2], [1, 3], [1, 3], [2]]);
  expect(new Set(lists).size).toBe(2);
});

test("a task's long list of CPUs is looked at once, not in each of its phases", () => {
  const { threads } = plan({ a: { cpus: Array.from({ length: 1024 }, (_, i) => i), phases: repeated(50_000, () => ({ run: 1 })) } });
  expect(new Set(threads[0]!.phases.map(({ cpus }) => cpus)).size).toBe(1); // within the time of a test
});

test('events of all threads are counted before they are numbered, those without a step too', () => {
  const nothing = repeated(1000, () => ({ mem: 0 }));
  expect(plan({ a: { instance: 2000, phases: nothing } }).threads).toHaveLength(2000);
  expect(() => plan({ a: { instance: 2001, phases: nothing } })).toThrow('tasks: more than 2000000 events of all threads, want fewer');
});

test('forks of forks are counted as far as there can be threads', () => {
  const chain = (length: number): object => ({ first: { loop: 1, fork: 'n0' }, ...repeated(length, (i) => ({ instance: 0, loop: 1, ...(i + 1 < length ? { fork: `n${i + 1}` } : { run: 1 }) })) }); // prettier-ignore
  expect(plan(chain(10)).forks.map(({ count }) => count)).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  const all = (count: number): object => ({ a: { loop: 1, ...Object.fromEntries(Array.from({ length: count }, (_, i) => [`fork${i}`, 'b'])) }, b: { instance: 0, loop: -1, fork: 'a' } }); // prettier-ignore
  expect(plan(all(3)).forks.map(({ count }) => count)).toEqual([1024, 1024]);
  expect(() => plan({ ...repeated(5, (i) => ({ loop: -1, fork: `n${(i + 1) % 5}` })) })).toThrow('more than 4096 threads'); // 5 and 5 times 1024
});

test('instances of a task share the steps that mean the same to each, and have timers, buffers and regions of their own', () => {
  const events = { lock: 'm', memrun1: { type: 'read', size: 700, count: 90, ref: 'all' }, timer1: { ref: 'tick', period: 7 }, timer2: { ref: 'unique', period: 9 }, mem: 300, memrun2: { type: 'write', size: 500, count: 80 }, unlock: 'm' }; // prettier-ignore
  const { threads, timers, regions } = plan({ a: { instance: 2, loop: 1, ...events } });
  const [first, second] = threads.map(({ phases }) => phases[0]!.steps);
  expect(first!.map((step, i) => step === second![i])).toEqual([true, true, true, false, false, false, true]);
  expect([first, second].map((steps) => steps!.flatMap((step) => (step.kind === 'timer' ? [step.timer] : [])))).toEqual([[0, 1], [0, 2]]); // prettier-ignore
  expect([first, second].map((steps) => steps!.flatMap((step) => (step.kind === 'memory' ? [step.region] : [])))).toEqual([[0, 1, 2], [0, 3, 4]]); // prettier-ignore
  expect([timers, regions]).toEqual([3, [700, 300, 500, 300, 500]]);
});
