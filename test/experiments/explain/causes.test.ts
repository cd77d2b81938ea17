import { expect, test } from 'vitest';
import { compareCauses } from '../../../experiments/explain/causes.ts';
import type { Recording } from '../../../sim/recording.ts';
import { measuresOf } from '../recording-fixture.ts';

type Run = Pick<Recording, 'guests'>;
type Causes = Parameters<typeof measuresOf>[1];

/** A guest that did so much work in its 2 s. */
const guest = (name: string, unit: string, work: number, causes: Causes): Run['guests'][number] =>
  ({ ...measuresOf(0, causes), name, throughput: { value: work / 2, unit } }) as Run['guests'][number];

test('time is told for as much work as A did, by the unit in which guests count', () => {
  const a: Run = {
    guests: [
      guest('web', 'requests/s', 30, { compute: 500, distance: 90, waitHost: 7 }),
      guest('db', 'GB/s', 4, { memoryLocal: 1000, queueLink: 30 }),
      guest('app', 'requests/s', 10, { compute: 200, distance: 3 }),
    ],
  };
  const b: Run = {
    guests: [
      guest('web', 'requests/s', 15, { compute: 300, distance: 11 }),
      guest('db', 'GB/s', 5, { memoryLocal: 1300, distance: 40 }),
      guest('app', 'requests/s', 5, { compute: 50, blocked: 8 }),
    ],
  };
  expect(compareCauses(a, b)).toEqual([
    {
      unit: 'requests/s',
      guests: ['web', 'app'],
      aWork: 40,
      bWork: 20,
      // B did half the work: its time counts twice
      aNs: 500 + 200 + 90 + 3 + 7,
      bNs: 2 * (300 + 50 + 11 + 8),
      causes: [
        { cause: 'compute', aNs: 700, bNs: 700 },
        { cause: 'distance', aNs: 93, bNs: 22 },
        { cause: 'waitHost', aNs: 7, bNs: 0 },
        { cause: 'blocked', aNs: 0, bNs: 16 },
      ],
    },
    {
      unit: 'GB/s',
      guests: ['db'],
      aWork: 4,
      bWork: 5,
      aNs: 1030,
      bNs: 1072, // 4/5 of 1340
      causes: [
        { cause: 'memoryLocal', aNs: 1000, bNs: 1040 },
        { cause: 'distance', aNs: 0, bNs: 32 },
        { cause: 'queueLink', aNs: 30, bNs: 0 },
      ],
    },
  ]);
});

test('whole nanoseconds sum to what is told of all, whatever the work', () => {
  // B did 7 thirds of the work: 3/7 of each cause
  const a: Run = { guests: [guest('a', 'jobs/s', 3, { compute: 100, distance: 10, spin: 1 })] };
  const b: Run = { guests: [guest('a', 'jobs/s', 7, { compute: 101, distance: 10, spin: 2 })] };
  const [group] = compareCauses(a, b);
  // 43.29, 4.29 and 0.86 sum to 48.43, told as 48
  expect(group!.bNs).toBe(48);
  expect(group!.causes.map(({ bNs }) => bNs)).toEqual([43, 4, 1]);
});

test('a group that got nothing done under one of them is left out', () => {
  const some: Run = { guests: [guest('a', 'jobs/s', 3, { compute: 100 })] };
  const none: Run = { guests: [guest('a', 'jobs/s', 0, { waitHost: 100 })] };
  expect(compareCauses(some, none)).toEqual([]);
  expect(compareCauses(none, some)).toEqual([]);
});
