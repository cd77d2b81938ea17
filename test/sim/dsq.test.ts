import { expect, test } from 'vitest';
import { SimulatorError } from '../../sim/assert.ts';
import { DispatchQueues } from '../../sim/dsq.ts';
import { below, namedStream } from '../../sim/random.ts';

function members(queues: DispatchQueues, queue: number): number[] {
  const found: number[] = [];
  for (let vcpu = queues.first(queue); vcpu !== -1; vcpu = queues.next[vcpu]!) found.push(vcpu);
  return found;
}

test('a FIFO queue keeps the order of arrival, but for what is put at its head', () => {
  const queues = new DispatchQueues(5, 2);
  for (const vcpu of [3, 1, 4]) queues.insertFifo(vcpu, 1, false);
  queues.insertFifo(0, 1, true);
  expect(members(queues, 1)).toEqual([0, 3, 1, 4]);
  queues.remove(1);
  queues.remove(0);
  queues.insertFifo(1, 1, false);
  expect(members(queues, 1)).toEqual([3, 4, 1]);
  expect(queues.count(1)).toBe(3);
  expect(members(queues, 0)).toEqual([]);
});

test('a queue by virtual time has the least first, and equals in order of arrival', () => {
  const queues = new DispatchQueues(6, 1);
  const vtimes = [7, 3, 7, -2, 3, 9];
  vtimes.forEach((vtime, vcpu) => queues.insertByVtime(vcpu, 0, vtime));
  expect(members(queues, 0)).toEqual([3, 1, 4, 0, 2, 5]);
});

test('queues agree with arrays, whatever comes and goes (100 seeds)', () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = namedStream(String(seed), 'dsq', 0, 'test');
    const queues = new DispatchQueues(12, 2);
    queues.grow(3);
    const fifo: number[][] = [[], []];
    let byVtime: { vcpu: number; vtime: number }[] = [];
    for (let step = 0; step < 200; step++) {
      const vcpu = below(random, 12);
      if (queues.queueOf[vcpu]! >= 0) {
        queues.remove(vcpu);
        for (const list of fifo) if (list.includes(vcpu)) list.splice(list.indexOf(vcpu), 1);
        byVtime = byVtime.filter((other) => other.vcpu !== vcpu);
      } else if (random() < 0.5) {
        const queue = below(random, 2);
        const atHead = random() < 0.3;
        queues.insertFifo(vcpu, queue, atHead);
        if (atHead) fifo[queue]!.unshift(vcpu);
        else fifo[queue]!.push(vcpu);
      } else {
        const vtime = below(random, 5);
        queues.insertByVtime(vcpu, 2, vtime);
        byVtime.push({ vcpu, vtime });
        byVtime.sort((a, b) => a.vtime - b.vtime); // stable
      }
      expect(
        [0, 1, 2].map((queue) => members(queues, queue)),
        `seed ${seed}, step ${step}`,
      ).toEqual([...fifo, byVtime.map((other) => other.vcpu)]);
      expect([0, 1, 2].map((queue) => queues.count(queue))).toEqual([fifo[0]!.length, fifo[1]!.length, byVtime.length]);
    }
  }
});

test('a vCPU is in one queue at most', () => {
  const queues = new DispatchQueues(2, 2);
  queues.insertFifo(1, 0, false);
  expect(() => queues.insertFifo(1, 1, false)).toThrow(SimulatorError);
  expect(() => queues.remove(0)).toThrow(SimulatorError);
});
