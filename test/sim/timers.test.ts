import { expect, test } from 'vitest';
import { SimulatorError } from '../../sim/assert.ts';
import { below, namedStream } from '../../sim/random.ts';
import { Timers } from '../../sim/timers.ts';

function drain(timers: Timers): [number, number, number][] {
  const order: [number, number, number][] = [];
  while (timers.length > 0) {
    order.push([timers.nextTimeNs, timers.nextKind, timers.nextId]);
    timers.pop();
  }
  return order;
}

test('timers leave by time, then kind, then id, and never by when they came', () => {
  const timers = new Timers(8);
  timers.push(70, 0, 0);
  timers.push(40, 2, 1);
  timers.push(40, 1, 9);
  timers.push(40, 2, 0);
  timers.push(30, 5, 5);
  expect(drain(timers)).toEqual([
    [30, 5, 5],
    [40, 1, 9],
    [40, 2, 0],
    [40, 2, 1],
    [70, 0, 0],
  ]);
  expect(timers.nextTimeNs).toBe(Infinity);
});

test('the heap agrees with sorting, whatever comes and goes (200 seeds)', () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = namedStream(String(seed), 'timers', 0, 'test');
    const timers = new Timers(64);
    let waiting: [number, number, number][] = [];
    for (let step = 0; step < 120; step++) {
      if (waiting.length < 64 && random() < 0.6) {
        const timer: [number, number, number] = [below(random, 12), below(random, 6), step];
        waiting.push(timer);
        timers.push(...timer);
      } else if (waiting.length > 0) {
        waiting = waiting.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
        expect([timers.nextTimeNs, timers.nextKind, timers.nextId], `seed ${seed}, step ${step}`).toEqual(waiting.shift());
        timers.pop();
      }
    }
    expect(drain(timers), `seed ${seed}`).toEqual(waiting.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]));
  }
});

test('a time that is no whole nanosecond, and one timer too many, are faults of the simulator', () => {
  const timers = new Timers(1);
  for (const timeNs of [0.5, NaN, Infinity, 2 ** 53]) expect(() => timers.push(timeNs, 0, 0)).toThrow(SimulatorError);
  timers.push(1, 0, 0);
  expect(() => timers.push(2, 0, 0)).toThrow('more timers than entities');
});
