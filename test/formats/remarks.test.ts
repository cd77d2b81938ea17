import { expect, test } from 'vitest';
import { limitedRemarks } from '../../formats/remarks.ts';

test('what is said of several nodes is one remark, in the order of the first, and each other comes once', () => {
  const remarks = ['node 7 has 2 caches, 9 bytes', 'a Group', 'node 4 has 2 caches, 9 bytes', 'node 6 has 3 caches', 'a Group'];
  const far = ['Latency from node 5 to 2 is 0', 'Latency from node 3 to 2 is 0', 'Latency from node 3 to 4 is 0'];
  expect(limitedRemarks([...remarks, 'node 5 has 2 caches, 9 bytes', ...far])).toEqual([
    'each of nodes 4-5,7 has 2 caches, 9 bytes',
    'a Group',
    'node 6 has 3 caches',
    'Latency from each of nodes 3,5 to 2 is 0',
    'Latency from node 3 to 4 is 0',
  ]);
  expect(limitedRemarks(['a further matrix of distances (of node #): passed over'])).toEqual([
    'a further matrix of distances (of node #): passed over',
  ]);
});
