import { expect, test } from 'vitest';
import { editDistance, nearestName } from '../../experiments/nearest-name.ts';

test.each([
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
  ['abc', '', 3],
  ['apart', 'apart', 0],
  ['aprat', 'apart', 1], // neighbours swapped
  ['ca', 'abc', 3], // no edit inside a swapped pair
])('from "%s" to "%s" it is %d edits', (a, b, edits) => {
  expect(editDistance(a, b)).toBe(edits);
});

test('the nearest name is found in any case, the first of equals, and only when it is near', () => {
  expect(nearestName('KVM-numctl', ['kvm-unpinned', 'kvm-numactl'])).toBe('kvm-numactl');
  expect(nearestName('bat', ['cat', 'rat'])).toBe('cat');
  expect(nearestName('x', ['id', 'seeded'])).toBeNull();
  expect(nearestName('kernbench', ['stream'])).toBeNull();
});
