import { describe, expect, test } from 'vitest';
import { courseOf, measuredNs, valueAfter } from '../../../experiments/compare/course.ts';
import type { Metric, Ran } from '../../../experiments/compare/metric.ts';
import { measuresOf } from '../recording-fixture.ts';

const metric: Metric = { name: 'throughput', unit: 'stares/s', isHigherBetter: true };

interface Drawn {
  readonly fromNs: number | null;
  readonly elapsedNs: number;
  /** Work done by the time, in all. */
  work(ns: number): number;
}

/** A run looked at every `everyNs` up to its end. */
function runOf(guests: readonly Drawn[], everyNs: number, endNs: number): Ran {
  const timesNs = [...Array.from({ length: Math.ceil(endNs / everyNs) }, (_, i) => i * everyNs), endNs];
  return {
    total: { elapsedNs: endNs },
    guests: guests.map(({ fromNs, elapsedNs, work }, i) => ({
      ...measuresOf(0),
      throughput: { value: fromNs === null ? 0 : ((work(fromNs + elapsedNs) - work(fromNs)) / elapsedNs) * 1e9, unit: 'stares/s' },
      elapsedNs,
      name: `vm${i}`,
      workload: 'stare',
      vcpus: 1,
      memoryBytes: 1,
      status: 'ok',
      bootNs: 0,
      figures: {},
      blocksByNode: [],
    })),
    timeline: {
      timesNs,
      guests: guests.map(({ fromNs, work }) => ({ measuredFromNs: fromNs, work: timesNs.map(work), nodeRunNs: [], nodeBlocks: [] })),
      resourceBytes: [],
    },
  };
}

/** 7 units before it is measured, from 300 ns on; then none for 100 ns, and 3 a nanosecond from 400 to 700. */
const late: Drawn = { fromNs: 300, elapsedNs: 400, work: (ns) => 7 * Math.min(1, ns / 300) + 3 * Math.max(0, Math.min(ns, 700) - 400) };
/** 2 units a nanosecond from 500 on, when it begins to be measured. */
const later: Drawn = { fromNs: 500, elapsedNs: 200, work: (ns) => 2 * Math.max(0, ns - 500) };

describe('a run of two guests that start one after the other', () => {
  const run = runOf([late, later], 20, 700);

  test('is worth what each does in its own time', () => {
    expect(valueAfter(run, metric, 0)).toBeCloseTo((900 / 400 + 400 / 200) * 1e9, 3);
  });

  test('after a cut each is measured from then on, or from its own start', () => {
    expect(valueAfter(run, metric, 100)).toBeCloseTo((900 / 300 + 400 / 200) * 1e9, 3); // from 400 on
    expect(valueAfter(run, metric, 300)).toBeCloseTo((300 / 100 + 200 / 100) * 1e9, 3); // from 600 on
    expect(valueAfter(run, metric, 400)).toBeNull(); // nothing is left
    expect(measuredNs(run, metric)).toBe(400); // from 300 to 700, however much came before
  });

  test('its course is in steps of a 200th of the stated duration, from the first guest that is measured', () => {
    const course = courseOf(run, metric, 400)!;
    expect(course.stepNs).toBe(2);
    expect(course.rates).toHaveLength(200);
    expect(course.rates[10]).toBe(0); // at 320
    expect(course.rates[60]).toBeCloseTo(3e9, 3); // at 420
    expect(course.rates[120]).toBeCloseTo(5e9, 3); // at 540
    expect(course.afterCut).toHaveLength(21); // batches of five steps, up to half of the run
    expect(course.afterCut[0]).toBeCloseTo(valueAfter(run, metric, 0)!, 3);
    expect(course.afterCut[10]).toBeCloseTo(valueAfter(run, metric, 100)!, 3);
  });
});

test('looked at every 30 ns, straight lines stand between, and the ends are exact', () => {
  const course = courseOf(runOf([late], 30, 700), metric, 400)!;
  expect(course.rates.reduce((sum, rate) => sum + rate * 2, 0) / 1e9).toBeCloseTo(900, 6);
  // Points at 390 and 420 have 0 and 60 units: 2 a nanosecond between.
  expect(course.rates[48]).toBeCloseTo(2e9, 3);
});

test('a guest that is gone by then adds nothing, one that never got as far neither', () => {
  const gone: Drawn = { fromNs: 300, elapsedNs: 50, work: (ns) => 4 * Math.max(0, Math.min(ns, 350) - 300) };
  const never: Drawn = { fromNs: null, elapsedNs: 0, work: () => 9 };
  const run = runOf([gone, late, never], 10, 700);
  expect(valueAfter(run, metric, 0)).toBeCloseTo((200 / 50 + 900 / 400) * 1e9, 3);
  expect(valueAfter(run, metric, 100)).toBeCloseTo(3e9, 3);
});

describe('of guests whose work ends by itself', () => {
  // 4 units a nanosecond for 50 ns, then it is done: all of it lies before any cut.
  const done: Drawn = { fromNs: 300, elapsedNs: 50, work: (ns) => 4 * Math.max(0, Math.min(ns, 350) - 300) };
  const run = runOf([done, late], 10, 700);

  test('nothing is cut, whatever is cut of the others', () => {
    expect(valueAfter(run, metric, 100, [true, false])).toBeCloseTo(4e9 + 3e9, 3); // late from 400 on: 900 in 300 ns
    expect(courseOf(run, metric, 400, [true, false])!.afterCut[10]).toBeCloseTo(7e9, 3);
  });

  test('nothing is looked at to find the cut', () => {
    expect(courseOf(run, metric, 400, [true, false])!.rates).toEqual(courseOf(runOf([late], 10, 700), metric, 400)!.rates);
    expect(courseOf(run, metric, 400, [true, true])).toBeNull();
  });
});

test('without a timeline there is no course', () => {
  const run = { ...runOf([late], 10, 700), timeline: null };
  expect([courseOf(run, metric, 400), valueAfter(run, metric, 5)]).toEqual([null, null]);
});
