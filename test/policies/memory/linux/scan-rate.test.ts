import { expect, test } from 'vitest';
import { periodChangeMs } from '../../../../policies/memory/linux/scan-rate.ts';

// A period of 125 ms has slots of 13 ms (12.5, up). Shares in tenths, down.
test.each([
  // local, remote, private, shared, slots
  [0, 17, 17, 0, 3], //   all private: 10 - 7
  [0, 100, 83, 17, 1], //  8 tenths private: 8 - 7
  [0, 100, 79, 21, 1], //  7 tenths private are enough, for one slot
  [100, 0, 75, 25, 1], //  and count before what is local
  [100, 0, 69, 31, 3], //  6 tenths private are not; all local: 10 - 7
  [91, 9, 0, 100, 2], //   9 tenths local
  [70, 30, 31, 69, 1], //  7 tenths local
  [69, 31, 20, 80, -1], // 6 local, 2 private: -(7 - 6)
  [12, 88, 55, 45, -2], // 1 local, 5 private
  [3, 97, 9, 91, -7], //   0 and 0
])('%i local, %i remote, %i private, %i shared: %i slots', (local, remote, privates, shared, slots) => {
  expect(periodChangeMs(125, local, remote, privates, shared)).toBe(13 * slots + 0);
});
