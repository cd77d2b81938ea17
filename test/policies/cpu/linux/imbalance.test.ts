import { describe, expect, test } from 'vitest';
import { buildDomains, type Domain } from '../../../../policies/cpu/linux/domains.ts';
import { BUSY, IDLE, Imbalance, MOVE_LOAD, MOVE_UTIL, MOVE_VCPUS } from '../../../../policies/cpu/linux/imbalance.ts';
import { RunQueues } from '../../../../policies/cpu/linux/run-queues.ts';
import type { CpuId } from '../../../../sim/units.ts';
import { fakeKernel } from '../../fake-kernel.ts';

interface Given {
  readonly nodeCpus: readonly number[];
  readonly threadsPerCore?: number;
  /** [cpu] vCPUs that run or wait; all of them always want to. */
  readonly nr: readonly number[];
  readonly load?: readonly number[];
  /** CPU that balances, and which of its domains: 0 is the smallest. */
  readonly cpu: number;
  readonly domain: number;
  readonly idle: number;
}

/** What is to be moved and from which CPU; null for balance. */
function found(given: Given): { kind: number; amount: number; from: number } | null {
  const k = fakeKernel({ ...given, guests: [] });
  const domains = buildDomains(k);
  const queues = new RunQueues(k);
  given.nr.forEach((count, cpu) => {
    queues.nr[cpu] = count;
    queues.load[cpu] = given.load?.[cpu] ?? 1024 * count;
    queues.runnable[cpu] = 1024 * count;
    queues.util[cpu] = count > 0 ? 1024 : 0;
  });
  let domain: Domain = domains.base[given.cpu]!;
  for (let i = 0; i < given.domain; i++) domain = domain.parent!;
  const imbalance = new Imbalance(queues, new Uint8Array(domains.groupCount));
  const left = new Uint8Array(k.cpuCount);
  const group = imbalance.find(k, given.cpu as CpuId, domain, given.idle, left);
  if (!group) return null;
  return { kind: imbalance.kind, amount: imbalance.amount, from: imbalance.findCpu(k, group, left) };
}

describe('between two nodes of six CPUs, for an idle CPU of the second', () => {
  const between = { nodeCpus: [6, 6], cpu: 6, domain: 1, idle: IDLE };

  test('seven on the first: its spare is filled by utilisation, from the CPU that has two', () => {
    expect(found({ ...between, nr: [1, 1, 1, 2, 1, 1, 0, 0, 0, 0, 0, 0] })).toEqual({ kind: MOVE_UTIL, amount: 6 * 1024, from: 3 });
  });

  test('six on the first, one here: half the difference of idle CPUs, 5 - 0', () => {
    expect(found({ ...between, nr: [1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0] })).toMatchObject({ kind: MOVE_VCPUS, amount: 2 });
  });

  test('four against none: two; three against one: one; two against two is balance', () => {
    expect(found({ ...between, nr: [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0] })).toMatchObject({ kind: MOVE_VCPUS, amount: 2 });
    expect(found({ ...between, nr: [1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0] })).toMatchObject({ amount: 1 });
    expect(found({ ...between, nr: [1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0] })).toBeNull();
  });

  test('four against three is let be: idle CPUs, 3 and 2, differ by no more than one', () => {
    expect(found({ ...between, nr: [1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0] })).toBeNull();
  });

  test('two against none is let be: they may belong together (imb_numa_nr 1, and one would run here)', () => {
    expect(found({ ...between, nr: [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] })).toBeNull();
  });

  test('one against none is never moved', () => {
    expect(found({ ...between, nr: [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0] })).toBeNull();
  });
});

test('on nodes of sixteen CPUs three may stay with one against them, where on nodes of six one of them would go', () => {
  const nr = [1, 1, 1, ...Array<number>(13).fill(0), 0, 1, ...Array<number>(14).fill(0)];
  expect(found({ nodeCpus: [16, 16], nr, cpu: 16, domain: 1, idle: IDLE })).toBeNull(); // imb_numa_nr 2
});

describe('between busy nodes', () => {
  const busy = { nodeCpus: [2, 2], cpu: 2, domain: 1, idle: BUSY };

  test('load goes from above the average to below it, no more than either is off', () => {
    // load a CPU: (5 + 4) / 2 = 4.5 and (2 + 2) / 2 = 2 vCPUs; the average 3.25; each is 1.25 off for two CPUs: 2.5 vCPUs
    expect(found({ ...busy, nr: [5, 4, 2, 2] })).toEqual({ kind: MOVE_LOAD, amount: 2.5 * 1024, from: 0 });
  });

  test('less than 17 % more is balance', () => {
    expect(found({ ...busy, nr: [4, 3, 3, 3] })).toBeNull(); // 3.5 over 3
    expect(found({ ...busy, nr: [4, 4, 3, 3] })).toMatchObject({ kind: MOVE_LOAD }); // 4 over 3
  });

  test('the more loaded one does not take', () => {
    expect(found({ ...busy, nr: [2, 2, 5, 4] })).toBeNull();
  });

  test('a CPU with a single vCPU does not give more load than is wanted', () => {
    // 6 and 4 CPU loads: average 5000 over 4000, half of 1000 each side for two CPUs: 1000; the one at 6000 is one vCPU
    expect(found({ ...busy, nr: [1, 4, 2, 3], load: [6000, 4000, 3000, 5000] })).toMatchObject({ amount: 1000, from: 1 });
  });

  test('a busy CPU takes nothing from a node that is not overloaded', () => {
    expect(found({ ...busy, nr: [1, 1, 1, 0] })).toBeNull();
  });
});

describe('within a node', () => {
  test('an idle CPU takes half the difference', () => {
    expect(found({ nodeCpus: [3], nr: [1, 5, 0], cpu: 2, domain: 0, idle: IDLE })).toEqual({ kind: MOVE_VCPUS, amount: 2, from: 1 });
  });

  test('a pair on one CPU is worth one move', () => {
    expect(found({ nodeCpus: [3], nr: [1, 2, 0], cpu: 2, domain: 0, idle: IDLE })).toEqual({ kind: MOVE_VCPUS, amount: 1, from: 1 });
  });

  test('two vCPUs on two threads of a core: one goes to an idle core, which is worth more than its cache', () => {
    const given = { nodeCpus: [4], threadsPerCore: 2, nr: [1, 1, 0, 0], cpu: 2, domain: 1, idle: IDLE };
    expect(found(given)).toMatchObject({ kind: MOVE_VCPUS, amount: 1 });
    expect(found({ ...given, nr: [1, 0, 0, 0] })).toBeNull();
  });
});

test('an empty machine is balanced', () => {
  expect(found({ nodeCpus: [2, 2], nr: [0, 0, 0, 0], cpu: 0, domain: 1, idle: IDLE })).toBeNull();
});
