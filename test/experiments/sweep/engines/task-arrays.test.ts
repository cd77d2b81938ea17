import { expect, test } from 'vitest';
import { arraysOf, readTasks, tasksOf, tasksText } from '../../../../experiments/sweep/engines/task-arrays.ts';

test('eleven runs at three to a task make four tasks, the last of two', () => {
  expect(tasksOf([0, 1, 2, 4, 5, 7, 8, 9, 20, 30, 31], 3)).toEqual([
    [0, 1, 2],
    [4, 5, 7],
    [8, 9, 20],
    [30, 31],
  ]);
});

test.each([
  [5, [5, 5, 2]],
  [12, [12]],
  [13, [12]],
  [11, [11, 1]],
])('twelve tasks where MaxArraySize is %i make arrays of %j: task numbers end at one less', (maxArraySize, sizes) => {
  const tasks = tasksOf(
    Array.from({ length: 12 }, (_, index) => 3 * index),
    1,
  );
  const arrays = arraysOf(tasks, maxArraySize);
  expect(arrays.map((array) => array.length)).toEqual(sizes);
  expect(arrays.flat(2)).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33]);
});

test('nothing missing makes no task and no array', () => {
  expect(arraysOf(tasksOf([], 4), 1001)).toEqual([]);
});

test('tasks are read back from the lines, which sweep exec takes as they are', () => {
  const tasks = [[0, 1, 2], [17], [4, 9]];
  expect(tasksText(tasks)).toBe('0,1,2\n17\n4,9\n');
  expect(readTasks(tasksText(tasks))).toEqual(tasks);
});
